"""From an animal to what is drawn of it: its skin, eyes and nose as pixels, its coat as hairs; and the command line."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from camera import Camera, Image32, Light, see
from features import Eye, around_eyes, paint_eye, paint_nose
from fur import Groom, Roots, grow, scatter
from noise import value_noise
from numpy.typing import NDArray
from PIL import Image
from solid import Field, Sculpture, Vectors, sample
from strands import draw, shade

SAMPLES = Path(__file__).resolve().parents[2] / "samples"

DARK = np.array([0.018, 0.013, 0.012])  # lids and lips


@dataclass(frozen=True, kw_only=True)
class Hairs:
    """Hairs ready to draw: points and linear RGB (N x JOINTS x 3), widths in cm, opacity."""

    points: NDArray[np.float32]
    colours: NDArray[np.float32]
    widths: Vectors
    opacity: float = 0.92

    def draw(self, camera: Camera, depth: Image32, picture: Image32, *others: "Hairs") -> None:
        """Draw them, mixed in depth with `others`, over the picture (H x W x 4) where `depth` (H x W) does not hide them."""
        every = (self, *others)
        draw(
            np.concatenate([hairs.points for hairs in every]),
            np.concatenate([hairs.colours for hairs in every]),
            np.concatenate([hairs.widths for hairs in every]),
            np.concatenate([np.full(len(hairs.widths), hairs.opacity) for hairs in every]),
            camera,
            depth,
            picture,
        )


@dataclass(frozen=True, kw_only=True)
class Animal:
    """What makes an animal: body and nose, eyes, and fields over points (N x 3) of its skin.

    `coat(points, normals, noise)` gives the colours at the roots and the tips of hairs, `bare(points)` where none grow,
    `lips(points)` the distance in cm to dark lines in the coat, and `bristles(rng)` claws and whiskers: points
    (N x JOINTS x 3), colours (N x 3), widths (N).
    """

    body: Sculpture
    nose: Sculpture
    nose_colour: Vectors
    eyes: tuple[Eye, ...]
    coat: Callable[[Vectors, Vectors, Vectors], tuple[Vectors, Vectors]]
    bare: Callable[[Vectors], NDArray[np.bool_]]
    lips: Callable[[Vectors], Vectors]
    bristles: Callable[[np.random.Generator], tuple[NDArray[np.float32], Vectors, Vectors]]


def _fraying(points: Vectors) -> Vectors:
    """What frays the borders of markings, in cm: N x 3."""
    return np.stack([value_noise(points, 2.2, 11 + k) + 0.5 * value_noise(points, 0.8, 21 + k) for k in range(3)], 1)


def skin(animal: Animal, field: Field, camera: Camera, light: Light) -> tuple[Image32, Image32]:
    """All but the hairs: a picture (H x W x 4, premultiplied linear RGBA) and its depth (H x W, cm; 1e9 where nothing is)."""
    depth, normals = see(field, camera)
    rows, columns = np.nonzero(depth[::3, ::3] < 1e8)  # under the hairs every third pixel is plenty
    points = camera.points_at(3 * rows, 3 * columns, depth[::3, ::3][rows, columns])
    roots, _ = animal.coat(points, normals[::3, ::3][rows, columns].astype(float), _fraying(points))
    coarse = np.zeros((*depth[::3, ::3].shape, 3), np.float32)
    coarse[rows, columns] = 0.30 * roots
    picture = np.zeros((*depth.shape, 4), np.float32)
    hit = depth < 1e8
    picture[hit, :3] = cv2.resize(coarse, (camera.width, camera.height))[hit]
    picture[hit, 3] = 1
    paint_nose(sample(animal.nose.solid(), step=0.07, margin=1), camera, light, picture, depth, colour=animal.nose_colour)
    for eye in animal.eyes:
        paint_eye(eye, camera, light, picture, depth)
    return picture, depth


def coat(animal: Animal, field: Field, camera: Camera, light: Light, *, count: int, groom: Groom, gloss: float = 0.05, seed: int) -> Hairs:
    """About `count` hairs, whiskers and claws, combed, coloured and lit."""
    rng = np.random.default_rng(seed)
    roots = scatter(animal.body.solid(), field, camera, count, rng)
    blocked, nearness, outward = around_eyes(roots.points, list(animal.eyes))
    lips = animal.lips(roots.points)
    lengths = roots.lengths * (1 - 0.75 * nearness) * np.clip(0.35 + lips / 1.2, 0.35, 1)
    roots = Roots(roots.points, roots.normals, roots.combs + 1.5 * outward, lengths, roots.rises * (1 - 0.5 * nearness))
    keep = ~blocked & ~animal.bare(roots.points)
    roots, nearness, lips = roots.where(keep), nearness[keep], lips[keep]
    noise = _fraying(roots.points)
    root, tip = animal.coat(roots.points, roots.normals, noise)
    vary = np.exp(0.13 * rng.standard_normal(len(root)))[:, None] * (1 + 0.10 * noise[:, :1])
    dark = np.maximum(np.clip(1 - (lips - 0.07) / 0.09, 0, 1), 0.8 * np.clip((nearness - 0.72) / 0.28, 0, 1))[:, None]
    root, tip = (colour * vary * (1 - dark) + DARK * dark for colour in (root, tip))
    points, bent = grow(roots, groom, seed)
    colours = shade(points, bent, roots, field, (root, tip), camera, light, gloss=gloss)
    widths = rng.uniform(0.028, 0.050, len(points))
    stiff, albedo, broad = animal.bristles(rng)
    lit = np.repeat((albedo * (0.55 * light.sun_colour + 0.6 * light.sky_colour))[:, None], stiff.shape[1], axis=1)
    return Hairs(
        points=np.concatenate([points, stiff]),
        colours=np.concatenate([colours, lit.astype(np.float32)]),
        widths=np.concatenate([widths, broad]),
    )


def coverage(picture: Image32) -> NDArray[np.uint8]:
    """The alpha of a picture (H x W x 4) as a mask."""
    return np.asarray(np.clip(picture[..., 3] * 255 + 0.5, 0, 255), np.uint8)


def command(name: str, photo: Callable[[float], tuple[NDArray[np.uint8], NDArray[np.uint8]]], *, quality: int = 90) -> None:
    """The command line of a script that takes a photo: `photo(scale)` gives picture and mask."""
    parser = argparse.ArgumentParser(description=f"Make samples/{name}.")
    parser.add_argument("--out", type=Path, default=SAMPLES / name)
    parser.add_argument("--mask", type=Path, help="also write the animal's true silhouette here (PNG)")
    parser.add_argument("--scale", type=float, default=1.0, help="size of the picture, 1 for the sample's own")
    options = parser.parse_args()
    picture, mask = photo(options.scale)
    Image.fromarray(picture).save(options.out, quality=quality, optimize=True)
    print(options.out)
    if options.mask is not None:
        Image.fromarray(mask).save(options.mask, optimize=True)
        print(options.mask)
