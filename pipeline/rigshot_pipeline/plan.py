"""The plan: every stage, in the order of the work."""

from .stage import Stage
from .stages import animate, cutout, enhance, export, geometry, intake, preview, report, skeleton, skin, standardise, texture

__all__ = ["PLAN"]

PLAN: tuple[Stage, ...] = (
    intake.STAGE,  # the person's file, decoded once at the gate
    enhance.STAGE,  # resolution
    standardise.STAGE,  # subject, view, pose, canonical square
    cutout.STAGE,  # background
    geometry.STAGE,  # mesh and anatomy
    texture.STAGE,  # atlas
    skeleton.STAGE,  # named joints
    skin.STAGE,  # weights
    animate.STAGE,  # clips
    export.STAGE,  # GLB, FBX, OBJ
    preview.STAGE,  # turntable, poster
    report.STAGE,  # figures and the picture sheet
)
