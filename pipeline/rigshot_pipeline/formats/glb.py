"""glTF 2.0 as one binary file (GLB): skin, clips and the texture embedded.

Written by hand, since glTF is JSON beside one buffer: a library of dataclasses for the JSON (pygltflib: 0.15 s of
import, two more packages) would leave all that is below still to be done.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..asset import Asset, Clip, Floats, Rig
from .naming import object_name, object_names
from .packing import influences, surface
from .texture import EncodedTexture, encode_texture

__all__ = ["write_glb"]

_COMPONENTS = {"float32": 5126, "uint8": 5121, "uint16": 5123, "uint32": 5125}
_VERTEX_DATA, _INDEX_DATA = 34962, 34963
_NEAREST, _LINEAR, _NEAREST_MIPMAP_LINEAR, _LINEAR_MIPMAP_LINEAR, _CLAMP = 9728, 9729, 9986, 9987, 33071

_ROUGHNESS = 0.85
"""Fur and cloth: a soft sheen at grazing light, no highlights that the photo did not have."""


def write_glb(asset: Asset, path: Path, *, texture: EncodedTexture | None = None) -> None:
    """Write ``asset`` to ``path``; ``texture`` is its albedo if that is encoded already.

    The scene's roots are the skinned mesh and the root joint; one metre is one unit. Raises ValueError for an
    asset without normals, uv or weights, or with numbers that are not finite.
    """
    texture = texture or encode_texture(asset.albedo, lossless=asset.nearest)
    buffer = _Buffer()
    name = object_name(asset.name, default="model")
    joints = object_names(asset.rig.names, default="joint")
    document: dict[str, Any] = {
        "asset": _about(asset),
        "scene": 0,
        "scenes": [{"name": name, "nodes": [0, 1]}],
        "nodes": [{"name": name, "mesh": 0, "skin": 0}, *_joint_nodes(asset.rig, joints)],
        "meshes": [{"name": name, "primitives": [_primitive(asset, buffer)]}],
        "skins": [_skin(asset.rig, buffer)],
        "materials": [_material(name)],
        "textures": [{"sampler": 0, "source": 0}],
        "samplers": [_sampler(nearest=asset.nearest)],
        "images": [{"name": name, "mimeType": texture.mime, "bufferView": buffer.view(texture.data)}],
    }
    if asset.clips:
        titles = object_names((clip.name for clip in asset.clips), default="clip")
        document["animations"] = [_animation(asset.rig, clip, title, buffer) for clip, title in zip(asset.clips, titles, strict=True)]
    document |= {"accessors": buffer.accessors, "bufferViews": buffer.views, "buffers": [{"byteLength": len(buffer.data)}]}
    path.write_bytes(_container(document, bytes(buffer.data)))


@dataclass
class _Buffer:
    """The file's binary chunk as it grows, with the views and accessors into it."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    accessors: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    _keys: int | None = None

    def view(self, content: bytes, target: int | None = None) -> int:
        view: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        if target is not None:
            view["target"] = target
        self.views.append(view)
        self.data += content
        self.data += bytes(-len(self.data) % 4)
        return len(self.views) - 1

    def array(self, array: NDArray[Any], kind: str, *, target: int | None = None, bounds: bool = False) -> int:
        """An accessor with a view of its own."""
        return self._accessor(array, kind, self.view(array.tobytes(), target), bounds=bounds)

    def keys(self, array: Floats, kind: str, *, bounds: bool = False) -> int:
        """An accessor into the view of all keyframes, which stays the buffer's last."""
        if self._keys is None:
            self._keys = self.view(b"")
        view = self.views[self._keys]
        offset = view["byteLength"]
        view["byteLength"] += array.nbytes
        self.data += array.tobytes()
        return self._accessor(array, kind, self._keys, offset=offset, bounds=bounds)

    def _accessor(self, array: NDArray[Any], kind: str, view: int, *, offset: int = 0, bounds: bool) -> int:
        component = _COMPONENTS[array.dtype.name]
        accessor: dict[str, Any] = {"bufferView": view, "componentType": component, "count": len(array), "type": kind}
        if offset:
            accessor["byteOffset"] = offset
        if bounds:
            accessor |= {"min": np.atleast_1d(array.min(0)).tolist(), "max": np.atleast_1d(array.max(0)).tolist()}
        self.accessors.append(accessor)
        return len(self.accessors) - 1


def _about(asset: Asset) -> dict[str, Any]:
    about: dict[str, Any] = {"version": "2.0", "generator": f"Rigshot {__version__}"}
    if asset.licences:
        about["copyright"] = " ".join(asset.licences)
    about["extras"] = {"rigshot": {"version": __version__, "licences": list(asset.licences)}}
    return about


def _joint_nodes(rig: Rig, names: Sequence[str]) -> list[dict[str, Any]]:
    # the joints follow the mesh, which is node 0: panda3d finds a skinned mesh only as the first root
    nodes: list[dict[str, Any]] = []
    for joint, (name, parent) in enumerate(zip(names, rig.parents, strict=True)):
        base = rig.joints[parent] if parent >= 0 else np.zeros(3, np.float32)
        node: dict[str, Any] = {"name": name, "translation": (rig.joints[joint] - base).tolist()}
        children = np.flatnonzero(rig.parents == joint)
        if len(children):
            node["children"] = (children + 1).tolist()
        nodes.append(node)
    return nodes


def _primitive(asset: Asset, buffer: _Buffer) -> dict[str, Any]:
    mesh = surface(asset)
    bound = influences(mesh.weights)
    joints = bound.joints.astype(np.uint8 if len(asset.rig.names) <= 256 else np.uint16)
    # the highest index of a type restarts a strip, so that a file may not use it
    indices = mesh.faces.reshape(-1).astype(np.uint16 if len(mesh.vertices) < 65535 else np.uint32)
    return {
        "attributes": {
            "POSITION": buffer.array(mesh.vertices, "VEC3", target=_VERTEX_DATA, bounds=True),
            "NORMAL": buffer.array(mesh.normals, "VEC3", target=_VERTEX_DATA),
            "TEXCOORD_0": buffer.array(mesh.uv, "VEC2", target=_VERTEX_DATA),
            "JOINTS_0": buffer.array(joints, "VEC4", target=_VERTEX_DATA),
            "WEIGHTS_0": buffer.array(bound.weights, "VEC4", target=_VERTEX_DATA),
        },
        "indices": buffer.array(indices, "SCALAR", target=_INDEX_DATA),
        "material": 0,
    }


def _skin(rig: Rig, buffer: _Buffer) -> dict[str, Any]:
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(rig.names), 1, 1))
    inverse[:, 3, :3] = -rig.joints  # columns stand one after another in the file, so that this is the transpose
    return {
        "name": "Armature",  # Blender calls the object with the bones so, and Unreal knows not to take it for a bone
        "inverseBindMatrices": buffer.array(inverse.reshape(-1, 16), "MAT4"),
        "joints": list(range(1, len(rig.names) + 1)),
        "skeleton": 1,
    }


def _material(name: str) -> dict[str, Any]:
    surface_look = {"baseColorTexture": {"index": 0}, "metallicFactor": 0, "roughnessFactor": _ROUGHNESS}
    return {"name": name, "pbrMetallicRoughness": surface_look}


def _sampler(*, nearest: bool) -> dict[str, int]:
    near, far = (_NEAREST, _NEAREST_MIPMAP_LINEAR) if nearest else (_LINEAR, _LINEAR_MIPMAP_LINEAR)
    return {"magFilter": near, "minFilter": far, "wrapS": _CLAMP, "wrapT": _CLAMP}


def _animation(rig: Rig, clip: Clip, title: str, buffer: _Buffer) -> dict[str, Any]:
    """All joints take part, also those that rest: a program that changes clips then leaves none in its old pose."""
    track = _Track(clip.times, buffer)
    channels = [track.channel(0, "translation", rig.joints[0] + clip.root_offset)]
    channels += [track.channel(joint, "rotation", turns) for joint, turns in enumerate(_unit_quaternions(clip.rotations))]
    return {"name": title, "channels": channels, "samplers": track.samplers, "extras": {"loop": clip.loop}}


class _Track:
    """The samplers of one clip; what does not move takes a single key."""

    def __init__(self, times: Floats, buffer: _Buffer) -> None:
        self.samplers: list[dict[str, int]] = []
        self._times = times
        self._buffer = buffer
        self._inputs: dict[int, int] = {}

    def channel(self, joint: int, path: Literal["translation", "rotation"], values: Floats) -> dict[str, Any]:
        if (values == values[0]).all():
            values = values[:1]
        output = self._buffer.keys(values, "VEC4" if path == "rotation" else "VEC3")
        self.samplers.append({"input": self._input(len(values)), "output": output})
        return {"sampler": len(self.samplers) - 1, "target": {"node": joint + 1, "path": path}}

    def _input(self, count: int) -> int:
        if count not in self._inputs:
            self._inputs[count] = self._buffer.keys(self._times[:count], "SCALAR", bounds=True)
        return self._inputs[count]


def _unit_quaternions(rotations: Floats) -> Floats:
    """Rotations (K, J, 4) as unit quaternions (J, K, 4), every key on the half of the sphere of the key before it.

    Viewers that blend the numbers without looking for the shorter way take it then all the same.
    """
    flips = np.ones(rotations.shape[:2], np.float32)
    flips[1:] = np.where(np.sum(rotations[1:] * rotations[:-1], -1) < 0, -1, 1)
    unit = rotations / np.linalg.norm(rotations, axis=-1, keepdims=True) * np.cumprod(flips, 0)[..., None]
    turned: Floats = np.ascontiguousarray(unit.swapaxes(0, 1), np.float32)
    return turned


def _container(document: Mapping[str, Any], binary: bytes) -> bytes:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(binary), 0x004E4942) + binary
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks
