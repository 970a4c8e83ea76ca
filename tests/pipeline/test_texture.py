"""Painting from one photo: true colours in front, none of the background, no face behind."""

from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
import trimesh

from rigshot_pipeline import store
from rigshot_pipeline.asset import Floats, Mesh, Pixels
from rigshot_pipeline.body import Body, BodyPart, BodyPlan, Projection, View
from rigshot_pipeline.embedded.paint import Painted, paint
from rigshot_pipeline.embedded.paint_quality import background_bleed, sharpness_ratio
from rigshot_pipeline.options import Options
from rigshot_pipeline.stage import Work
from rigshot_pipeline.stages.texture import STAGE

SIZE, PIXELS = 512, 440.0
FRONT = Projection(matrix=np.array([[PIXELS, 0, 0, 256], [0, -PIXELS, 0, 476], [0, 0, 1, 0]], np.float32), size=SIZE)
SIDE = Projection(matrix=np.array([[0, 0, PIXELS, 256], [0, -PIXELS, 0, 476], [-1, 0, 0, 0]], np.float32), size=SIZE)
MAGENTA = (255, 0, 255)
BROWN = (140, 90, 50)


def egg() -> trimesh.Trimesh:
    """An egg that stands on the ground, 1 m high, 0.6 m wide."""
    shape = trimesh.creation.icosphere(subdivisions=5, radius=0.5)
    shape.apply_scale([0.6, 1, 0.6])
    shape.apply_translation([0, 0.5, 0])
    return shape


def body_of(count: int, view: View) -> Body:
    """A body of one upright trunk."""
    trunk = BodyPart(
        name="trunk",
        kind="trunk",
        side="centre",
        parent=None,
        path=np.array([[0, 0.2, 0], [0, 0.8, 0]], np.float32),
        radius=np.full(2, 0.3, np.float32),
    )
    return Body(plan="quadruped", view=view, parts=(trunk,), vertex_part=np.zeros(count, np.int32))


def egg_mask(grow: int = 0) -> Pixels:
    mask = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(mask, (256, 256), (int(0.3 * PIXELS) + grow, int(0.5 * PIXELS) + grow), 0, 0, 360, 255, -1)
    return mask


def with_alpha(colour: Pixels, alpha: Pixels) -> Pixels:
    return np.dstack([colour, alpha])


def furry(colour: tuple[int, int, int], *, seed: int = 1) -> Pixels:
    grain = cv2.GaussianBlur(np.random.default_rng(seed).normal(0, 60, (SIZE, SIZE)).astype(np.float32), (0, 0), 1.2)
    return np.clip(np.array(colour, np.float32) + grain[..., None], 0, 255).astype(np.uint8)


def painted(colour: Pixels, alpha: Pixels, *, camera: Projection = FRONT, view: View = "front", seed: int = 0, **extra: object) -> Painted:
    shape = egg()
    mesh = Mesh(vertices=shape.vertices.astype(np.float32), faces=shape.faces.astype(np.int32))
    cutout = with_alpha(colour, alpha)
    kind = extra.get("kind", "photo")
    assert kind in ("photo", "drawing", "sprite")
    frame = np.asarray(extra.get("frame", np.eye(3)), np.float32)
    return paint(
        mesh, body_of(len(mesh.vertices), view), camera, cutout, colour, kind=kind, canonical_from_photo=frame, size=512, seed=seed
    )


def texel_points(result: Painted) -> tuple[Floats, Floats, Pixels]:
    """Places (n, 3), normals (n, 3) and colours (n, 3) of the atlas at its faces' middles."""
    mesh = result.mesh
    assert mesh.uv is not None and mesh.normals is not None
    middle = (mesh.uv[mesh.faces].mean(1) * len(result.albedo)).astype(int)
    return mesh.vertices[mesh.faces].mean(1), mesh.normals[mesh.faces].mean(1), result.albedo[middle[:, 1], middle[:, 0]]


def test_the_front_shows_the_photo() -> None:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    colour = np.stack([columns // 2, rows // 2, np.full_like(rows, 60)], -1).astype(np.uint8)
    place, normal, found = texel_points(painted(colour, egg_mask()))
    front = normal[:, 2] > 0.75
    at = FRONT.project(place[front])
    np.testing.assert_allclose(found[front], np.stack([at[:, 0] / 2, at[:, 1] / 2, np.full(len(at), 60)], -1), atol=3)


@pytest.mark.parametrize("grow", [0, 9], ids=["exact", "generous"])
def test_no_background_reaches_the_texture(grow: int) -> None:
    colour = furry(BROWN)
    outside = cv2.dilate(egg_mask(), np.ones((3, 3), np.uint8)) == 0
    colour[outside] = MAGENTA
    soft = cv2.GaussianBlur(colour, (0, 0), 1.5)  # the camera mixes both along the outline
    result = painted(soft, egg_mask(grow))
    texels = result.albedo[result.owner >= 0].astype(int)
    assert (texels[:, 2] > texels[:, 1] + 25).sum() == 0
    assert background_bleed(result.albedo, result.owner, with_alpha(soft, egg_mask(grow)), soft, seed=0) == 0


def test_bleeding_is_noticed() -> None:
    colour = furry(BROWN)
    colour[egg_mask() == 0] = MAGENTA
    result = painted(colour, egg_mask())
    albedo = result.albedo.copy()
    albedo[: len(albedo) // 4] = MAGENTA
    share = (result.owner[: len(albedo) // 4] >= 0).sum() / (result.owner >= 0).sum()
    found = background_bleed(albedo, result.owner, with_alpha(colour, egg_mask()), colour, seed=0)
    assert found == pytest.approx(share, abs=0.02)


def test_the_back_of_a_frontal_view_has_no_face_but_the_coat() -> None:
    colour = furry(BROWN)
    for column in (226, 286):
        cv2.circle(colour, (column, 160), 16, (0, 255, 0), -1)
    result = painted(colour, egg_mask())
    _, normal, found = texel_points(result)
    green = found[:, 1].astype(int) - found[:, 0]
    assert (green[normal[:, 2] > 0.5] > 60).any()
    assert (green[normal[:, 2] < -0.1] > 25).sum() == 0
    back = found[normal[:, 2] < -0.3].astype(float)
    np.testing.assert_allclose(back.mean(0), BROWN, atol=8)
    assert sharpness_ratio(result.albedo, result.owner, result.known) > 0.7


def spotted() -> Pixels:
    """Fur with dark spots, about 0.07 of the side from one to the next."""
    random = np.random.default_rng(7)
    waves = cv2.GaussianBlur(random.normal(0, 1, (SIZE, SIZE)).astype(np.float32), (0, 0), 9)
    dark = cv2.GaussianBlur((waves > 0.3 * waves.std()).astype(np.float32), (0, 0), 1.5)
    grain = cv2.GaussianBlur(random.normal(0, 40, (SIZE, SIZE)).astype(np.float32), (0, 0), 0.8)
    return np.clip(np.array((180, 140, 100), np.float32) + (grain - 60 * dark)[..., None], 0, 255).astype(np.uint8)


def test_spots_go_on_over_the_back_and_no_eye_does() -> None:
    colour = spotted()
    for column in (226, 286):
        cv2.circle(colour, (column, 160), 16, (0, 255, 0), -1)
    result = painted(colour, egg_mask())
    _, normal, found = texel_points(result)
    grey = found.astype(float).mean(1)
    front = normal[:, 2] > 0.6
    front[found[:, 1] > found[:, 0].astype(int) + 30] = False
    for others in (normal[:, 2] < -0.5, np.abs(normal[:, 2]) < 0.2):
        assert grey[others].std() > 0.7 * grey[front].std()
        assert abs(grey[others].mean() - grey[front].mean()) < 15
    green = found[:, 1].astype(int) - found[:, 0]
    assert (green[normal[:, 2] < 0] > 25).mean() < 0.002


@pytest.mark.parametrize("plan", ["quadruped", "biped"])
def test_smooth_spots_of_paint_and_of_clothes_stay_in_front(plan: BodyPlan) -> None:
    colour = spotted() if plan == "biped" else cv2.medianBlur(spotted(), 9)
    shape = egg()
    mesh = Mesh(vertices=shape.vertices.astype(np.float32), faces=shape.faces.astype(np.int32))
    body = Body(plan=plan, view="front", parts=body_of(1, "front").parts, vertex_part=np.zeros(len(mesh.vertices), np.int32))
    frame = np.eye(3, dtype=np.float32)
    cutout = with_alpha(colour, egg_mask())
    result = paint(mesh, body, FRONT, cutout, colour, kind="photo", canonical_from_photo=frame, size=512, seed=0)
    _, normal, found = texel_points(result)
    grey = found.astype(float).mean(1)
    assert grey[normal[:, 2] < -0.5].std() < 0.6 * grey[normal[:, 2] > 0.6].std()


def test_smooth_paint_stays_smooth_behind() -> None:
    colour = np.full((SIZE, SIZE, 3), BROWN, np.uint8)
    for row in range(60, 480, 40):
        cv2.line(colour, (200, row), (312, row + 8), (20, 20, 20), 2)
    _, normal, found = texel_points(painted(colour, egg_mask()))
    back = found[normal[:, 2] < -0.3].astype(float)
    assert back.std(0).max() < 4


def test_bands_go_on_around_the_body() -> None:
    colour = np.full((SIZE, SIZE, 3), (200, 60, 40), np.uint8)
    colour[220:320] = (40, 60, 200)
    place, normal, found = texel_points(painted(colour, egg_mask()))
    height = FRONT.project(place)[:, 1]
    behind = normal[:, 2] < -0.5
    band = behind & (height > 245) & (height < 295)
    other = behind & ((height < 180) | (height > 360))
    assert (found[band, 2] > 150).mean() > 0.95
    assert (found[other, 0] > 150).mean() > 0.95


def test_the_far_side_of_a_side_view_is_the_mirror_image() -> None:
    colour = furry(BROWN)
    cv2.circle(colour, (330, 160), 20, (0, 255, 0), -1)
    place, normal, found = texel_points(painted(colour, egg_mask(), camera=SIDE, view="side"))
    eye = SIDE.project(place)[:, :2] - [330, 160]
    eye = np.hypot(eye[:, 0], eye[:, 1])
    for side in (normal[:, 0] < -0.5, normal[:, 0] > 0.5):
        assert (found[side & (eye < 14), 1] > 200).all()
        assert (found[side & (eye > 30), 1] < 200).all()


def test_what_stands_before_something_does_not_colour_it() -> None:
    """A small green ball before a large brown one: the large one is brown behind it too."""
    large, small = trimesh.creation.icosphere(subdivisions=5, radius=0.5), trimesh.creation.icosphere(subdivisions=4, radius=0.1)
    large.apply_translation([0, 0.5, 0])
    small.apply_translation([0, 0.5, 0.8])
    vertices = np.vstack([large.vertices, small.vertices]).astype(np.float32)
    faces = np.vstack([large.faces, small.faces + len(large.vertices)]).astype(np.int32)
    colour = np.full((SIZE, SIZE, 3), BROWN, np.uint8)
    cv2.circle(colour, (256, 256), 44, (0, 255, 0), -1)
    alpha = np.zeros((SIZE, SIZE), np.uint8)
    cv2.circle(alpha, (256, 256), 220, 255, -1)
    paths = np.array([[0, 0.2, 0], [0, 0.8, 0]], np.float32), np.array([[0, 0.5, 0.6], [0, 0.5, 0.9]], np.float32)
    parts = (
        BodyPart(name="trunk", kind="trunk", side="centre", parent=None, path=paths[0], radius=np.full(2, 0.5, np.float32)),
        BodyPart(name="leg_fore_left", kind="leg", side="left", parent="trunk", path=paths[1], radius=np.full(2, 0.1, np.float32)),
    )
    owner = np.repeat([0, 1], [len(large.vertices), len(small.vertices)]).astype(np.int32)
    mesh = Mesh(vertices=vertices, faces=faces)
    result = paint(
        mesh, Body(plan="quadruped", view="front", parts=parts, vertex_part=owner), FRONT, with_alpha(colour, alpha), colour,
        kind="photo", canonical_from_photo=np.eye(3, dtype=np.float32), size=512, seed=0,
    )  # fmt: skip
    place, _, found = texel_points(result)
    mine = np.linalg.norm(place - [0, 0.5, 0], axis=1) < 0.52
    assert (found[mine, 1].astype(int) - found[mine, 0] > 30).sum() == 0
    front = ~mine & (place[:, 2] > 0.86)
    assert (found[front, 1] > 200).all()


@pytest.mark.parametrize(("plan", "kind", "worn"), [("biped", "photo", True), ("quadruped", "photo", False), ("biped", "drawing", False)])
def test_clothes_go_around_a_person_only(plan: BodyPlan, kind: Literal["photo", "drawing"], worn: bool) -> None:
    colour = furry(BROWN)
    shape = egg()
    mesh = Mesh(vertices=shape.vertices.astype(np.float32), faces=shape.faces.astype(np.int32))
    trunk = body_of(len(mesh.vertices), "front").parts[0]
    arm = BodyPart(name="arm_left", kind="arm", side="left", parent="trunk", path=trunk.path, radius=trunk.radius)
    body = Body(plan=plan, view="front", parts=(trunk, arm), vertex_part=np.zeros(len(mesh.vertices), np.int32))
    frame = np.eye(3, dtype=np.float32)
    result = paint(mesh, body, FRONT, with_alpha(colour, egg_mask()), colour, kind=kind, canonical_from_photo=frame, size=1024, seed=0)
    place, normal, found = texel_points(result)
    back = normal[:, 2] < -0.8
    at = FRONT.project(place[back]).astype(int)
    likeness = np.corrcoef(found[back, 0], colour[at[:, 1], at[:, 0], 0])[0, 1]
    assert (likeness > 0.5) == worn


def test_a_sprite_keeps_its_colours_and_its_hard_pixels() -> None:
    random = np.random.default_rng(3)
    palette = np.array([(200, 30, 30), (30, 30, 200), (240, 220, 40), (20, 20, 20)], np.uint8)
    blocks = palette[random.integers(4, size=(32, 32))]
    colour = np.kron(blocks, np.ones((16, 16, 1), np.uint8))
    result = painted(colour, egg_mask(), kind="sprite", frame=np.diag([16.0, 16.0, 1.0]))
    colours = {tuple(row) for row in result.albedo.reshape(-1, 3)}
    assert colours <= {tuple(row) for row in palette}
    place, normal, found = texel_points(result)
    at = FRONT.project(place)[:, :2] / 16
    inside = (normal[:, 2] > 0.3) & (np.abs(at - np.floor(at) - 0.5).max(1) < 0.4)
    block = at[inside].astype(int)
    assert (found[inside] == blocks[block[:, 1], block[:, 0]]).all(1).mean() > 0.99


def test_the_outline_of_a_sprite_is_a_line_in_front_and_no_band_on_the_sides() -> None:
    step = 16
    small = cv2.resize(egg_mask(), (SIZE // step, SIZE // step), interpolation=cv2.INTER_AREA) > 127
    inner = cv2.erode(small.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    blocks = np.where(inner[..., None], np.array((220, 160, 90), np.uint8), np.array((20, 15, 25), np.uint8))
    colour, alpha = (np.kron(sheet, np.ones((step, step) + (1,) * (sheet.ndim - 2), np.uint8)) for sheet in (blocks, small * np.uint8(255)))
    result = painted(colour, alpha, kind="sprite", frame=np.diag([float(step), float(step), 1.0]))
    _, normal, found = texel_points(result)
    dark = found.max(1) < 80
    assert dark[(normal[:, 2] > 0.4) & (normal[:, 2] < 0.6)].mean() > 0.3
    assert dark[(normal[:, 2] > 0.2) & (normal[:, 2] < 0.3)].mean() < 0.3
    assert not dark[normal[:, 2] < 0.1].any()


def test_a_drawing_keeps_its_strokes_in_front_and_its_paint_behind() -> None:
    colour = np.full((SIZE, SIZE, 3), (235, 230, 220), np.uint8)
    cv2.ellipse(colour, (256, 256), (int(0.3 * PIXELS) - 4, int(0.5 * PIXELS) - 4), 0, 0, 360, (30, 30, 120), 10)
    cv2.line(colour, (230, 200), (282, 200), (30, 30, 120), 6)
    place, normal, found = texel_points(painted(colour, egg_mask(), kind="drawing"))
    mouth = np.abs(FRONT.project(place)[:, :2] - [256, 200]).max(1) < 3
    assert (found[mouth & (normal[:, 2] > 0), 0] < 80).all()
    assert (found[normal[:, 2] < -0.2, 0] > 200).all()


def test_the_gaps_between_the_charts_continue_the_charts() -> None:
    result = painted(np.full((SIZE, SIZE, 3), BROWN, np.uint8), egg_mask())
    assert (result.owner < 0).any()
    assert np.abs(result.albedo.astype(int) - BROWN).max() <= 3


def test_the_seed_decides_and_nothing_else() -> None:
    first, second, third = (painted(furry(BROWN), egg_mask(), seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.albedo, second.albedo)
    assert (first.albedo != third.albedo).any()


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255)])
def test_a_speck_of_a_cutout_still_paints(colour: tuple[int, int, int]) -> None:
    alpha = np.zeros((SIZE, SIZE), np.uint8)
    alpha[255:257, 255:257] = 150
    result = painted(np.full((SIZE, SIZE, 3), colour, np.uint8), alpha)
    assert np.abs(result.albedo.astype(int) - colour).max() <= 2


def test_the_stage_writes_mesh_and_atlas(tmp_path: Path) -> None:
    folders = {name: tmp_path / name for name in ("standardise", "cutout", "geometry", "texture")}
    for folder in folders.values():
        folder.mkdir()
    shape = egg()
    count = len(shape.vertices)
    mesh = Mesh(vertices=shape.vertices.astype(np.float32), faces=shape.faces.astype(np.int32))
    colour = furry(BROWN)
    store.save_picture(folders["standardise"] / "picture.png", colour)
    store.save_json(folders["standardise"] / "subject.json", {"kind": "photo", "canonical_from_photo": np.eye(3).tolist()})
    store.save_picture(folders["cutout"] / "cutout.png", with_alpha(colour, egg_mask()))
    store.save_mesh(folders["geometry"] / "mesh.npz", mesh)
    store.save_body(folders["geometry"] / "body.npz", body_of(count, "front"))
    store.save_projection(folders["geometry"] / "camera.json", FRONT)
    work = Work(
        folder=folders["texture"],
        inputs={"standardise": folders["standardise"], "cutout": folders["cutout"], "geometry": folders["geometry"]},
        options=Options(),
        source=tmp_path / "nothing",
        progress=lambda fraction: None,
    )
    outcome = STAGE.run(work)
    split, albedo = store.load_mesh(folders["texture"] / "mesh.npz"), store.load_picture(folders["texture"] / "albedo.png")
    assert albedo.shape == (1024, 1024, 3)
    assert split.uv is not None and split.normals is not None and split.source is not None and split.source.max() < count
    assert outcome.metrics["atlas_size"] == 1024
    assert outcome.metrics["background_bleed"] == 0
