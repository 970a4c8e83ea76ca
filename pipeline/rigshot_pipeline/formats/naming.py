"""Names of joints, clips and meshes that survive in files and in the programs that open them."""

import unicodedata
from collections.abc import Iterable

__all__ = ["object_name", "object_names"]

_OBJECT_BYTES = 56
"""Blender keeps 63 bytes of a name and renames what then collides; this leaves room for a number."""

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_OBJECT_MARKS = str.maketrans(dict.fromkeys('/\\|:"', "_"))
"""Unity parts a bone's path at /, Maya a name at | and a namespace at :, and FBX's text form ends a name at a quote."""


def object_name(text: str, *, default: str) -> str:
    """``text`` as the name of a joint, a clip or a mesh: visible characters only, no separators, not too long."""
    return _cut(_visible(text).translate(_OBJECT_MARKS).strip(), _OBJECT_BYTES) or default


def object_names(texts: Iterable[str], *, default: str) -> tuple[str, ...]:
    """``object_name`` of every text, numbered where two would be the same."""
    names: dict[str, None] = {}
    for text in texts:
        first = name = object_name(text, default=default)
        number = 2
        while name in names:
            name, number = f"{first}_{number}", number + 1
        names[name] = None
    return tuple(names)


def _visible(text: str) -> str:
    return "".join(" " if character.isspace() else character for character in text if _shown(character))


def _shown(character: str) -> bool:
    return character in "\t\n\r" or unicodedata.category(character) not in _INVISIBLE


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore")
