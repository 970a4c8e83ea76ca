"""The report as one picture: what came in, what each stage made of it, the model from all sides, and the figures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

import cv2
import numpy as np

from ..asset import Asset, Clip, Floats, Pixels, Rig
from ..pose import clip_matrices, skin_vertices
from ..stage import StageName
from ..store import load_json, load_picture
from .backdrop import srgb
from .bones import bones_of
from .camera import Camera, fit, orbit
from .canvas import LEFT, MARGIN, WIDTH, Canvas, Ink, checkered, fitted, tile_side
from .raster import TO_LINEAR, TO_SRGB, Paint
from .studio import Studio
from .turntable import PITCH, in_order

__all__ = ["report_sheet"]

Wish = TypeVar("Wish")

_TALLEST = 6000
_HERO = 640
_FRAMES = 6  # pictures of the clip that is shown at length
_NOTHING = (238, 238, 236)  # around a picture that is not square
_TABLE_GAP = 52
_SMALL = 17  # letters of the tables
_FILL = 0.8


def report_sheet(inputs: Mapping[StageName, Path], asset: Asset, facts: Mapping[str, Any], *, first_yaw: float) -> Pixels:
    """The sheet (H, 1600, 3) sRGB. ``facts`` as ``reporting.facts`` gives them; ``first_yaw`` the photo's view in degrees."""
    set_up = _SetUp.of(asset, first_yaw)
    canvas = Canvas(height=_TALLEST, ink=set_up.ink)
    _head(canvas, inputs, facts)
    _origin(canvas, inputs, facts)
    _shape(canvas, set_up, facts["figures"])
    _colour(canvas, set_up)
    _rig(canvas, set_up)
    _movement(canvas, set_up)
    _numbers(canvas, facts)
    _words(canvas, facts)
    return canvas.finish()


@dataclass(frozen=True, kw_only=True)
class _SetUp:
    """The model in its studio, and the camera that all views share but for their direction."""

    asset: Asset
    studio: Studio
    first_yaw: float
    middle: Floats
    span: float

    @classmethod
    def of(cls, asset: Asset, first_yaw: float) -> Self:
        vertices = asset.mesh.vertices
        middle: Floats = ((vertices.min(0) + vertices.max(0)) / 2).astype(np.float32)
        spans = [fit(orbit(first_yaw + turn, PITCH), vertices, fill=_FILL).span for turn in range(0, 360, 45)]
        return cls(asset=asset, studio=Studio.of(asset), first_yaw=first_yaw, middle=middle, span=max(spans))

    @property
    def ink(self) -> Ink:
        """The page's colours go with the studio's paper."""
        _, a, b = self.studio.paper
        return Ink(paper=srgb((0.985, a * 0.3, b * 0.3)), line=srgb((0.9, a * 0.6, b * 0.6)))

    def view(self, yaw: float, side: int, *, studio: Studio | None = None, vertices: Floats | None = None) -> Pixels:
        studio = studio or self.studio
        posed = self.asset.mesh.vertices if vertices is None else vertices
        return studio.shoot(studio.light(posed, self.camera(yaw), studio.backdrop(width=side, height=side)))

    def camera(self, yaw: float) -> Camera:
        return orbit(yaw, PITCH, target=self.middle, span=self.span, distance=3 * self.span)


def _head(canvas: Canvas, inputs: Mapping[StageName, Path], facts: Mapping[str, Any]) -> None:
    """The poster with the name, the summary and the few figures that everybody reads."""
    top = canvas.y
    canvas.tile(load_picture(inputs["preview"] / "poster.png"), x=MARGIN, y=top, side=_HERO)
    x = MARGIN + _HERO + 56
    width = WIDTH - MARGIN - x
    figures = facts["figures"]
    y = top + 10
    y += canvas.write("RIGSHOT", x=x, y=y, size=18, colour=canvas.ink.quiet) + 6
    y += canvas.write(str(facts["name"]), x=x, y=y, size=58 if len(facts["name"]) < 18 else 36, width=width, bold=True) + 14
    for sentence in facts["summary"]["en"][:-1]:
        y += canvas.write(sentence, x=x, y=y, size=22, colour=canvas.ink.text, width=width) + 8
    cells = (
        (f"{100 * figures['silhouette_iou']:.0f} %", "outline match"),
        (f"{figures['joints']}", "joints"),
        (f"{figures['triangles'] / 1000:.1f} k", "triangles"),
        (f"{facts['seconds']:.1f} s", "on this machine"),
    )
    step = width // len(cells)
    for place, (number, label) in enumerate(cells):
        canvas.write(number, x=x + place * step, y=top + _HERO - 92, size=42, bold=True)
        canvas.write(label, x=x + place * step, y=top + _HERO - 30, size=18, colour=canvas.ink.quiet)
    canvas.y = top + _HERO


def _origin(canvas: Canvas, inputs: Mapping[StageName, Path], facts: Mapping[str, Any]) -> None:
    """The photo and what the first stages made of it."""
    canvas.section("From the photo", "The subject found, enlarged where it needs it, put upright into a square, and cut out.")
    subject, made = facts["subject"], load_json(inputs["enhance"] / "picture.json")
    photo, enhanced = load_picture(inputs["intake"] / "photo.png"), load_picture(inputs["enhance"] / "picture.png")
    standard, cutout = load_picture(inputs["standardise"] / "picture.png"), load_picture(inputs["cutout"] / "cutout.png")
    frame = np.array(load_json(inputs["standardise"] / "subject.json")["canonical_from_photo"])
    side, scale = tile_side(4), made["scale"]
    tiles = (
        fitted(_boxed(photo, cutout[..., 3], frame), side, _NOTHING),
        fitted(enhanced, side, _NOTHING),
        fitted(standard, side, _NOTHING),
        checkered(cutout, side),
    )
    captions = (
        f"{made['kind']}, {photo.shape[1]} x {photo.shape[0]} pixels",
        "resolution kept" if scale == 1 else f"resolution raised {scale:g} times",
        f"{subject['view'].replace('_', '-')} view, {subject['pose']}" + (", mirrored" if subject["mirrored"] else ""),
        f"cut out ({subject['source']}), confidence {subject['confidence']:.2f}",
    )
    canvas.tiles(tiles, captions)


def _boxed(photo: Pixels, alpha: Pixels, canonical_from_photo: Floats) -> Pixels:
    """The photo with the frame of the subject that was found in it."""
    rows, columns = np.flatnonzero((alpha >= 128).any(1)), np.flatnonzero((alpha >= 128).any(0))
    drawn = np.ascontiguousarray(photo).copy()
    if not len(rows):
        return drawn
    left, right, top, bottom = columns[0], columns[-1] + 1, rows[0], rows[-1] + 1
    corners = np.array([[left, top, 1], [right, top, 1], [right, bottom, 1], [left, bottom, 1]], np.float64)
    places = corners @ np.linalg.inv(canonical_from_photo).T
    points = np.round(places[:, :2] / places[:, 2:]).astype(np.int32)
    thick = max(round(max(photo.shape[:2]) / 160), 1)
    colour = (255, 176, 32, 255)[: photo.shape[2]]
    return np.asarray(cv2.polylines(drawn, [points], True, colour, thick, cv2.LINE_AA), np.uint8)


def _shape(canvas: Canvas, model: _SetUp, figures: Mapping[str, Any]) -> None:
    canvas.section("Shape", f"{figures['triangles']:,} triangles, {'closed' if figures['watertight'] else 'open'}.")
    clay, side = model.studio.in_clay(), tile_side(5)
    views = ((-90.0, "right side"), (-45.0, "three-quarter"), (0.0, "front"), (90.0, "left side"), (180.0, "back"))
    canvas.tiles(_all(lambda view: model.view(view[0], side, studio=clay), views), [name for _, name in views])


def _colour(canvas: Canvas, model: _SetUp) -> None:
    rows, columns = model.asset.albedo.shape[:2]
    canvas.section("Colour", "The photo on the side it shows; the other sides continued from it.")
    side = tile_side(5)
    views = ((0, "as in the photo"), (45, "45 degrees on"), (135, "135 degrees on"), (180, "the far side"))
    pictures = _all(lambda view: model.view(model.first_yaw + view[0], side), views)
    canvas.tiles([*pictures, fitted(model.asset.albedo, side, _NOTHING)], [name for _, name in views] + [f"atlas, {columns} x {rows}"])


def _rig(canvas: Canvas, model: _SetUp) -> None:
    rig, side = model.asset.rig, tile_side(4)
    canvas.section("Skeleton", f"{len(rig.names)} joints: the left side warm, the right side cool. Weights: a colour for each joint.")
    still = np.tile(np.eye(4, dtype=np.float32), (len(rig.names), 1, 1))
    still[:, :3, 3] = rig.joints
    bones, glass = bones_of(rig), model.studio.in_glass()
    ground = glass.backdrop(width=side, height=side)
    weighted = replace(model.studio, paint=Paint.of(model.asset.mesh, colours=_weight_colours(rig)))
    yaws = (model.first_yaw, model.first_yaw + 40)

    def skeleton(yaw: float) -> Pixels:
        scene = glass.light(model.asset.mesh.vertices, model.camera(yaw), ground)
        return glass.see_through(scene, bones.posed(still), bones.colours)

    skeletons, weights = _all(skeleton, yaws), _all(lambda yaw: model.view(yaw, side, studio=weighted), yaws)
    canvas.tiles(skeletons + weights, ["as in the photo", "40 degrees on", "weights", "40 degrees on"])


def _all(draw: Callable[[Wish], Pixels], wishes: Sequence[Wish]) -> list[Pixels]:
    """``draw`` for every wish, on all cores."""
    return list(in_order(lambda place: draw(wishes[place]), len(wishes)))


def _weight_colours(rig: Rig) -> Pixels:
    """A colour for each vertex (V, 3): its joints' colours, mixed as its weights are."""
    colours = np.array([srgb(colour) for colour in _joint_colours(rig)], np.uint8)
    weights = rig.weights if rig.weights is not None else np.zeros((0, len(rig.names)), np.float32)
    mixed = weights @ TO_LINEAR[colours]
    return np.asarray(TO_SRGB[np.round(np.clip(mixed, 0, 1) * (len(TO_SRGB) - 1)).astype(np.int64)], np.uint8)


def _joint_colours(rig: Rig) -> list[tuple[float, float, float]]:
    """OKLab: a hue for each chain of joints (golden angle: far from the last one's), light and dark in turn along it."""
    children = np.bincount(rig.parents[1:], minlength=len(rig.names))
    chain, place = [0] * len(rig.names), [0] * len(rig.names)
    for joint in range(1, len(rig.names)):
        parent = int(rig.parents[joint])
        goes_on = children[parent] == 1 and joint > 1  # the root's child begins the spine
        chain[joint] = chain[parent] if goes_on else max(chain) + 1
        place[joint] = place[parent] + 1 if goes_on else 0
    angles = [2.399963 * number for number in chain]
    return [
        (0.74 if step % 2 else 0.52, 0.15 * float(np.cos(angle)), 0.15 * float(np.sin(angle)))
        for angle, step in zip(angles, place, strict=True)
    ]


def _movement(canvas: Canvas, model: _SetUp) -> None:
    clips = model.asset.clips
    if not clips:
        return
    first, others = clips[0], clips[1 : 1 + _FRAMES]
    canvas.section("Movement", f"{len(clips)} clips; “{first.name}” in steps, the others at their widest.")
    side, yaw = tile_side(_FRAMES), model.first_yaw + 25
    moments = [first.seconds * place / _FRAMES for place in range(_FRAMES)]
    strip = _all(lambda moment: model.view(yaw, side, vertices=_posed(model.asset, first, moment)), moments)
    canvas.tiles(strip, [f"{first.name}, {moment:.2f} s" for moment in moments])
    if others:
        canvas.y += 10
        pictures = _all(lambda clip: model.view(yaw, side, vertices=_posed(model.asset, clip, _telling_moment(clip))), others)
        canvas.tiles(pictures, [f"{clip.name}, {clip.seconds:.1f} s" for clip in others], columns=_FRAMES)


def _telling_moment(clip: Clip) -> float:
    """When the clip is farthest from the bind pose."""
    turned = (1 - np.abs(clip.rotations[:, :, 3])).sum(1)
    return float(clip.times[int(turned.argmax())])


def _posed(asset: Asset, clip: Clip, moment: float) -> Floats:
    return skin_vertices(asset.mesh.vertices, asset.rig, clip_matrices(asset.rig, clip, moment)).astype(np.float32)


def _numbers(canvas: Canvas, facts: Mapping[str, Any]) -> None:
    """Three tables side by side: the model, its clips, the stages."""
    canvas.section("Figures", "Lengths with a subject of one metre; times and the process's peak memory on this machine.")
    width = (WIDTH - MARGIN - LEFT - 2 * _TABLE_GAP) // 3
    places = [LEFT + column * (width + _TABLE_GAP) for column in range(3)]
    heights = (
        canvas.table(_model_rows(facts["figures"]), x=places[0], y=canvas.y, columns=(width,), size=_SMALL),
        _clip_table(canvas, facts["clips"], places[1], width),
        _stage_table(canvas, facts["stages"], places[2], width),
    )
    canvas.y += max(heights)


def _model_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    bleed = figures["background_bleed"]
    return [
        ("outline as in the photo, IoU", f"{figures['silhouette_iou']:.3f}"),
        ("background in the coat's rim", "none to bleed" if bleed is None else f"{100 * bleed:.1f} %"),
        ("distance to its mirror image", f"{100 * figures['symmetry_error']:.1f} % of its size"),
        ("closed surface", "yes" if figures["watertight"] else "no"),
        ("components / genus", f"{figures['components']} / {figures['genus'] if figures['genus'] is not None else '-'}"),
        ("vertices / triangles", f"{figures['vertices']:,} / {figures['triangles']:,}"),
        ("joints / limbs that bend", f"{figures['joints']} / {figures['limbs_with_chain']} of {figures['limbs']}"),
        ("weight step, mean / p99", f"{figures['weight_step_mean']:.3f} / {figures['weight_step_p99']:.3f}"),
        ("joints per vertex, at most", f"{figures['weight_influences']}"),
        ("texture detail, near / far side", f"{figures['detail_front']:.2f} / {figures['detail_back']:.2f}"),
    ]


def _clip_table(canvas: Canvas, clips: Sequence[Mapping[str, Any]], x: int, width: int) -> int:
    head = ("clip", "stretch", "over 2x", "slide", "sink")
    rows = [
        (
            clip["name"],
            f"{clip['stretch_p99']:.2f}",
            f"{100 * clip['over_2']:.2f} %",
            _millimetres(clip["slide"]),
            _millimetres(clip["sink"]),
        )
        for clip in clips
    ]
    columns = (round(width * 0.44), round(width * 0.66), round(width * 0.83), width)
    return canvas.table([head, *rows], x=x, y=canvas.y, columns=columns, size=_SMALL)


def _millimetres(metres: float) -> str:
    return f"{1000 * metres:.0f} mm"


def _stage_table(canvas: Canvas, stages: Sequence[Mapping[str, Any]], x: int, width: int) -> int:
    rows = [(stage["stage"], f"{stage['seconds']:.2f} s", f"{stage['peak_mb']:.0f} MB") for stage in stages]
    longest = max((stage["seconds"] for stage in stages), default=0.0)
    room = round(width * 0.30)
    for place, stage in enumerate(stages):
        length = round(room * stage["seconds"] / longest) if longest else 0
        canvas.bar(x=x + round(width * 0.27), y=canvas.y + place * canvas.step(_SMALL) + 4, width=length, height=12, colour=canvas.ink.line)
    return canvas.table(rows, x=x, y=canvas.y, columns=(round(width * 0.76), width), size=_SMALL)


def _words(canvas: Canvas, facts: Mapping[str, Any]) -> None:
    """What the person could do better, and who made this."""
    canvas.section("Advice and licences")
    width = (WIDTH - MARGIN - LEFT - _TABLE_GAP) // 2
    y = z = canvas.y
    for said in facts["advice"] or ({"en": "Nothing to complain about in this photo."},):
        y += canvas.write(said["en"], x=LEFT, y=y, size=18, width=width) + 10
    for sentence in facts["licences"]["en"]:
        z += canvas.write(sentence, x=LEFT + width + _TABLE_GAP, y=z, size=18, colour=canvas.ink.quiet, width=width) + 10
    canvas.y = max(y, z)
