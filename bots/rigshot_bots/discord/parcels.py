"""Which files of a model go into one message: as many as the place takes, the animation first."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rigshot_storage import Model, ModelFile

from ..results import COMPARISON, DOWNLOADS

__all__ = ["Load", "pack"]

ANIMATIONS, STILLS = ("turntable.gif", "turntable.mp4"), ("poster.png",)
"""A GIF plays by itself; a film is a tenth of its size; the poster is what fits anywhere."""
FORM_BYTES = 16384
"""What the message itself takes of the limit."""


@dataclass(frozen=True, kw_only=True)
class Load:
    """What is uploaded: a ``picture``, ``files``, the ``comparison`` of a redrawn subject; ``left_out`` does not fit."""

    picture: ModelFile | None
    files: tuple[ModelFile, ...]
    left_out: tuple[ModelFile, ...]
    comparison: ModelFile | None = None

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in (self.picture, self.comparison, *self.files) if file is not None)


def pack(model: Model, limit: int, *, with_files: bool) -> Load:
    """The best that fits into ``limit`` bytes: a film and all files rather than a GIF and some, any animation rather than a still."""
    room = limit - FORM_BYTES
    comparison = model.file(COMPARISON)
    if comparison is not None and comparison.size < room / 2:
        return replace(_packed(model, room - comparison.size, with_files=with_files), comparison=comparison)
    return _packed(model, room, with_files=with_files)


def _packed(model: Model, room: int, *, with_files: bool) -> Load:
    wanted = _files(model, DOWNLOADS) if with_files else []
    for kinds in (ANIMATIONS, STILLS):
        loads = [_load(picture, wanted, room) for picture in _files(model, kinds) if picture.size <= room]
        if loads:
            return min(loads, key=lambda load: len(load.left_out))  # the first of equals
    without = _load(None, wanted, room)
    return Load(picture=None, files=without.files, left_out=(*_files(model, ANIMATIONS[:1]), *without.left_out))


def _files(model: Model, kinds: Sequence[str]) -> list[ModelFile]:
    return [file for kind in kinds if (file := model.file(kind))]


def _load(picture: ModelFile | None, wanted: Sequence[ModelFile], room: int) -> Load:
    room -= picture.size if picture else 0
    files: list[ModelFile] = []
    left_out: list[ModelFile] = []
    for file in wanted:
        fits = file.size <= room
        room -= file.size if fits else 0
        (files if fits else left_out).append(file)
    return Load(picture=picture, files=tuple(files), left_out=tuple(left_out))
