"""Drawings on paper and sprites, made of rendered figures: the other pictures that people bring."""

import cv2
import numpy as np
from numpy.typing import NDArray

from .figures import Figure

__all__ = ["drawing", "sprite"]

Floats = NDArray[np.float32]


def drawing(figure: Figure, random: np.random.Generator, *, side: int = 416) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """``figure`` drawn on paper: the picture (side, side, 3) RGB and its mask (side, side)."""
    alpha, lines, colour = _placed(figure, random, side)
    # A shaky hand: the lines are bent.
    bend = [cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 14) * random.uniform(20, 90) for _ in range(2)]
    grid = np.meshgrid(np.arange(side, dtype=np.float32), np.arange(side, dtype=np.float32))
    maps = grid[0] + bend[0], grid[1] + bend[1]
    alpha, lines, colour = (cv2.remap(field, *maps, cv2.INTER_LINEAR) for field in (alpha, lines, colour))
    width = int(random.integers(1, 6))
    stroke = np.clip(cv2.GaussianBlur(cv2.dilate(lines, np.ones((width, width), np.uint8)), (0, 0), 0.7) * 1.6, 0, 1)
    stroke *= np.clip(1 + 0.35 * cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 1), 0.3, 1)
    page = _paper(random, side)
    ink = random.choice([0.0, 1.0], p=[0.3, 0.7]) * random.uniform(0, 0.25, 3) + random.choice([0, 1], p=[0.75, 0.25]) * random.uniform(
        0, 0.6, 3
    )
    fill = float(random.choice([0.0, random.uniform(0.2, 0.6), random.uniform(0.7, 1)], p=[0.4, 0.35, 0.25]))
    if fill:
        hatch = np.clip(1 + random.uniform(0, 0.9) * np.sin((grid[0] + grid[1] * random.normal(0, 2)) * random.uniform(0.4, 1.5)), 0, 1)
        flat = colour if random.random() < 0.5 else np.broadcast_to(random.uniform(0.2, 1, 3).astype(np.float32), colour.shape)
        strength = (alpha * fill * hatch)[..., None]
        page = page * (1 - strength) + page * flat * strength
    page = page * (1 - stroke[..., None]) + ink * stroke[..., None]
    mask = (alpha > 0.5).astype(np.uint8) * 255
    mask = np.maximum(mask, ((stroke > 0.4) * 255).astype(np.uint8))
    return np.round(np.clip(_lit(page, random), 0, 1) * 255).astype(np.uint8), mask


def sprite(figure: Figure, random: np.random.Generator) -> NDArray[np.uint8]:
    """``figure`` as pixel art (S, S, 4): few pixels, few colours, hard edges, often a dark outline."""
    side = figure.picture.shape[0]
    few = int(random.choice([16, 24, 32, 48, 64]))
    small = cv2.resize(figure.picture, (few, few), interpolation=cv2.INTER_AREA)
    levels = int(random.integers(3, 8))
    colour = np.round(small[..., :3] / 255 * levels) / levels * 255
    solid = (small[..., 3] > 110).astype(np.uint8)
    if random.random() < 0.6:
        rim = cv2.dilate(solid, np.ones((3, 3), np.uint8)) - solid
        colour[rim > 0] = random.uniform(0, 50, 3)
        solid |= rim
    pixels = np.concatenate([colour, solid[..., None] * 255], 2).astype(np.uint8)
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_NEAREST), np.uint8)


def _placed(figure: Figure, random: np.random.Generator, side: int) -> tuple[Floats, Floats, Floats]:
    scale = random.uniform(0.5, 1.05) * side / figure.picture.shape[0]
    angle, middle = np.radians(random.normal(0, 10)), figure.picture.shape[0] / 2
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * scale
    goal = side / 2 + random.normal(0, 0.07 * side, 2)
    matrix = np.c_[turn, goal - turn @ [middle, middle]]
    fields = (figure.picture[..., 3].astype(np.float32) / 255, figure.lines, figure.picture[..., :3].astype(np.float32) / 255)
    alpha, lines, colour = (cv2.warpAffine(field, matrix, (side, side), flags=cv2.INTER_AREA) for field in fields)
    return np.asarray(alpha, np.float32), np.asarray(lines, np.float32), np.asarray(colour, np.float32)


def _paper(random: np.random.Generator, side: int) -> Floats:
    tone = random.uniform(0.75, 1) * np.clip(random.normal(1, 0.04, 3), 0.85, 1.05)
    page = np.broadcast_to(tone, (side, side, 3)).astype(np.float32).copy()
    page += random.uniform(0, 0.03) * random.normal(0, 1, (side, side, 1))
    rule = random.random()
    step = int(random.integers(12, 40))
    if rule < 0.25:
        page[::step] *= [0.8, 0.85, 0.95]
        if rule < 0.12:
            page[:, ::step] *= [0.8, 0.85, 0.95]
    return page


def _lit(page: Floats, random: np.random.Generator) -> Floats:
    """Light that falls off across the page, a shadow, and sometimes the table around it."""
    side = page.shape[0]
    columns, rows = np.meshgrid(np.linspace(-1, 1, side), np.linspace(-1, 1, side))
    light = 1 + random.normal(0, 0.12) * columns + random.normal(0, 0.12) * rows - random.uniform(0, 0.12) * (columns**2 + rows**2)
    if random.random() < 0.3:
        light *= 1 - random.uniform(0.1, 0.4) / (
            1 + np.exp(-(columns * random.normal() + rows * random.normal() - random.uniform(0, 1)) * 12)
        )
    page = (page * np.clip(light, 0.35, 1.1)[..., None]).astype(np.float32)
    if random.random() < 0.35:
        corners = np.array([[0, 0], [side, 0], [side, side], [0, side]], np.float32)
        inset = random.uniform(-0.04, 0.12, (4, 2)) * side * [[1, 1], [-1, 1], [-1, -1], [1, -1]]
        sheet = np.zeros((side, side), np.float32)
        cv2.fillPoly(sheet, [np.round(corners + inset).astype(np.int32)], 1.0)
        grain = cv2.resize(random.normal(0, 1, (side, 6)).astype(np.float32), (side, side), interpolation=cv2.INTER_CUBIC)
        table = random.uniform(0.1, 0.6, 3) * (1 + 0.08 * grain[..., None])
        page = (page * sheet[..., None] + table * (1 - sheet[..., None])).astype(np.float32)
    return page
