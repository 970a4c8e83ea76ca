"""What the tests of UniRig's environment share: bodies made of capsules, and upstream's code with small networks."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from rigshot_pipeline.evaluation.truth_rig import TruthRig

ENVIRONMENT = Path(__file__).resolve().parents[2] / "envs" / "unirig"

Floats = NDArray[np.float32]
Indices = NDArray[np.int32]

# a dog in metres, glTF's axes: joint, parent, place
DOG: list[tuple[str, int, tuple[float, float, float]]] = [
    ("hips", -1, (0, 0.62, -0.3)),
    ("spine", 0, (0, 0.64, 0.0)),
    ("chest", 1, (0, 0.62, 0.3)),
    ("neck", 2, (0, 0.75, 0.42)),
    ("head", 3, (0, 0.92, 0.52)),
    ("tail", 0, (0, 0.68, -0.48)),
    ("tail end", 5, (0, 0.78, -0.66)),
    *(
        (f"{end} {part} {side}", parent, place)
        for number, (end, carrier, z) in enumerate((("front", 2, 0.3), ("back", 0, -0.3)))
        for flip, (side, x) in enumerate((("left", 0.14), ("right", -0.14)))
        for parent, part, place in (
            (carrier, "upper", (x, 0.5, z)),
            (7 + 6 * number + 3 * flip, "lower", (x, 0.27, z - 0.02)),
            (8 + 6 * number + 3 * flip, "foot", (x, 0.05, z)),
        )
    ),
]
_THICK = {"spine": 0.17, "chest": 0.17, "neck": 0.1, "head": 0.09, "tail": 0.04, "tail end": 0.03}


def skeleton_of(rows: Sequence[tuple[str, int, tuple[float, float, float]]]) -> tuple[Floats, Indices]:
    """Joints (J, 3) and parents (J,)."""
    return np.array([row[2] for row in rows], np.float32), np.array([row[1] for row in rows], np.int32)


def capsule(start: Sequence[float], end: Sequence[float], radius: float, *, sides: int = 12, rings: int = 14) -> tuple[Floats, Indices]:
    """A closed capsule."""
    a, b = np.array(start, float), np.array(end, float)
    length = float(np.linalg.norm(b - a))
    way = (b - a) / max(length, 1e-9)
    side = np.cross(way, [1, 0, 0] if abs(way[0]) < 0.9 else [0, 1, 0])
    side /= np.linalg.norm(side)
    other = np.cross(way, side)
    turn = np.linspace(-np.pi / 2, np.pi / 2, rings + 1)[1:-1]
    along = np.where(turn < 0, 0, length) + radius * np.sin(turn)
    across = radius * np.cos(turn)
    angle = np.arange(sides) * 2 * np.pi / sides
    circle = np.cos(angle)[:, None] * side + np.sin(angle)[:, None] * other
    body = (a + along[:, None, None] * way + across[:, None, None] * circle).reshape(-1, 3)
    vertices = np.concatenate([body, [a - radius * way, b + radius * way]])
    row, column = np.divmod(np.arange((rings - 2) * sides), sides)
    first, second = row * sides + column, row * sides + (column + 1) % sides
    faces = [np.stack([first, second, second + sides], 1), np.stack([first, second + sides, first + sides], 1)]
    ring, last = np.arange(sides), (rings - 2) * sides
    low, high = len(body), len(body) + 1
    faces.append(np.stack([np.full(sides, low), (ring + 1) % sides, ring], 1))
    faces.append(np.stack([np.full(sides, high), last + ring, last + (ring + 1) % sides], 1))
    return vertices.astype(np.float32), np.concatenate(faces).astype(np.int32)


def together(parts: Sequence[tuple[Floats, Indices]]) -> tuple[Floats, Indices]:
    """One mesh of several."""
    offsets = np.cumsum([0, *(len(part[0]) for part in parts)])
    faces = [part[1] + offset for part, offset in zip(parts, offsets, strict=False)]
    return np.concatenate([part[0] for part in parts]), np.concatenate(faces)


def dog() -> tuple[Floats, Indices]:
    """The dog as a mesh: a capsule around every bone."""
    places = [row[2] for row in DOG]
    parts = [capsule(places[parent], place, _THICK.get(name, 0.06)) for name, parent, place in DOG if parent >= 0]
    return together([*parts, capsule(places[4], (0, 0.92, 0.62), 0.09)])


def one_tree(rig: "TruthRig") -> tuple[list[str], Floats, Indices]:
    """The names, joints and parents of a rig that a person made, as one tree whose parents come first.

    Feet that hang on controls of their own go to the nearest joint of the body, and the controls go.
    """
    count = len(rig.names)
    parents = rig.parents.astype(int).copy()
    roots = [joint for joint in range(count) if parents[joint] < 0]
    tops = [_upwards(parents, joint)[-1] for joint in range(count)]
    main = max(roots, key=tops.count)
    body = [joint for joint in range(count) if tops[joint] == main]
    for joint in range(count):
        if tops[joint] != main and parents[joint] in roots:
            parents[joint] = body[int(np.linalg.norm(rig.places[body] - rig.places[joint], axis=1).argmin())]
    kept = [joint for joint in range(count) if joint == main or joint not in roots]
    kept.sort(key=lambda joint: len(_upwards(parents, joint)))
    place = {joint: number for number, joint in enumerate(kept)}
    order = np.array([place.get(int(parents[joint]), -1) for joint in kept], np.int32)
    return [rig.names[joint] for joint in kept], rig.places[kept].astype(np.float32), order


def _upwards(parents: NDArray[np.int64], joint: int) -> list[int]:
    way = [joint]
    while parents[way[-1]] >= 0:
        way.append(int(parents[way[-1]]))
    return way


def tokens_of(joints: Floats, parents: Indices, *, bins: int = 256) -> list[int]:
    """The tokens, between the class and eos, of joints in the half box, as upstream's tokeniser writes them."""
    quantised = np.clip(np.round((joints + 1) / 2 * bins), 0, bins - 1).astype(int)
    tokens = [bins + 4]
    for joint, parent in enumerate(parents):
        if joint and parent != joint - 1:
            tokens += [bins, *quantised[parent]]
        tokens += list(quantised[joint])
    return [int(token) for token in tokens]


def small_source(upstream: Path, folder: Path, *, most_tokens: int = 260, beams: int = 3) -> Path:
    """Upstream's code with configuration for networks of a few thousand parameters, in ``folder``."""
    import yaml

    shutil.copytree(upstream / "configs", folder / "configs")
    (folder / "src").symlink_to(upstream / "src")
    perceiver = {"num_latents": 16, "width": 32, "heads": 2, "num_encoder_layers": 1, "token_num": 16, "embed_dim": 8}
    model = folder / "configs" / "model"
    llm = {
        "hidden_size": 64,
        "word_embed_proj_dim": 64,
        "ffn_dim": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 700,
    }
    _change(model / "unirig_ar_350m_1024_81920_float32.yaml", {"llm": llm, "mesh_encoder": perceiver})
    encoder = {"enc_depths": [1, 1], "enc_channels": [16, 32], "enc_num_head": [2, 2]}
    skin = {"num_heads": 2, "feat_dim": 16, "mlp_dim": 16, "num_bone_attn": 1, "num_mesh_bone_attn": 1, "bone_embed_dim": 16}
    _change(model / "unirig_skin.yaml", {**skin, "mesh_encoder": encoder, "global_encoder": perceiver})
    drawn = {"generate_kwargs": {"max_new_tokens": most_tokens, "num_beams": beams}}
    _change(folder / "configs" / "system" / "ar_inference_articulationxl.yaml", drawn)
    for name in ("inference_ar_transform", "inference_skin_transform"):
        path = folder / "configs" / "transform" / f"{name}.yaml"
        words = yaml.safe_load(path.read_text())
        words["predict_transform_config"]["sampler_config"] = {"method": "mix", "num_samples": 2048, "vertex_samples": 512}
        if groups := words["predict_transform_config"]["vertex_group_config"]:
            groups["kwargs"]["voxel_skin"]["grid"] = 48
        path.write_text(yaml.safe_dump(words))
    return folder


def _change(path: Path, changes: dict[str, Any]) -> None:
    import yaml  # in the environment, not in the base install

    words = yaml.safe_load(path.read_text())
    for name, value in changes.items():
        words[name] = {**words[name], **value} if isinstance(value, dict) and isinstance(words.get(name), dict) else value
    path.write_text(yaml.safe_dump(words))
