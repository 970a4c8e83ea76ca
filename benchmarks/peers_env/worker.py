# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs in the environment of the peers, never in ours: skeletor (GPL-3) and Blender's bpy (GPL) work on a mesh from a file.

    python worker.py skeletor|bone_heat IN.npz OUT.npz

IN holds ``vertices`` (V, 3), ``faces`` (F, 3) and, for bone_heat, ``joints`` and ``tails`` (J, 3), ``parents`` (J,) and ``moves``
(J,), which of them may carry skin. OUT gets ``points`` (N, 3) and ``edges`` (E, 2), or ``weights`` (V, J).
"""

import sys
from typing import Any

import numpy as np


def main() -> None:
    """Read, work, write."""
    what, source, target = sys.argv[1:4]
    with np.load(source) as data:
        arrays: dict[str, Any] = {name: data[name] for name in data.files}
    np.savez(target, **(curve(arrays) if what == "skeletor" else bone_heat(arrays)))


def curve(arrays: dict[str, Any]) -> dict[str, Any]:
    """skeletor's wavefront skeleton of the mesh."""
    import skeletor
    import trimesh

    mesh = trimesh.Trimesh(arrays["vertices"], arrays["faces"], process=True)
    found = skeletor.skeletonize.by_wavefront(mesh, waves=1, step_size=1, progress=False)
    return {"points": np.asarray(found.vertices), "edges": np.asarray(found.edges)}


def bone_heat(arrays: dict[str, Any]) -> dict[str, Any]:
    """Blender's automatic weights ("bone heat") of an armature of the same joints."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = bpy.data.meshes.new("mesh")
    mesh.from_pydata(arrays["vertices"].tolist(), [], arrays["faces"].tolist())
    body = bpy.data.objects.new("body", mesh)
    skeleton = bpy.data.objects.new("skeleton", bpy.data.armatures.new("skeleton"))
    for thing in (body, skeleton):
        bpy.context.collection.objects.link(thing)
    bpy.context.view_layer.objects.active = skeleton
    bpy.ops.object.mode_set(mode="EDIT")
    bones = skeleton.data.edit_bones
    for place, (head, tail, parent) in enumerate(zip(arrays["joints"], arrays["tails"], arrays["parents"], strict=True)):
        bone = bones.new(f"b{place}")
        bone.head, bone.tail = head.tolist(), tail.tolist()
        bone.use_deform = bool(arrays["moves"][place])
        if parent >= 0:
            bone.parent = bones[f"b{parent}"]
    bpy.ops.object.mode_set(mode="OBJECT")
    body.select_set(True)
    skeleton.select_set(True)
    bpy.context.view_layer.objects.active = skeleton
    bpy.ops.object.parent_set(type="ARMATURE_AUTO")
    weights = np.zeros((len(arrays["vertices"]), len(arrays["joints"])), np.float32)
    names = {group.index: int(group.name[1:]) for group in body.vertex_groups}
    for vertex in body.data.vertices:
        for group in vertex.groups:
            weights[vertex.index, names[group.group]] = group.weight
    return {"weights": weights}


if __name__ == "__main__":
    main()
