"""What a person may ask for. Every stage names the options that change its result."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from .terms import BodyPlan, View

__all__ = ["FORMATS", "PREPARATIONS", "Box", "Format", "Options", "Preparation"]

Format = Literal["glb", "fbx", "obj"]
FORMATS: tuple[Format, ...] = get_args(Format)
Preparation = Literal["resolution", "pose", "cutout"]
"""What is done to a photo before its model is made, in the order of the stages enhance, standardise and cutout."""
PREPARATIONS: tuple[Preparation, ...] = get_args(Preparation)


@dataclass(frozen=True, kw_only=True)
class Box:
    """A rectangle around the subject in pixels of the upright photo: left, top, width, height."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Options:
    """A person's wishes; the defaults leave all to the stages.

    ``mask``: a picture of the photo's size, bright where the subject is (decoded at the gate, like the photo).
    ``turn``: degrees clockwise by which the photo is to be turned, and by no more (0: left as it is); auto: the stages set a
    subject that stands askew upright. ``clip`` the clip that the preview plays.
    ``engine``: auto takes the best that is installed, embedded only what comes with Rigshot, the name of an engine has that one do
    all that it can do. ``repose``: have an engine redraw the subject standing and from its side, where the photo shows it otherwise;
    never unasked, for what is redrawn is partly made up. ``prepare``: the preparations to make; one that is not named is left out, to
    see what it is worth (``stages/unprepared.py`` says what is left then). ``name``: the stem of the delivered files' names, already
    safe for a file system.
    """

    subject: Literal["auto"] | BodyPlan = "auto"
    view: Literal["auto"] | View = "auto"
    box: Box | None = None
    mask: Path | None = None
    turn: Literal["auto"] | int = "auto"
    clip: str = "auto"
    formats: tuple[Format, ...] = FORMATS
    seed: int = 0
    engine: str = "auto"
    repose: bool = False
    prepare: tuple[Preparation, ...] = PREPARATIONS
    name: str = "model"
