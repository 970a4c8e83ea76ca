"""Reads rigged GLB animals as posed, coloured triangles with their skeleton and skin weights: truth to measure against.

trimesh loads the triangles but not skins: a skinned mesh stands where its joints put it, so this small reader poses it.
"""

import io
import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["Floats64", "TruthRig", "bones_between", "clip_names", "load_truth"]

_COMPONENTS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
_MOVES = 1e-3  # a joint that gives less to every vertex carries no skin
Floats64 = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class TruthRig:
    """A rigged model in a pose; at rest its longest extent is 1, it stands on y = 0 and is centred.

    ``vertices`` (V, 3); ``faces`` (F, 3); ``colours`` (V, 3) sRGB; ``names`` of all J joints, ``places`` (J, 3), ``turns``
    (J, 3, 3) their world rotations, ``parents`` (J,) the nearest joint above or -1; ``weights`` (V, J), rows sum to 1, zero rows
    where a vertex has no skin.
    """

    vertices: Floats64
    faces: NDArray[np.int32]
    colours: NDArray[np.uint8]
    names: tuple[str, ...]
    places: Floats64
    turns: Floats64
    parents: NDArray[np.int32]
    weights: Floats64

    @property
    def joints(self) -> dict[str, Floats64]:
        """The joints' places by name."""
        return dict(zip(self.names, self.places, strict=True))

    @property
    def carrying(self) -> NDArray[np.int64]:
        """The joints that count as skeleton: those that carry skin, and those between two that do.

        Roots on the ground, IK targets and poles carry none and are left out.
        """
        skin = self.weights.max(0, initial=0.0) > _MOVES
        below, above = skin.copy(), skin.copy()
        for joint in reversed(range(len(skin))):
            below[self.parents[joint]] |= below[joint] and self.parents[joint] >= 0
        for joint in range(len(skin)):
            above[joint] |= self.parents[joint] >= 0 and above[self.parents[joint]]
        return np.flatnonzero(below & above)

    @property
    def bones(self) -> NDArray[np.int64]:
        """(B, 2) pairs of carrying joints: each with the nearest carrying joint above it."""
        return bones_between(self.carrying, self.parents)


def bones_between(carrying: NDArray[np.int64], parents: NDArray[np.int32]) -> NDArray[np.int64]:
    """(B, 2) pairs of the joints ``carrying`` in a tree of ``parents`` (J,): the nearest of them above another, and that other."""
    kept = set(carrying.tolist())
    pairs: list[tuple[int, int]] = []
    for joint in sorted(kept):
        above = int(parents[joint])
        while above >= 0 and above not in kept:
            above = int(parents[above])
        if above >= 0:
            pairs.append((above, joint))
    return np.array(pairs, np.int64).reshape(-1, 2)


def load_truth(path: Path, *, clip: str | None = None, seconds: float = 0.0, at_rest: TruthRig | None = None) -> TruthRig:
    """Read ``path``; with ``clip`` (a part of its name) posed as that animation at a time, else at rest.

    Every pose is scaled and centred for itself, unless ``at_rest`` is given: the rest pose of the same file, whose scale and place it
    then keeps, so that the two can be compared vertex by vertex.
    """
    glb = _Glb(path)
    base, scale = np.zeros(3), 1.0
    if at_rest is not None:
        base, scale = _measure(glb.gather().vertices)
    glb.pose(clip, seconds)
    raw = glb.gather()
    if at_rest is None:
        base, scale = _measure(raw.vertices)
    return TruthRig(
        vertices=(raw.vertices - base) * scale,
        faces=raw.faces,
        colours=raw.colours,
        names=raw.names,
        places=(raw.places - base) * scale,
        turns=raw.turns,
        parents=raw.parents,
        weights=raw.weights,
    )


def clip_names(path: Path) -> tuple[str, ...]:
    """The names of a file's animations."""
    return tuple(row["name"] for row in _Glb(path).words.get("animations", ()))


def _measure(vertices: Floats64) -> tuple[Floats64, float]:
    low, high = vertices.min(0), vertices.max(0)
    return np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2]), 1 / float((high - low).max())


class _Glb:
    def __init__(self, path: Path) -> None:
        data = path.read_bytes()
        length = struct.unpack("<I", data[12:16])[0]
        self.words: dict[str, Any] = json.loads(data[20 : 20 + length])
        self.binary = data[28 + length :]
        self.nodes: list[dict[str, Any]] = [dict(node) for node in self.words["nodes"]]

    def accessor(self, index: int) -> Floats64:
        row = self.words["accessors"][index]
        view = self.words["bufferViews"][row["bufferView"]]
        kind, width = np.dtype(_COMPONENTS[row["componentType"]]), _WIDTHS[row["type"]]
        start = view.get("byteOffset", 0) + row.get("byteOffset", 0)
        stride = view.get("byteStride", kind.itemsize * width)
        raw = np.frombuffer(self.binary, np.uint8, (row["count"] - 1) * stride + kind.itemsize * width, start)
        places = np.arange(row["count"])[:, None] * stride + np.arange(kind.itemsize * width)
        values: Floats64 = raw[places].copy().view(kind).reshape(row["count"], width).astype(np.float64)
        return values / float(np.iinfo(kind).max) if row.get("normalized") else values

    def pose(self, clip: str | None, seconds: float) -> None:
        if clip is None:
            return
        animation = next(row for row in self.words.get("animations", ()) if clip.lower() in row["name"].lower())
        for channel in animation["channels"]:
            sampler = animation["samplers"][channel["sampler"]]
            times, values = self.accessor(sampler["input"])[:, 0], self.accessor(sampler["output"])
            if sampler.get("interpolation") == "CUBICSPLINE":
                values = values[1::3]
            time = seconds % (times[-1] + 1e-9)
            mixed = np.array([np.interp(time, times, column) for column in values.T])
            if channel["target"]["path"] == "rotation":
                mixed = values[int(np.argmin(np.abs(times - time)))]
            self.nodes[channel["target"]["node"]][channel["target"]["path"]] = mixed

    def world(self) -> tuple[list[Floats64], list[int]]:
        """Every node's matrix (4, 4) in the world, and its parent or -1."""
        matrices: list[Floats64] = [np.eye(4)] * len(self.nodes)
        above = [-1] * len(self.nodes)
        waiting: list[tuple[int, Floats64]] = [(root, np.eye(4)) for root in self.words["scenes"][self.words.get("scene", 0)]["nodes"]]
        while waiting:
            index, parent = waiting.pop()
            matrices[index] = parent @ _local(self.nodes[index])
            for child in self.nodes[index].get("children", ()):
                above[child] = index
                waiting.append((child, matrices[index]))
        return matrices, above

    def gather(self) -> TruthRig:
        world, above = self.world()
        order = _from_the_top(above, {joint for skin in self.words.get("skins", ()) for joint in skin["joints"]})
        row_of = {node: row for row, node in enumerate(order)}
        vertices, faces, colours, weights, count = [], [], [], [], 0
        for index, node in enumerate(self.nodes):
            if "mesh" not in node:
                continue
            skin = self.words["skins"][node["skin"]] if "skin" in node else None
            for primitive in self.words["meshes"][node["mesh"]]["primitives"]:
                placed, given = self._placed(primitive, world, world[index], skin, row_of)
                vertices.append(placed)
                weights.append(given)
                faces.append(self._triangles(primitive, len(placed)) + count)
                colours.append(self._colours(primitive))
                count += len(placed)
        matrices = np.stack([world[node] for node in order]) if order else np.zeros((0, 4, 4))
        return TruthRig(
            vertices=np.concatenate(vertices),
            faces=np.concatenate(faces).astype(np.int32),
            colours=np.concatenate(colours),
            names=tuple(self.nodes[node].get("name", str(node)) for node in order),
            places=matrices[:, :3, 3],
            turns=_rotations(matrices),
            parents=np.array([_nearest_joint(node, above, row_of) for node in order], np.int32),
            weights=np.concatenate(weights),
        )

    def _placed(
        self, primitive: dict[str, Any], world: list[Floats64], own: Floats64, skin: dict[str, Any] | None, row_of: dict[int, int]
    ) -> tuple[Floats64, Floats64]:
        """The vertices (V, 3) where the joints put them, and their weights (V, J)."""
        points = np.c_[self.accessor(primitive["attributes"]["POSITION"]), np.ones(self._count(primitive))]
        given = np.zeros((len(points), len(row_of)))
        if skin is None:
            return (points @ own.T)[:, :3], given
        inverse = self.accessor(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        moved = np.stack([world[joint] for joint in skin["joints"]]) @ inverse
        chosen = self.accessor(primitive["attributes"]["JOINTS_0"]).astype(int)
        weights = self.accessor(primitive["attributes"]["WEIGHTS_0"])
        weights /= np.maximum(weights.sum(1, keepdims=True), 1e-9)
        columns = np.array([row_of[joint] for joint in skin["joints"]])[chosen]
        np.add.at(given, (np.arange(len(points))[:, None], columns), weights)
        placed: Floats64 = np.einsum("vk,vkab,vb->va", weights, moved[chosen], points)
        return placed[:, :3], given

    def _triangles(self, primitive: dict[str, Any], count: int) -> NDArray[np.int32]:
        if "indices" in primitive:
            return self.accessor(primitive["indices"]).astype(np.int32).reshape(-1, 3)
        return np.arange(count, dtype=np.int32).reshape(-1, 3)

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


def _from_the_top(above: list[int], joints: Iterable[int]) -> list[int]:
    """Joints in an order in which every parent stands before its children."""

    def depth(node: int) -> int:
        steps = 0
        while above[node] >= 0:
            node, steps = above[node], steps + 1
        return steps

    return sorted(joints, key=lambda node: (depth(node), node))


def _nearest_joint(node: int, above: list[int], row_of: dict[int, int]) -> int:
    node = above[node]
    while node >= 0 and node not in row_of:
        node = above[node]
    return row_of.get(node, -1)


def _rotations(matrices: Floats64) -> Floats64:
    """The nearest rotations (J, 3, 3) of matrices (J, 4, 4), their scale taken out."""
    left, _, right = np.linalg.svd(matrices[:, :3, :3])
    turns: Floats64 = left @ right
    return turns


def _local(node: dict[str, Any]) -> Floats64:
    if "matrix" in node:
        given: Floats64 = np.array(node["matrix"], np.float64).reshape(4, 4).T
        return given
    matrix: Floats64 = np.eye(4)
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
