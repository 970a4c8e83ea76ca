"""Blender's scene after an import: what is in it, how it moves, how it looks."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from rigshot_env import BadInput

__all__ = ["describe", "open_model", "render", "save_blend", "save_vertices"]

_PICTURE_SIZE = 512
_SAMPLES = 32


def open_model(path: Path, *, native: bool) -> None:
    """Import a GLB or FBX into an empty scene, with the importer's own settings, as a person would."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    suffix = path.suffix.lower()
    try:
        if suffix in (".glb", ".gltf"):
            bpy.ops.import_scene.gltf(filepath=str(path))
        elif suffix == ".fbx" and native:
            bpy.ops.wm.fbx_import(filepath=str(path))
        elif suffix == ".fbx":
            bpy.ops.import_scene.fbx(filepath=str(path))
        else:
            raise BadInput(f"neither GLB nor FBX: {path.name}")
    except RuntimeError as error:  # how Blender's operators say that they gave up
        raise BadInput(f"Blender could not read {path.name}: {error}") from error


def describe() -> dict[str, Any]:
    """Everything that must have survived, in words and numbers that JSON can hold."""
    return {
        "blender": bpy.app.version_string,
        "frames_per_second": bpy.context.scene.render.fps / bpy.context.scene.render.fps_base,
        "meshes": [_describe_mesh(thing) for thing in _objects("MESH")],
        "armatures": [_describe_armature(thing) for thing in _objects("ARMATURE")],
        "actions": [{"name": action.name, "range": list(action.frame_range)} for action in bpy.data.actions],
        "images": [_describe_image(image) for image in bpy.data.images if image.size[0]],
    }


def save_vertices(path: Path, poses: Sequence[Mapping[str, Any]]) -> None:
    """Write the skinned mesh's vertices in the world, at rest and in every pose."""
    armature = _skinned()[1].data
    armature.pose_position = "REST"
    arrays = {"rest": _evaluated()}
    armature.pose_position = "POSE"
    for place, pose in enumerate(poses):
        _strike(pose)
        arrays[f"pose_{place}"] = _evaluated()
    np.savez(path, **arrays)


def save_blend(path: Path) -> None:
    """Write the scene as a .blend with its pictures inside."""
    bpy.ops.file.pack_all()
    bpy.ops.wm.save_as_mainfile(filepath=str(path.absolute()), compress=True)


def render(path: Path, pose: Mapping[str, Any] | None) -> None:
    """Render the subject from the front and its left with Cycles, which needs no graphics card."""
    if pose is not None:
        _strike(pose)
    scene = bpy.context.scene
    vertices = _evaluated()
    centre = Vector((vertices.min(0) + vertices.max(0)) / 2)
    size = float(np.ptp(vertices, axis=0).max())
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.location = centre + Vector((0.9, -1.6, 0.6)).normalized() * 3 * size
    camera.rotation_euler = (centre - camera.location).to_track_quat("-Z", "Y").to_euler()
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.rotation_euler, sun.data.energy = (0.7, 0.2, 0.5), 3.0
    for thing in (camera, sun):
        scene.collection.objects.link(thing)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("world")
    scene.world.color = (0.6, 0.6, 0.6)
    scene.render.engine = "CYCLES"
    scene.cycles.samples = _SAMPLES
    scene.render.resolution_x = scene.render.resolution_y = _PICTURE_SIZE
    scene.render.filepath = str(path.absolute())
    bpy.ops.render.render(write_still=True)


def _objects(kind: str) -> list[Any]:
    """The scene's objects of a kind, without the balls that the glTF importer draws bones as."""
    shapes = {bone.custom_shape for thing in bpy.data.objects if thing.pose for bone in thing.pose.bones}
    return [thing for thing in bpy.context.scene.objects if thing.type == kind and thing not in shapes]


def _skinned() -> tuple[Any, Any]:
    """The skinned mesh and its armature."""
    for thing in _objects("MESH"):
        for modifier in thing.modifiers:
            if modifier.type == "ARMATURE" and modifier.object is not None:
                return thing, modifier.object
    raise BadInput("no mesh in the file is bound to an armature")


def _describe_mesh(thing: Any) -> dict[str, Any]:
    mesh = thing.data
    return {
        "name": thing.name,
        "vertices": len(mesh.vertices),
        "faces": len(mesh.polygons),
        "uv_maps": [layer.name for layer in mesh.uv_layers],
        "groups": [group.name for group in thing.vertex_groups],
        "scale": list(thing.matrix_world.to_scale()),
        "textured": any(_base_colour(slot.material) for slot in thing.material_slots),
    }


def _base_colour(material: Any) -> bool:
    if material is None or not material.use_nodes:
        return False
    shaders = [node for node in material.node_tree.nodes if node.type == "BSDF_PRINCIPLED"]
    return any(link.from_node.type == "TEX_IMAGE" for shader in shaders for link in shader.inputs["Base Color"].links)


def _describe_armature(thing: Any) -> dict[str, Any]:
    bones = [
        {
            "name": bone.name,
            "parent": bone.parent.name if bone.parent else None,
            "head": list(thing.matrix_world @ bone.head_local),
        }
        for bone in thing.data.bones
    ]
    return {"name": thing.name, "scale": list(thing.matrix_world.to_scale()), "bones": bones}


def _describe_image(image: Any) -> dict[str, Any]:
    packed = image.packed_file
    return {"name": image.name, "size": list(image.size), "bytes": len(packed.data) if packed else 0}


def _strike(pose: Mapping[str, Any]) -> None:
    """Put the scene into a clip's pose. An importer may add names and numbers around a clip's own name."""
    _, armature = _skinned()
    clip = pose["clip"]
    found = [action for action in bpy.data.actions if clip in action.name.split("|") or action.name.startswith(clip)]
    if not found:
        raise BadInput(f"no action is called {clip!r}, only {', '.join(action.name for action in bpy.data.actions)}")
    data = armature.animation_data or armature.animation_data_create()
    for track in data.nla_tracks:
        track.mute = True
    data.action = found[0]
    if data.action_suitable_slots:
        data.action_slot = data.action_suitable_slots[0]
    frames_per_second = bpy.context.scene.render.fps / bpy.context.scene.render.fps_base
    frame = found[0].frame_range[0] + pose["seconds"] * frames_per_second
    bpy.context.scene.frame_set(int(frame // 1), subframe=frame % 1)


def _evaluated() -> Any:
    thing, _ = _skinned()
    evaluated = thing.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    matrix = np.array(evaluated.matrix_world)
    evaluated.to_mesh_clear()
    return points.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3]
