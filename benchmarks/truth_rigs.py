"""Reads the rigged GLB animals of ../shared/data/gt_rig as posed, coloured triangles with their joints.

trimesh loads the triangles but not skins: a skinned mesh stands where its joints put it, so this small reader poses it.
"""

import io
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["TruthRig", "load_truth"]

_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class TruthRig:
    """``vertices`` (V, 3) with the longest extent 1, ground at y = 0, centred; ``colours`` (V, 3) sRGB; ``joints`` name -> (3,)."""

    vertices: Array
    faces: NDArray[np.int32]
    colours: NDArray[np.uint8]
    joints: dict[str, Array]


def load_truth(path: Path, *, clip: str | None = None, seconds: float = 0.0) -> TruthRig:
    """Read ``path``; with ``clip`` (a part of its name) posed as that animation at a time, else at rest."""
    glb = _Glb(path)
    glb.pose(clip, seconds)
    vertices, faces, colours, joints = glb.gather()
    low, high = vertices.min(0), vertices.max(0)
    scale, base = 1 / float((high - low).max()), np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    return TruthRig(
        vertices=(vertices - base) * scale,
        faces=faces,
        colours=colours,
        joints={name: (place - base) * scale for name, place in joints.items()},
    )


class _Glb:
    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        length = struct.unpack("<I", data[12:16])[0]
        self.words: dict[str, Any] = json.loads(data[20 : 20 + length])
        self.binary = data[28 + length :]
        self.nodes = [dict(node) for node in self.words["nodes"]]

    def accessor(self, index: int) -> Array:
        row = self.words["accessors"][index]
        view = self.words["bufferViews"][row["bufferView"]]
        kind, width = np.dtype(_COMPONENTS[row["componentType"]]), _WIDTHS[row["type"]]
        start = view.get("byteOffset", 0) + row.get("byteOffset", 0)
        stride = view.get("byteStride", kind.itemsize * width)
        raw = np.frombuffer(self.binary, np.uint8, (row["count"] - 1) * stride + kind.itemsize * width, start)
        places = np.arange(row["count"])[:, None] * stride + np.arange(kind.itemsize * width)
        values = raw[places].copy().view(kind).reshape(row["count"], width).astype(np.float64)
        return values / np.iinfo(kind).max if row.get("normalized") else values

    def pose(self, clip: str | None, seconds: float) -> None:
        if clip is None:
            return
        animation = next(row for row in self.words.get("animations", ()) if clip.lower() in row["name"].lower())
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            times, values = self.accessor(sampler["input"])[:, 0], self.accessor(sampler["output"])
            if sampler.get("interpolation") == "CUBICSPLINE":
                values = values[1::3]
            mixed = np.array([np.interp(seconds % (times[-1] + 1e-9), times, column) for column in values.T])
            if channel["target"]["path"] == "rotation":
                mixed = values[int(np.argmin(np.abs(times - seconds % (times[-1] + 1e-9))))]
            self.nodes[channel["target"]["node"]][channel["target"]["path"]] = mixed

    def world(self) -> list[Array]:
        matrices: list[Array] = [np.eye(4)] * len(self.nodes)
        waiting = [(root, np.eye(4)) for root in self.words["scenes"][self.words.get("scene", 0)]["nodes"]]
        while waiting:
            index, parent = waiting.pop()
            matrices[index] = parent @ _local(self.nodes[index])
            waiting += [(child, matrices[index]) for child in self.nodes[index].get("children", ())]
        return matrices

    def gather(self) -> tuple[Array, NDArray[np.int32], NDArray[np.uint8], dict[str, Array]]:
        world = self.world()
        vertices, faces, colours, count = [], [], [], 0
        joints: dict[str, Array] = {}
        for index, node in enumerate(self.nodes):
            if "mesh" not in node:
                continue
            skin = self.words["skins"][node["skin"]] if "skin" in node else None
            for primitive in self.words["meshes"][node["mesh"]]["primitives"]:
                points = np.c_[self.accessor(primitive["attributes"]["POSITION"]), np.ones(self._count(primitive))]
                if skin is None:
                    placed = points @ world[index].T
                else:
                    inverse = self.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
                    moved = np.stack([world[joint] for joint in skin["joints"]]) @ inverse
                    chosen = self.accessor(primitive["attributes"]["JOINTS_0"]).astype(int)
                    weights = self.accessor(primitive["attributes"]["WEIGHTS_0"])
                    weights /= np.maximum(weights.sum(1, keepdims=True), 1e-9)
                    placed = np.einsum("vk,vkab,vb->va", weights, moved[chosen], points)
                    joints |= {self.nodes[joint].get("name", str(joint)): world[joint][:3, 3] for joint in skin["joints"]}
                triangles = (
                    self.accessor(primitive["indices"]).astype(np.int32).reshape(-1, 3)
                    if "indices" in primitive
                    else (np.arange(len(points), dtype=np.int32).reshape(-1, 3))
                )
                vertices.append(placed[:, :3])
                faces.append(triangles + count)
                colours.append(self._colours(primitive))
                count += len(points)
        return np.concatenate(vertices), np.concatenate(faces).astype(np.int32), np.concatenate(colours), joints

    def _count(self, primitive: dict[str, Any]) -> int:
        return int(self.words["accessors"][primitive["attributes"]["POSITION"]]["count"])

    def _colours(self, primitive: dict[str, Any]) -> NDArray[np.uint8]:
        material = self.words.get("materials", [{}])[primitive.get("material", 0)].get("pbrMetallicRoughness", {})
        factor = np.array(material.get("baseColorFactor", [1, 1, 1, 1])[:3])
        plain = np.where(factor <= 0.0031308, factor * 12.92, 1.055 * factor ** (1 / 2.4) - 0.055) * 255
        colours = np.tile(plain, (self._count(primitive), 1))
        if "baseColorTexture" in material:
            texture = self.words["textures"][material["baseColorTexture"]["index"]]["source"]
            view = self.words["bufferViews"][self.words["images"][texture]["bufferView"]]
            start = view.get("byteOffset", 0)
            picture = np.asarray(Image.open(io.BytesIO(self.binary[start : start + view["byteLength"]])).convert("RGB"))
            uv = self.accessor(primitive["attributes"]["TEXCOORD_0"]) % 1.0
            rows = np.clip((uv[:, 1] * picture.shape[0]).astype(int), 0, picture.shape[0] - 1)
            columns = np.clip((uv[:, 0] * picture.shape[1]).astype(int), 0, picture.shape[1] - 1)
            colours = picture[rows, columns] * (plain / 255)
        return colours.astype(np.uint8)


def _local(node: dict[str, Any]) -> Array:
    if "matrix" in node:
        return np.array(node["matrix"], float).reshape(4, 4).T
    matrix = np.eye(4)
    x, y, z, w = node.get("rotation", (0, 0, 0, 1))
    length = np.sqrt(x * x + y * y + z * z + w * w)
    x, y, z, w = x / length, y / length, z / length, w / length
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    matrix[:3, :3] = rotation * np.asarray(node.get("scale", (1, 1, 1)))
    matrix[:3, 3] = node.get("translation", (0, 0, 0))
    return matrix
