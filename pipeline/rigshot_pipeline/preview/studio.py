"""The studio: one model, its light, its floor and its backdrop; it takes one picture for each pose and camera."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ..asset import Asset, Floats, Mesh, Pixels
from .backdrop import backdrop, paper_colour
from .camera import Camera
from .ground import floor_shadow, lay_floor, vertex_areas
from .light import STUDIO, key_visibility, occlusion, vertex_light
from .raster import Paint, Sight, draw, laid_over, mixed_with, shrunk_to, vertex_normals

__all__ = ["Scene", "Studio"]

_AMBIENT_SHARE = 0.75  # how much of the ambient occlusion is used: the photo brings some of its own
_GLASS = (150, 158, 170)  # sRGB of the model around its skeleton: dark enough to stand out from every paper
_MILK = 0.62  # its opacity
_RIM = 0.75  # the light that it loses at its outline
_BONE = 0.95  # opacity of the bones in it
_REACH = 2.0  # the floor that may take a shadow, over the farthest vertex of the bind pose: the key light stands 40 degrees high


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A pose before a camera with the lamps set.

    ``sight``: what the camera sees of the posed mesh, whose ``normals`` (V, 3) these are; ``light`` (V, 4) on each
    vertex, ``floor`` (H, W, 3) linear, in shadow.
    """

    sight: Sight
    normals: Floats
    camera: Camera
    light: Floats
    floor: Floats


@dataclass(frozen=True, kw_only=True)
class Studio:
    """What stays the same over all pictures of a model. ``ambient`` (V,), ``areas`` (V,) m^2, ``paper`` an OKLab colour."""

    mesh: Mesh
    paint: Paint
    ambient: Floats
    areas: Floats
    paper: tuple[float, float, float]

    @classmethod
    def of(cls, asset: Asset) -> Self:
        """Set up for ``asset``."""
        mesh = asset.mesh
        ambient = 1 - _AMBIENT_SHARE * (1 - occlusion(mesh, vertex_normals(mesh)))
        return cls(
            mesh=mesh,
            paint=Paint.of(mesh, albedo=asset.albedo, nearest=asset.nearest),
            ambient=ambient.astype(np.float32),
            areas=vertex_areas(mesh.vertices, mesh.faces),
            paper=paper_colour(_surface_colours(asset)),
        )

    def at_distance(self, camera: Camera, *, side: int, samples: int = 2) -> Self:
        """The same model with no finer a texture than pictures of ``side`` pixels from ``camera`` can show."""
        return replace(self, paint=shrunk_to(self.paint, self.mesh, side * samples / camera.span))

    def in_clay(self) -> Self:
        """The same model without its texture, before the same paper."""
        return replace(self, paint=Paint.of(self.mesh))

    def in_glass(self) -> Self:
        """The same model in the dark clay that ``see_through`` makes milk glass of."""
        colours = np.full((len(self.mesh.vertices), 3), _GLASS, np.uint8)
        return replace(self, paint=Paint.of(self.mesh, colours=colours))

    def backdrop(self, *, width: int, height: int) -> Floats:
        """The empty backdrop (height, width, 3), linear."""
        return backdrop(self.paper, width=width, height=height)

    def light(self, vertices: Floats, camera: Camera, ground: Floats, *, samples: int = 2) -> Scene:
        """Set the lamps for the pose ``vertices`` (V, 3) before ``ground`` (H, W, 3), the empty backdrop.

        The pictures will have the size of ``ground``, with ``samples`` squared for each pixel.
        """
        mesh = replace(self.mesh, vertices=vertices)
        normals = vertex_normals(mesh)
        key_from = np.asarray(STUDIO.key_from, np.float32) @ camera.axes
        reach = float(np.abs(self.mesh.vertices).max()) * _REACH
        shadow = floor_shadow(vertices, normals, self.areas, reach=reach, key_from=key_from)
        height, width = ground.shape[:2]
        return Scene(
            sight=Sight.of(mesh, camera, width=width, height=height, samples=samples),
            normals=normals,
            camera=camera,
            light=vertex_light(normals, camera, ambient=self.ambient, key=key_visibility(mesh, normals, camera)),
            floor=lay_floor(ground, shadow, camera),
        )

    def shoot(self, scene: Scene) -> Pixels:
        """The picture (H, W, 3) sRGB of a scene."""
        return laid_over(draw(scene.sight, self.paint, scene.light), scene.floor)

    def see_through(self, scene: Scene, bones: Mesh, colours: Pixels) -> Pixels:
        """The picture of a scene with the model like milk glass and ``bones`` in it, their ``colours`` (B, 3) sRGB."""
        # Glass is darkest where one looks along its surface: that draws the form with little.
        across = 1 - np.abs(scene.normals @ scene.camera.axes[2])
        glass = (scene.light * (1 - _RIM * across**2)[:, None]).astype(np.float32)
        milk = mixed_with(draw(scene.sight, self.paint, glass), scene.floor, _MILK)
        height, width = scene.floor.shape[:2]
        inside = Sight.of(bones, scene.camera, width=width, height=height, samples=scene.sight.samples)
        light = vertex_light(vertex_normals(bones), scene.camera)
        return laid_over(draw(inside, Paint.of(bones, colours=colours), light), milk, _BONE)


def _surface_colours(asset: Asset) -> Pixels:
    """The texture's colours at the vertices (V, 3): what the model shows, without the atlas' empty places."""
    if asset.mesh.uv is None:
        return np.full((1, 3), 128, np.uint8)
    rows, columns = asset.albedo.shape[:2]
    x = np.clip((asset.mesh.uv[:, 0] * columns).astype(np.int64), 0, columns - 1)
    y = np.clip((asset.mesh.uv[:, 1] * rows).astype(np.int64), 0, rows - 1)
    colours: Pixels = asset.albedo[y, x, :3]
    return colours
