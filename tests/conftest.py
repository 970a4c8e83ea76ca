"""What the tests of every room share."""

import os
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rigshot_pipeline.asset import Asset, Clip, Mesh, Pixels, Rig

# A shell's background job, which a test run may be, hands down an ignored SIGINT; a person's terminal does not. The
# processes that tests start inherit the one or the other from this one.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Engines that a developer has installed would change what the stages do.
os.environ["RIGSHOT_ENVS_HOME"] = str(Path(tempfile.gettempdir()) / "rigshot-tests-without-engines")

SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of pictures that lies beside a developer's checkout; it is not part of the repository."""
    if not (SHARED_DATA / "MANIFEST.json").is_file():
        pytest.skip(f"the shared pictures are not at {SHARED_DATA}")
    return SHARED_DATA


@pytest.fixture(scope="session")
def tube() -> Asset:
    """A textured tube with three joints and two clips, split along a seam; names as people and machines give them."""
    return make_tube()


def make_tube(*, rings: int = 24, sides: int = 20, texture: int = 64) -> Asset:
    """A closed tube 1 m tall, wider at its foot than at its top so that no two sides look the same."""
    height, turn = np.meshgrid(np.linspace(0, 1, rings), np.linspace(0, 1, sides + 1), indexing="ij")
    radius = np.where((height == 0) | (height == 1), 0.0, 0.16 - 0.08 * height)
    angle = 2 * np.pi * turn
    vertices = np.stack([radius * np.sin(angle), height, 0.7 * radius * np.cos(angle)], -1).reshape(-1, 3)
    column, row = np.meshgrid(np.arange(sides), np.arange(rings - 1))
    first = (row * (sides + 1) + column).ravel()
    lower, upper = [first, first + 1, first + sides + 2], [first, first + sides + 2, first + sides + 1]
    faces = np.concatenate([np.stack(lower, 1)[sides:], np.stack(upper, 1)[: -sides or None]]).astype(np.int32)
    source = np.arange(rings * (sides + 1)).reshape(rings, -1)
    source[:, -1] = source[:, 0]  # the seam
    source[[0, -1]] = source[[0, -1], :1]  # the poles
    welded = np.unique(source.ravel(), return_inverse=True)[1].astype(np.int32)
    normals = np.stack([np.sin(angle), 0.08 + 0 * height, np.cos(angle) / 0.7], -1).reshape(-1, 3)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    normals[vertices[:, 1] == 0] = [0, -1, 0]
    normals[vertices[:, 1] == 1] = [0, 1, 0]
    used, renumbered = np.unique(faces, return_inverse=True)  # a pole has one vertex more than triangles
    mesh = Mesh(
        vertices=vertices[used].astype(np.float32),
        faces=renumbered.reshape(-1, 3).astype(np.int32),
        normals=normals[used].astype(np.float32),
        uv=np.stack([turn, 1 - height], -1).reshape(-1, 2)[used].astype(np.float32),
        source=welded[used],
    )
    return Asset(
        name="Mimi 的 tube “1/2”",
        mesh=mesh,
        albedo=_chequered(texture),
        rig=_tube_rig(vertices[used, 1]),
        clips=_tube_clips(),
        licences=("The rights in the photo also cover this model.",),
    )


def _chequered(size: int) -> Pixels:
    rows, columns = np.mgrid[:size, :size] * 8 // size
    colours = np.stack([40 + 25 * rows, 40 + 25 * columns, 90 + 120 * ((rows + columns) % 2)], -1)
    return colours.astype(np.uint8)


def _tube_rig(height: NDArray[np.float64]) -> Rig:
    along = np.clip(height * 3 - 0.5, 0, 2)
    weights = np.maximum(1 - np.abs(along[:, None] - np.arange(3)), 0)
    return Rig(
        names=("hip bone", "脊椎", "head.top"),
        parents=np.array([-1, 0, 1], np.int32),
        joints=np.array([[0, 0.05, 0], [0.01, 0.4, 0.02], [0, 0.7, 0]], np.float32),
        tails=np.array([[0.01, 0.4, 0.02], [0, 0.7, 0], [0, 1, 0]], np.float32),
        weights=weights.astype(np.float32),
    )


def _tube_clips() -> tuple[Clip, ...]:
    """A gentle loop, and a wild motion that passes through all the corners of Euler angles."""
    sway_times = np.linspace(0, 1.2, 7, dtype=np.float32)
    swing = np.sin(2 * np.pi * sway_times / 1.2)
    sway = np.stack([[Rotation.from_euler("xyz", [0, 10 * s, 25 * s * j], degrees=True).as_quat() for j in range(3)] for s in swing])
    sway[-1] = sway[0]
    rise = np.stack([0.02 * swing, 0.05 * swing**2, 0 * swing], -1)
    rise[-1] = rise[0]
    turns = [[0, 0, 0], [80, 89, 30], [170, 120, -100], [-90, 90, 200], [20, 300, 10]]
    wild = np.stack([[Rotation.from_euler("zyx", [a * j / 2 for a in row], degrees=True).as_quat() for j in range(3)] for row in turns])
    fall = np.linspace(0, 1, 5)[:, None] * [0.3, -0.1, 0.2]
    return (
        Clip(name="sway side", times=sway_times, rotations=sway.astype(np.float32), root_offset=rise.astype(np.float32)),
        Clip(
            name="翻滾",
            times=np.array([0, 0.3, 0.55, 1.0, 1.5], np.float32),
            rotations=wild.astype(np.float32),
            root_offset=fall.astype(np.float32),
            loop=False,
        ),
    )
