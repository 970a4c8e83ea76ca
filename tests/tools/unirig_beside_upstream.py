"""UniRig's own code beside ours, for the tests of its environment: run as a script, in a process of its own.

    python unirig_beside_upstream.py SOURCE WHAT [WORDS...]

prints what was found as JSON in the last line. The stand-ins that this puts into sys.modules are not for other tests to find.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "envs" / "unirig"))

import yaml
from box import Box as Words
from rigshot_unirig import networks
from rigshot_unirig.grammar import Grammar
from rigshot_unirig.mesh import Box, prepare, sample, to_upstream
from rigshot_unirig.prior import PriorSettings, voxel_prior
from rigshot_unirig.settings import Settings
from rigshot_unirig.skeleton import detokenise
from rigshot_unirig.voxels import fill

Found = dict[str, Any]
GRID = 64
COUNT, OF_VERTICES = 4000, 700


def sizes(source: Path) -> Found:
    """Parameters and bytes of the real networks, built without memory."""
    settings, found = Settings.of(source), {}
    for stage in ("skeleton", "skin"):
        with networks.without_memory():
            network = networks.build_network(settings, stage)
        if stage == "skeleton":
            network.transformer.tie_weights()
        assert all(parameter.is_meta for parameter in network.parameters())
        assert not any(buffer.is_meta for buffer in network.buffers())
        found[stage] = sum(parameter.numel() for parameter in network.parameters())
    return found


def transform(source: Path, mesh_file: str) -> Found:
    """One mesh and one seed through upstream's transform and through ours; the voxels are ours in both."""
    _upstream(source)
    from src.data import vertex_group
    from src.data.asset import Asset
    from src.data.transform import TransformConfig, transform_asset

    data = np.load(mesh_file)
    mesh, joints = prepare(data["vertices"], data["faces"]), to_upstream(data["joints"])
    vertex_group.voxelization = lambda vertices, faces, grid, **_: fill(vertices, faces, grid).centres()
    found: Found = {}
    for stage, seed in (("ar", 5), ("skin", 6)):
        config = Words(_yaml(source, f"transform/inference_{stage}_transform")).predict_transform_config
        config.sampler_config.update({"num_samples": COUNT, "vertex_samples": OF_VERTICES})
        asset = Asset(
            cls="articulationxl",
            path="",
            data_name="",
            vertices=mesh.vertices.copy(),
            vertex_normals=mesh.vertex_normals.copy(),
            faces=mesh.faces.copy(),
            face_normals=mesh.face_normals.copy(),
        )
        box = Box.around(mesh.vertices)
        if stage == "skin":
            config.vertex_group_config.kwargs.voxel_skin.grid = GRID
            asset.joints, asset.tails, asset.parents = joints.copy(), joints.copy(), [None, *data["parents"][1:].tolist()]
            asset.names = [str(joint) for joint in range(len(joints))]
            box = Box.around(mesh.vertices, joints)
        np.random.seed(seed)  # noqa: NPY002  # upstream's generator
        transform_asset(asset, TransformConfig.parse(config))
        samples = sample(mesh, box.inside(mesh.vertices), count=COUNT, of_vertices=OF_VERTICES, seed=seed)
        same = np.abs(samples.points - asset.sampled_vertices).max(1) < 1e-5
        found[f"{stage} points"] = float(same.mean())
        found[f"{stage} normals"] = float(np.abs(samples.normals - asset.sampled_normals)[same].max())
        if stage == "skin":
            own = Box.around(mesh.vertices)
            settings = PriorSettings(grid=GRID)
            prior, _ = voxel_prior(own.inside(mesh.vertices), mesh.faces, own.inside(joints), settings, lambda _: None)
            theirs = asset.sampled_vertex_groups["voxel_skin"][same]
            found["prior"] = float(np.abs(samples.of(prior, mesh.faces)[same] - theirs).sum(1).mean())
            found["strongest"] = float((samples.of(prior, mesh.faces)[same].argmax(1) == theirs.argmax(1)).mean())
    return found


def skeletons(source: Path) -> Found:
    """Sentences of the grammar, read by upstream's tokeniser and by ours."""
    theirs, settings = _tokeniser(source), Settings.of(source)
    bones, worst = 0, 0.0
    for seed in range(60):
        random = np.random.default_rng(seed)
        grammar = Grammar(vocabulary=settings.vocabulary, skeleton_class=("articulationxl", "vroid")[seed % 2], most=120)
        state, tokens = grammar.start, list[int]()
        while not state.ended:
            kinds = grammar.kinds(state, 600 - len(tokens))
            odds = np.array([{"eos": 0.05, "coordinate": 1.0}.get(kind, 0.4) for kind in kinds])
            kind = kinds[int(random.choice(len(kinds), p=odds / odds.sum()))]
            tokens.append(int(random.choice(list(settings.vocabulary.tokens(kind)))))
            after = grammar.step(state, tokens[-1])
            assert after is not None
            state = after
        own = detokenise([*grammar.prefix, *tokens], settings.vocabulary)
        other = theirs.detokenize(np.array([*grammar.prefix, *tokens]))
        assert [-1 if parent is None else parent for parent in other.parents] == own.parents.tolist(), seed
        assert len(other.names) == len(own)
        worst, bones = max(worst, float(np.abs(other.joints - own.joints).max())), bones + len(own)
    return {"bones": bones, "worst": worst}


def tokens(source: Path, joints: str, parents: str) -> Found:
    """What upstream's tokeniser makes of a skeleton."""
    theirs = _tokeniser(source)
    from src.tokenizer.spec import TokenizeInput

    places, above = np.array(json.loads(joints), np.float32), np.array(json.loads(parents))
    branch = np.array([joint > 0 and parent != joint - 1 for joint, parent in enumerate(above)])
    asked = TokenizeInput(
        bones=np.concatenate([places[np.maximum(above, 0)], places], 1),
        tails=places,
        branch=branch,
        is_leaf=branch,
        no_skin=None,
        cls="articulationxl",
        parts_bias={0: None},
    )
    return {"tokens": theirs.tokenize(asked).tolist()}


def _upstream(source: Path) -> None:
    networks._import_upstream(source)
    os.chdir(source)  # its configuration names files from there


def _yaml(source: Path, name: str) -> dict[str, Any]:
    words: dict[str, Any] = yaml.safe_load((source / "configs" / f"{name}.yaml").read_text())
    return words


def _tokeniser(source: Path) -> Any:
    _upstream(source)
    from src.tokenizer.parse import get_tokenizer
    from src.tokenizer.spec import TokenizerConfig

    return get_tokenizer(TokenizerConfig.parse(Words(_yaml(source, "tokenizer/tokenizer_parts_articulationxl_256"))))


WHAT: dict[str, Callable[..., Found]] = {"sizes": sizes, "transform": transform, "skeletons": skeletons, "tokens": tokens}

if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(WHAT[sys.argv[2]](Path(sys.argv[1]).resolve(), *sys.argv[3:])) + "\n")
