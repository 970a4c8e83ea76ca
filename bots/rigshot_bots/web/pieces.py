"""The page's own HTML, made from ``pieces.html``: everything that comes from people is escaped there."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..texts import Language, say

__all__ = ["Pieces"]


@cache
def _environment() -> Environment:
    folder = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


class Pieces:
    """Pieces in one language: ``pieces("notice", text=...)`` is the HTML of the macro of that name."""

    def __init__(self, language: Language) -> None:
        def text(code: str, **values: object) -> str:
            return say(code, language, **values)

        self._module = _environment().get_template("pieces.html").make_module({"t": text})

    def __call__(self, name: str, **values: Any) -> str:
        """The HTML of one piece."""
        return str(getattr(self._module, name)(**values))
