"""The values that the stages hand on: a mesh, a rig, clips, and the asset made of them.

World axes are glTF's: right-handed, +Y up, the subject faces +Z and its left is +X; metres. The ground is
y = 0. Arrays are float32 (or int32 for indices) and must not be written to after construction.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["Asset", "Clip", "Floats", "Indices", "Mesh", "Pixels", "Rig"]

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Mesh:
    """A triangle mesh.

    ``vertices`` (V, 3) metres; ``faces`` (F, 3), counter-clockwise seen from outside; ``normals`` (V, 3), unit
    length, or None; ``uv`` (V, 2), glTF's convention (origin at the texture's top left, v downwards), or None;
    ``source`` (V,): for a mesh whose vertices were split along texture seams, the index that each vertex had in
    the unsplit mesh, or None.
    """

    vertices: Floats
    faces: Indices
    normals: Floats | None = None
    uv: Floats | None = None
    source: Indices | None = None

    def __post_init__(self) -> None:
        count = len(self.vertices)
        if self.vertices.shape != (count, 3) or self.faces.ndim != 2 or self.faces.shape[1] != 3:
            raise ValueError(f"a mesh needs (V, 3) vertices and (F, 3) faces, got {self.vertices.shape}, {self.faces.shape}")
        for name, array, shape in (
            ("normals", self.normals, (count, 3)),
            ("uv", self.uv, (count, 2)),
            ("source", self.source, (count,)),
        ):
            if array is not None and array.shape != shape:
                raise ValueError(f"{name} must have the shape {shape}, got {array.shape}")


@dataclass(frozen=True, kw_only=True)
class Rig:
    """A skeleton and, once skinned, its weights.

    ``names`` one per joint, unique; ``parents`` (J,), -1 for the only root, which is joint 0, and every parent
    stands before its children; ``joints`` (J, 3) the joints' bind positions, ``tails`` (J, 3) the far ends of
    their bones, both in metres in the world. In the bind pose every joint's axes are the world's axes, so that a
    joint's inverse bind matrix is the translation by minus its position. ``weights`` (V, J): rows sum to 1, at
    most four entries of a row are not zero.
    """

    names: tuple[str, ...]
    parents: Indices
    joints: Floats
    tails: Floats
    weights: Floats | None = None

    def __post_init__(self) -> None:
        count = len(self.names)
        if len(set(self.names)) != count:
            raise ValueError("joint names must be unique")
        if self.parents.shape != (count,) or self.joints.shape != (count, 3) or self.tails.shape != (count, 3):
            raise ValueError(f"{count} joints need (J,) parents and (J, 3) joints and tails")
        if count and (self.parents[0] != -1 or (self.parents[1:] < 0).any() or (self.parents >= np.arange(count)).any()):
            raise ValueError("joint 0 must be the only root and every parent must stand before its children")
        if self.weights is not None and (self.weights.ndim != 2 or self.weights.shape[1] != count):
            raise ValueError(f"weights must have the shape (V, {count}), got {self.weights.shape}")


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A motion of a rig as keyframes.

    ``times`` (K,) seconds, rising from 0; ``rotations`` (K, J, 4) local unit quaternions x, y, z, w relative to
    the bind pose; ``root_offset`` (K, 3) metres added to the root joint's bind position. Between keyframes
    rotations go by slerp and offsets linearly. ``loop``: the last key equals the first.
    """

    name: str
    times: Floats
    rotations: Floats
    root_offset: Floats
    loop: bool = True

    def __post_init__(self) -> None:
        keys = len(self.times)
        if self.rotations.ndim != 3 or self.rotations.shape[::2] != (keys, 4) or self.root_offset.shape != (keys, 3):
            raise ValueError(f"a clip of {keys} keys needs (K, J, 4) rotations and (K, 3) root offsets")

    @property
    def seconds(self) -> float:
        """The clip's length."""
        return float(self.times[-1])


@dataclass(frozen=True, kw_only=True)
class Asset:
    """All that an exporter or a renderer needs: a skinned, textured mesh (with uv and normals) and its clips.

    ``albedo`` (H, W, 3) sRGB; ``licences`` what the result is bound by, one sentence each.
    """

    name: str
    mesh: Mesh
    albedo: Pixels
    rig: Rig
    clips: tuple[Clip, ...] = ()
    nearest: bool = False
    """Sample the texture without interpolation (pixel art)."""
    licences: tuple[str, ...] = field(default=())
