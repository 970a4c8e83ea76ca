"""Stages done by an engine: who is chosen, what becomes of what it makes, and what happens when it fails."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from small_engine import EngineLab

from rigshot_pipeline import wording
from rigshot_pipeline.assemble import load_asset
from rigshot_pipeline.asset import Rig
from rigshot_pipeline.engines import Garage, Spec, by_choice, choose, garage
from rigshot_pipeline.engines.foreign_rig import without_root
from rigshot_pipeline.engines.places import Place
from rigshot_pipeline.errors import EngineFailed, Refused
from rigshot_pipeline.options import Options
from rigshot_pipeline.reporting import facts
from rigshot_pipeline.run import Event, Record, run_job
from rigshot_pipeline.stage import Outcome, StageName, Work
from rigshot_pipeline.stages import skeleton, skin, standardise
from rigshot_pipeline.store import load_clips, load_mesh, load_picture, load_rig
from rigshot_pipeline.warm import toy_animal

# What each function does is crude, but it is done: pictures, meshes, bones and weights are computed from what the stage hands over.
STUDIO = """
import json
import numpy as np
from PIL import Image

def picture(job, name="image"):
    return np.asarray(Image.open(job.path(name)))

def enhance(job: Job):
    image = Image.open(job.path("image"))
    scale = job.parameters["scale"]
    image.resize((image.width * scale, image.height * scale)).save(job.path("out"))
    return {"model": "pixels", "scale": scale}

def cutout(job: Job):
    from scipy import ndimage
    colours = ndimage.gaussian_filter(picture(job).astype(float), (2, 2, 0))
    warm = colours[..., 0] - colours[..., 2] > 40
    Image.fromarray(np.where(warm, 255, 0).astype(np.uint8)).save(job.path("out"))
    return {"model": "warmth", "confidence": 0.9}

def geometry(job: Job):
    from scipy import ndimage
    from skimage.measure import marching_cubes
    rgba = picture(job)
    assert rgba.shape[2] == 4 and rgba.shape[0] == rgba.shape[1]
    small = np.asarray(Image.fromarray(rgba[..., 3]).resize((72, 72))) > 127
    thick = 0.8 * ndimage.distance_transform_edt(small)
    depth = np.arange(-16, 17)
    field = np.where(small[..., None], thick[..., None] - np.abs(depth), -1.0)
    job.progress(0.5)
    points, faces = marching_cubes(field, 0.3)[:2]
    upright = np.stack([points[:, 1], -points[:, 0], points[:, 2]], 1)  # right, up, to the viewer
    turn = np.radians(200)
    about = np.array([[np.cos(turn), 0, np.sin(turn)], [0, 1, 0], [-np.sin(turn), 0, np.cos(turn)]])
    foreign = (upright @ about.T * 0.37 + [5, -3, 1]).astype(np.float32)
    np.savez(job.path("mesh"), vertices=foreign, faces=faces.astype(np.int32))
    job.warn("this is a pillow")
    return {"model": "pillow", "seed": job.parameters["seed"], "faces": len(faces), "gpu_peak_mb": 1}

def texture(job: Job):
    with np.load(job.path("mesh")) as mesh:
        vertices, faces = mesh["vertices"], mesh["faces"]
    low, high = vertices.min(0), vertices.max(0)
    flat = (vertices - low) / (high - low)
    uv = np.stack([flat[:, 2], 1 - flat[:, 1]], 1)
    np.savez(job.path("textured"), vertices=vertices, faces=faces, uv=uv, source=np.arange(len(vertices)))
    Image.open(job.path("image")).convert("RGB").resize((256, 256)).save(job.path("albedo"))
    return {"model": "side", "size": 256}

def skeleton(job: Job):
    with np.load(job.path("mesh")) as mesh:
        points = mesh["vertices"]
    assert job.parameters["plan"] == "quadruped"
    low, high = points.min(0), points.max(0)
    def middle(share):
        z = low[2] + share * (high[2] - low[2])
        own = points[np.abs(points[:, 2] - z) < 0.05]
        return np.array([0, (own[:, 1].min() + own[:, 1].max()) / 2, z])
    def foot(share):
        own = points[(points[:, 1] < 0.12) & ((points[:, 2] < 0) == (share < 0.5))]
        return own.mean(0) * [0, 1, 1]
    hips, chest, head = middle(0.35), middle(0.6), middle(0.85)
    joints = np.stack([hips, chest, head, hips, chest])
    tails = np.stack([chest, head, head + [0, 0, 0.08], foot(0.2), foot(0.8)])
    parents = np.array([-1, 0, 1, 0, 1], np.int32)
    # a place for changes
    np.savez(job.path("rig"), joints=joints.astype(np.float32), tails=tails.astype(np.float32), parents=parents)
    names = ["hips", "chest", "head", "leg_hind", "leg_fore"]
    job.path("rig").with_suffix(".json").write_text(json.dumps({"names": names, "roles": [None] * 5, "seed": 3, "score": 0.5}))
    return {"model": "sticks", "joints": 5, "score": 0.5, "seed": 3}

def skin(job: Job):
    with np.load(job.path("mesh")) as mesh, np.load(job.path("rig")) as rig:
        points, starts, ends = mesh["vertices"], rig["joints"], rig["tails"]
    axes = ends - starts
    along = np.clip(((points[:, None] - starts) * axes).sum(2) / np.maximum((axes**2).sum(1), 1e-9), 0, 1)
    weights = 1 / (0.01 + np.linalg.norm(points[:, None] - starts - along[..., None] * axes, axis=2)) ** 4
    weights /= weights.sum(1, keepdims=True)
    np.savez(job.path("weighted"), weights=weights.astype(np.float32))
    return {"model": "near", "bled": 0.0}

STAGES = {"enhance": enhance, "cutout": cutout, "geometry": geometry, "texture": texture, "skeleton": skeleton, "skin": skin}
raise SystemExit(main(engine="studio", stages=STAGES))
"""
NAMES = ("enhance", "cutout", "geometry", "texture", "skeleton", "skin")

FAILING = """
def geometry(job: Job):
    marks = job.path("image").with_name("asked.txt")
    asked = marks.read_text().split() if marks.exists() else []
    marks.write_text(" ".join([*asked, str(job.parameters["seed"])]))
    how = job.path("image").read_text()
    if how == "surface once" and not asked:
        raise NoSurface("nothing at level 0")
    errors = {"surface": NoSurface, "rig": BadRig, "memory": MemoryError, "weights": MissingWeights, "bug": KeyError}
    if how in errors:
        print("a word on stderr", file=sys.stderr)
        raise errors[how]("why")
    return {"seed": job.parameters["seed"], "model": "m"}

raise SystemExit(main(engine="tiny", stages={"geometry": geometry}))
"""


@pytest.fixture(autouse=True)
def no_workers_stay() -> Iterator[None]:
    yield
    garage().close()
    garage.cache_clear()


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineLab:
    lab = EngineLab(tmp_path)
    for name, value in lab.variables.items():
        monkeypatch.setenv(name, value)
    for name in ("RIGSHOT_ENGINE_DEVICE", "RIGSHOT_GPU_MB"):
        monkeypatch.delenv(name, raising=False)
    return lab


@dataclass(frozen=True)
class Made:
    """A job in which an engine did all that engines can do."""

    lab: EngineLab
    photo: Path
    job: Path
    records: dict[str, Record]

    def work(self, folder: Path, *reads: StageName) -> Work:
        """What one stage is handed once more."""
        folder.mkdir()
        inputs = {name: self.job / name for name in reads}
        return Work(folder=folder, inputs=inputs, options=Options(), source=None, progress=lambda _: None)


def run(photo: Path, folder: Path) -> dict[str, Record]:
    """All stages but the pictures, which are drawn as for any other model."""
    return {record.stage: record for record in run_job(photo, folder, options=Options(name="pet", formats=("glb",)), until="export")}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("studio")
    photo = folder / "animal.png"
    Image.fromarray(toy_animal(alpha=False)).save(photo)
    lab = EngineLab(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in lab.variables.items():
            patch.setenv(name, value)
        lab.put_in_place(lab.engine(STUDIO, name="studio", stages=NAMES))
        yield Made(lab, photo, folder / "job", run(photo, folder / "job"))


def test_an_engine_does_all_that_it_can(made: Made) -> None:
    engines = {name: record.engine for name, record in made.records.items() if record.engine != "embedded"}
    models = {"enhance": "pixels", "cutout": "warmth", "geometry": "pillow", "texture": "side", "skeleton": "sticks", "skin": "near"}
    assert engines == {name: f"studio:{model}" for name, model in models.items()}
    said = made.records["geometry"]
    assert said.metrics["chosen"] == "engine_why_best"
    assert [advice.values["text"] for advice in said.advice if advice.code == "engine_says"] == ["this is a pillow"]


def test_a_foreign_mesh_is_laid_over_the_photo(made: Made) -> None:
    metrics = made.records["geometry"].metrics
    assert isinstance(metrics["silhouette_iou"], float)
    assert metrics["silhouette_iou"] > 0.93
    assert metrics["watertight"] is True
    mesh = load_mesh(made.job / "geometry" / "mesh.npz")
    assert mesh.vertices[:, 1].min() == pytest.approx(0, abs=1e-6)
    assert float(np.ptp(mesh.vertices, axis=0).max()) == pytest.approx(1, abs=1e-5)


def test_a_foreign_rig_gets_a_root_weights_and_clips(made: Made) -> None:
    rig = load_rig(made.job / "skin" / "rig.npz")
    assert rig.names == ("root", "hips", "chest", "head", "leg_hind", "leg_fore")
    assert rig.weights is not None
    np.testing.assert_allclose(rig.weights.sum(1), 1, atol=1e-5)
    assert int((rig.weights > 0).sum(1).max()) <= 4
    clips = load_clips(made.job / "animate" / "clips.npz")
    assert made.records["animate"].metrics["retargeted"] is True
    assert all(clip.rotations.shape[1] == 6 for clip in clips)
    assert max(float(np.abs(clip.rotations[..., :3]).max()) for clip in clips) > 0.02


def test_report_and_files_name_the_engine_and_its_licences(made: Made) -> None:
    inputs: dict[StageName, Path] = {record.stage: made.job / record.stage for record in made.records.values()}
    told = facts(inputs, load_asset(inputs, name="pet"))
    assert any("Studio" in line and "CC-BY-4.0" in line for line in told["licences"]["en"])
    assert told["chosen"]["geometry"]["en"] == wording.sentence("engine_why_best")
    assert b"CC-BY-4.0" in (made.job / "export" / "pet.glb").read_bytes()


def test_a_stage_is_made_anew_when_its_engine_is_another(made: Made, tmp_path: Path) -> None:
    folder = tmp_path / "job"
    shutil.copytree(made.job, folder)
    events: list[Event] = []
    run_job(made.photo, folder, options=Options(name="pet", formats=("glb",)), watch=events.append, until="export")
    assert {event.what for event in events} == {"kept"}
    record = made.lab.home / "studio" / "installed.json"
    record.rename(tmp_path / "aside")
    try:
        again = run_job(made.photo, folder, options=Options(name="pet"), until="enhance")
    finally:
        (tmp_path / "aside").rename(record)
    assert {row.engine for row in again} == {"embedded"}


def with_engine(lab: EngineLab, source: str, stages: tuple[str, ...]) -> None:
    lab.put_in_place(lab.engine(source, name="studio", stages=stages))


def test_a_skeleton_that_nobody_can_skin_is_not_asked_for(made: Made, lab: EngineLab, tmp_path: Path) -> None:
    with_engine(lab, STUDIO, ("skeleton",))
    assert skeleton.run(made.work(tmp_path / "skeleton", "geometry")).engine == "embedded"


def test_what_an_engine_cannot_skin_gets_our_whole_rig(made: Made, lab: EngineLab, tmp_path: Path) -> None:
    with_engine(lab, STUDIO.replace("weights /= weights.sum(1, keepdims=True)", 'raise BadRig("no seed was sound")'), ("skeleton", "skin"))
    outcome = skin.run(made.work(tmp_path / "skin", "geometry", "skeleton"))
    assert outcome.engine == "embedded"
    assert [advice.code for advice in outcome.advice] == ["engine_gave_way_bad_rig"]
    assert outcome.metrics["skeleton_kept"] is False
    names = load_rig(tmp_path / "skin" / "rig.npz").names
    assert {"root", "hips", "chest"} < {*names}
    assert any(name.startswith("leg_fore_") for name in names)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("joints = joints * [1, 1, 3]", "outside"),
        ("joints = joints + [0.12, 0, 0]; tails = tails + [0.12, 0, 0]", "inside the model"),
        ("joints[2] = np.nan", "no place"),
    ],
)
def test_a_skeleton_that_does_not_fit_is_not_taken(made: Made, lab: EngineLab, tmp_path: Path, change: str, why: str) -> None:
    with_engine(lab, STUDIO.replace("# a place for changes", change), ("skeleton", "skin"))
    outcome = skeleton.run(made.work(tmp_path / "skeleton", "geometry"))
    assert [advice.code for advice in outcome.advice] == ["engine_gave_way_bad_rig"]
    assert why in (tmp_path / "skeleton.log").read_text()


REDRAW = """
import json
import numpy as np
from PIL import Image

def standardise(job: Job):
    picture = np.asarray(Image.open(job.path("image")))
    wish = job.parameters
    assert (wish["plan"], wish["view"], wish["facing"], wish["look"]) == ("quadruped", "side", "right", "photo"), wish
    if wish["seed"] == 1:
        return {"chosen": None, "candidates": [{"file": "0.png", "score": 0.1}], "model": "padding"}
    job.path("out").mkdir()
    room = [(picture.shape[0] // 5,) * 2, (picture.shape[1] // 5,) * 2, (0, 0)]
    for number in range(2):
        wider = np.stack([np.pad(picture[..., k], room[:2], constant_values=(90, 120, 100)[k]) for k in range(3)], -1)
        Image.fromarray(wider.astype(np.uint8)).save(job.path("out") / f"{number}.png")
    return {"chosen": 1, "candidates": [{"file": "0.png", "score": 0.5}, {"file": "1.png", "score": 0.6}], "model": "padding"}

raise SystemExit(main(engine="studio", stages={"standardise": standardise}))
"""


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a job up to its enhanced picture, in which the frame cuts the animal's tail off."""
    folder = tmp_path_factory.mktemp("cut")
    Image.fromarray(toy_animal(alpha=False)[:, 70:]).save(folder / "animal.png")
    run_job(folder / "animal.png", folder / "job", options=Options(), until="enhance")
    return folder / "job"


def reposed(job: Path, folder: Path, **options: Any) -> Outcome:
    folder.mkdir()
    inputs: dict[StageName, Path] = {"intake": job / "intake", "enhance": job / "enhance"}
    return standardise.run(Work(folder=folder, inputs=inputs, options=Options(**options), source=None, progress=lambda _: None))


def test_a_subject_is_redrawn_only_when_it_is_wished(lab: EngineLab, cut_off: Path, tmp_path: Path) -> None:
    with_engine(lab, REDRAW, ("standardise",))
    outcome = reposed(cut_off, tmp_path / "plain")
    assert outcome.engine == "embedded"
    assert not (tmp_path / "plain" / "before.png").exists()
    outcome = reposed(cut_off, tmp_path / "redrawn", repose=True)
    assert outcome.engine == "studio:padding"
    assert "reposed" in [advice.code for advice in outcome.advice]
    before, after = (load_picture(tmp_path / "redrawn" / name) for name in ("before.png", "after.png"))
    assert after.shape[1] == before.shape[1] + 2 * (before.shape[1] // 5)
    assert standardise.STAGE.environment is not None
    assert standardise.STAGE.environment(Options()) != standardise.STAGE.environment(Options(repose=True))


def test_a_photo_that_no_redrawn_one_surpasses_stays(lab: EngineLab, cut_off: Path, tmp_path: Path) -> None:
    with_engine(lab, REDRAW, ("standardise",))
    outcome = reposed(cut_off, tmp_path / "stays", repose=True, seed=1)
    assert outcome.engine == "embedded"
    assert "repose_none" in [advice.code for advice in outcome.advice]
    assert not (tmp_path / "stays" / "after.png").exists()


def test_a_photo_that_shows_it_well_is_left_alone(made: Made, lab: EngineLab, tmp_path: Path) -> None:
    refusing = 'def standardise(job): raise BadInput("nobody should ask")\n'
    with_engine(lab, refusing + 'raise SystemExit(main(engine="studio", stages={"standardise": standardise}))', ("standardise",))
    assert reposed(made.job, tmp_path / "well", repose=True).engine == "embedded"


@pytest.fixture
def failing(lab: EngineLab) -> Spec:
    spec = lab.engine(FAILING)
    lab.put_in_place(spec)
    return spec


Ask = Callable[..., Outcome]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A stage that hands a file over and has two ways."""
    order = tmp_path / "order.txt"

    def do(how: str, engine: str = "auto", suits: bool = True) -> Outcome:
        order.write_text(how)
        (tmp_path / "work").mkdir(exist_ok=True)
        work = Work(folder=tmp_path / "work", inputs={}, options=Options(engine=engine, seed=7), source=None, progress=lambda _: None)

        def foreign(asked: Any) -> Outcome:
            (work.folder / "half.txt").touch()
            values = asked.ask({"image": order}, {"seed": work.options.seed}).values
            return Outcome(metrics={"seed": values["seed"]})

        def embedded(work: Work) -> Outcome:
            assert not list(work.folder.iterdir())
            return Outcome(metrics={"embedded": True})

        return by_choice(work, "geometry", engine=foreign, embedded=embedded, suits=suits)

    return do


def test_a_picture_without_a_surface_is_tried_with_the_next_seed(failing: Spec, ask: Ask, tmp_path: Path) -> None:
    assert ask("surface once").metrics["seed"] == 8
    assert (tmp_path / "asked.txt").read_text() == "7 8"


@pytest.mark.parametrize(("how", "fault"), [("surface", "no_surface"), ("rig", "bad_rig"), ("memory", "out_of_memory")])
def test_auto_gives_way_where_another_may_and_says_so(failing: Spec, ask: Ask, how: str, fault: str) -> None:
    outcome = ask(how)
    assert (outcome.engine, outcome.metrics) == ("embedded", {"embedded": True, "gave_way": "tiny"})
    (told,) = outcome.advice
    assert (told.code, told.level) == (f"engine_gave_way_{fault}", "warning")
    assert "Tiny" in wording.sentence(told.code, told.values)
    with pytest.raises(EngineFailed) as caught:
        ask(how, engine="tiny")
    assert caught.value.fault == fault
    assert "Tiny" in wording.sentence(caught.value.code, caught.value.values, "zh-TW")


@pytest.mark.parametrize(("how", "kind"), [("bug", "internal"), ("weights", "missing_weights")])
def test_a_fault_that_is_ours_is_never_hidden(failing: Spec, ask: Ask, tmp_path: Path, how: str, kind: str) -> None:
    with pytest.raises(EngineFailed) as caught:
        ask(how)
    assert caught.value.kind == kind
    sentence = wording.sentence(caught.value.code, caught.value.values)
    assert "Tiny" in sentence
    log = (tmp_path / "geometry.log").read_text()
    assert "why" in log.splitlines()[0]
    assert "a word on stderr" in log
    assert str(tmp_path / "geometry.log") in sentence or how == "weights"


def test_what_leaves_nothing_to_choose_is_not_asked(failing: Spec, ask: Ask, tmp_path: Path) -> None:
    assert ask("bug", suits=False).engine == "embedded"
    assert ask("bug", engine="embedded").engine == "embedded"
    assert not (tmp_path / "asked.txt").exists()


def test_the_choice_says_why(lab: EngineLab, monkeypatch: pytest.MonkeyPatch) -> None:
    specs = {
        "absent": lab.engine(FAILING, name="absent", rank=90),
        "large": lab.engine(FAILING, name="large", rank=80, gpu_mb=40_000),
        "good": lab.engine(FAILING, name="good", rank=50, gpu_mb=8_000),
        "lower": lab.engine(FAILING, name="lower", rank=20),
        "other": lab.engine(FAILING, name="other", rank=99, stages=("skin",)),
    }
    for name, spec in specs.items():
        if name != "absent":
            lab.put_in_place(spec)
    monkeypatch.setenv("RIGSHOT_GPU_MB", "24000")
    choice = choose("geometry", Options())
    assert choice.candidate is not None
    assert choice.candidate.spec.name == "good"
    passed = {row.spec.name: row.why_not.code for row in choice.passed_over if row.why_not}
    assert passed == {"absent": "engine_not_installed", "large": "engine_needs_larger_gpu", "lower": "engine_not_best"}
    monkeypatch.setenv("RIGSHOT_GPU_MB", "0")
    choice = choose("geometry", Options())
    assert choice.candidate is not None
    assert choice.candidate.spec.name == "lower"
    assert {row.spec.name: row.why_not.code for row in choice.passed_over if row.why_not}["good"] == "engine_needs_gpu"
    monkeypatch.setenv("RIGSHOT_ENGINE_DEVICE", "cpu")
    choice = choose("geometry", Options())
    assert choice.candidate is not None
    assert choice.candidate.spec.name == "large"
    assert choose("texture", Options()).why.code == "engine_why_only"


def test_a_named_engine_does_its_stages_or_the_job_is_refused(lab: EngineLab) -> None:
    named, better = lab.engine(FAILING, name="named", rank=1), lab.engine(FAILING, name="better", rank=9, stages=("geometry", "skin"))
    for spec in (named, better):
        lab.put_in_place(spec)
    chosen = choose("geometry", Options(engine="named"))
    assert chosen.candidate is not None
    assert (chosen.candidate.spec.name, chosen.named) == ("named", True)
    rest = choose("skin", Options(engine="named"))
    assert rest.candidate is not None
    assert (rest.candidate.spec.name, rest.named) == ("better", False)
    with pytest.raises(Refused) as caught:
        choose("skin", Options(engine="nobody"))
    assert "better, named" in wording.sentence(caught.value.code, caught.value.values)
    Place.of("named").record.unlink()
    with pytest.raises(Refused) as caught:
        choose("geometry", Options(engine="named"))
    assert caught.value.code == "engine_unusable"


def test_the_root_is_left_out_for_engines_and_put_back() -> None:
    rig = Rig(
        names=("root", "hips", "chest"),
        parents=np.array([-1, 0, 1], np.int32),
        joints=np.array([[0, 0, 0], [0, 0.5, 0], [0, 0.5, 0.3]], np.float32),
        tails=np.array([[0, 0, 0.1], [0, 0.5, 0.3], [0, 0.5, 0.5]], np.float32),
    )
    handed = without_root(rig)
    assert handed.names == ("hips", "chest")
    assert handed.parents.tolist() == [-1, 0]


def test_the_garage_of_this_process_is_one() -> None:
    assert isinstance(garage(), Garage)
    assert garage() is garage()
