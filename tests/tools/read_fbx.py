"""What ufbx, an independent reader, finds in an FBX file: JSON on stdout, arrays in an NPZ.

    python read_fbx.py FILE.fbx OUT.npz TIME…

A process of its own for every file and every list read only once: ufbx 0.0.5 crashes when elements are asked for again.
"""

import hashlib
import json
import os
import sys
from typing import Any

import numpy as np
import ufbx


def main(source: str, target: str, *times: str) -> None:
    scene = ufbx.load_file(source)
    nodes = list(scene.nodes)
    clusters = list(scene.skin_clusters)
    mesh = next(iter(scene.meshes))
    video = next(iter(scene.videos))
    material = next(iter(scene.materials))
    texture = material.fbx.diffuse_color.texture
    stacks = list(scene.anim_stacks)
    warnings = [str(warning.description) for warning in scene.metadata.warnings]
    findings = {
        "version": scene.metadata.version,
        "creator": scene.metadata.creator,
        "warnings": warnings,
        "unit_meters": scene.settings.unit_meters,
        "axes": [int(axis) for axis in (scene.settings.axes.right, scene.settings.axes.up, scene.settings.axes.front)],
        "nodes": [
            {"name": node.name, "parent": node.parent.name if node.parent else None, "bone": node.bone is not None} for node in nodes
        ],
        "clusters": [cluster.bone_node.name for cluster in clusters],
        "stacks": [{"name": stack.name, "begin": stack.time_begin, "end": stack.time_end} for stack in stacks],
        "bind_poses": sum(pose.is_bind_pose for pose in scene.poses),
        "texture": {"name": video.relative_filename, "sha256": hashlib.sha256(video.content).hexdigest(), "linked": texture is not None},
        "faces": mesh.num_faces,
        "points": mesh.num_vertices,
        "curves": len(scene.anim_curves),
        "roughness": material.pbr.roughness.value_vec4.x,
    }
    np.savez(target, **_arrays(scene, mesh, clusters, nodes), **_poses(scene, stacks, [float(time) for time in times]))
    sys.stdout.write(json.dumps(findings) + "\n")
    sys.stdout.flush()
    os._exit(0)  # taking the scene apart crashes, too


def _arrays(scene: Any, mesh: Any, clusters: list[Any], nodes: list[Any]) -> dict[str, Any]:
    weights = np.zeros((mesh.num_vertices, len(clusters)))
    for column, cluster in enumerate(clusters):
        weights[list(cluster.vertices), column] = list(cluster.weights)
    uv, normal = mesh.vertex_uv, mesh.vertex_normal
    return {
        "vertices": np.array([tuple(point) for point in mesh.vertices]),
        "corners": np.array(list(mesh.vertex_indices)),
        "uv": np.array([tuple(value) for value in uv.values])[list(uv.indices)],
        "normals": np.array([tuple(value) for value in normal.values])[list(normal.indices)],
        "weights": weights,
        "bind": np.array([tuple(cluster.bind_to_world.c3) for cluster in clusters]),
        "joints": np.array([tuple(node.node_to_world.c3) for node in nodes]),
    }


def _poses(scene: Any, stacks: list[Any], times: list[float]) -> dict[str, Any]:
    poses = {}
    for place, stack in enumerate(stacks):
        anim = stack.anim
        for time in times:
            posed = scene.evaluate(anim, time, evaluate_skinning=True)
            mesh = next(iter(posed.meshes))
            poses[f"pose_{place}_{time}"] = np.array([tuple(point) for point in mesh.skinned_position.values])
    return poses


if __name__ == "__main__":
    main(*sys.argv[1:])
