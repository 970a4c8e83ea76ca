"""What others wrote that rooms of ours need: one requirement a line, for an image's layer that seldom changes.

    python scripts/third_party.py storage queue "bots[telegram]"

Standard library only: it runs before anything is installed.
"""

import re
import sys
import tomllib
from pathlib import Path

__all__ = ["requirements"]

OURS = "rigshot-"


def requirements(rooms: list[str], root: Path) -> list[str]:
    """The requirements of ``rooms`` (each with its extras in brackets) that are not rooms themselves, sorted."""
    found: set[str] = set()
    for room in rooms:
        name, extras = re.fullmatch(r"([\w/]+)(?:\[([\w,-]+)\])?", room).groups()  # type: ignore[union-attr]  # our own words
        project = tomllib.loads((root / name / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        found |= set(project["dependencies"])
        for extra in (extras or "").split(",") if extras else ():
            found |= set(project["optional-dependencies"][extra])
    return sorted(requirement for requirement in found if not requirement.startswith(OURS))


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1:], Path(__file__).parent.parent)))
