"""Renders the pages: a model's own, and those that say why there is nothing to see."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..model import Model, ModelFile
from . import FOLDER, texts
from .language import LANGUAGES, Language

__all__ = ["SIZED", "Reason", "Surroundings", "message_page", "model_page", "other", "readable_size"]

Reason = Literal["bad_link", "expired_link", "gone", "not_found", "unavailable", "broken"]

FORMATS = ("glb", "fbx", "obj")
FILMS = ("turntable", "skeleton")
STEPS = ("before.png", "redrawn.png", "standardised.png", "after.png")  # what became of the photo, in the order of the work
SHOWN_SEPARATELY = (*FORMATS, *STEPS)
SIZED = ("poster.png", *STEPS)  # pictures whose pixels the page must know


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a page needs to know of the server.

    root: the way from the page's address to the server's root, such as ``../``, so that a page works behind any proxy.
    static: a name -> its path below the root; viewer: the 3D view's path below the root, None when it is not installed.
    """

    root: str
    static: Callable[[str], str]
    viewer: str | None


def model_page(
    model: Model,
    *,
    language: Language,
    around: Surroundings,
    signed: Callable[[str], str],
    poster: str,
    sizes: Mapping[str, tuple[int, int] | None],
    address: str,
    switch: str,
    expires: float,
    now: float,
) -> str:
    """The page of a model.

    signed: kind of file -> its path with signature below the root; poster: the absolute address of the public poster;
    sizes: kind of picture -> width and height in pixels where they are known; address: the page's own absolute address;
    switch: a link to the page in the other language; expires: when link or model end, whichever is first.
    """
    say = texts.Texts(language)
    kinds = {file.kind for file in model.files}

    def link(kind: str) -> str | None:
        return around.root + signed(kind) if kind in kinds else None

    formats = [file for kind in FORMATS if (file := model.file(kind)) is not None]
    title = model.title.strip() or say("untitled")
    return _render(
        "model.html",
        say=say,
        around=around,
        title=title,
        address=address,
        switch=switch,
        description=say("description", clips=len(model.clips), formats=_listed([file.kind.upper() for file in formats], language)),
        facts=[fact for fact in (texts.body_plan(model.body_plan, language), _movements(len(model.clips), language)) if fact],
        clips=[(name, texts.clip(name, language)) for name in model.clips],
        link=link,
        live=around.viewer is not None and "glb" in kinds,
        poster=poster if "poster.png" in kinds else None,
        sizes=sizes,
        formats=[_row(file, link(file.kind), language) for file in formats],
        others=[_row(file, link(file.kind), language) for file in model.files if file.kind not in SHOWN_SEPARATELY],
        films=[(link(f"{film}.mp4"), link(f"{film}.gif")) for film in FILMS if kinds & {f"{film}.mp4", f"{film}.gif"}],
        steps=[(kind, texts.file_words(kind, language)[0]) for kind in STEPS if kind in kinds],
        licences=model.licences,
        expires=say("expires", date=texts.date(expires, language), left=texts.days_left(expires - now, language)),
    )


def message_page(reason: Reason, *, language: Language, around: Surroundings) -> str:
    """A page that says why there is nothing to see, and what to do."""
    say = texts.Texts(language)
    heading, words = say.message(reason)
    return _render("message.html", say=say, around=around, heading=heading, words=words, reason=reason)


def readable_size(size: int) -> str:
    """Bytes for people: "1.4 MB"."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(round(size / 1000), 1)} kB"


def other(language: Language) -> Language:
    """The language that a visitor may switch to."""
    return next(candidate for candidate in LANGUAGES if candidate != language)


def _movements(number: int, language: Language) -> str:
    if language == "zh-TW":
        return f"{number} 個動作" if number else ""
    return f"{number} movement{'s' if number > 1 else ''}" if number else ""


def _row(file: ModelFile, address: str | None, language: Language) -> dict[str, str | None]:
    name, purpose = texts.file_words(file.kind, language)
    return {"kind": file.kind, "name": name, "purpose": purpose, "link": address, "file": file.name, "size": readable_size(file.size)}


def _listed(words: list[str], language: Language) -> str:
    if language == "zh-TW":
        return "、".join(words)
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER / "pages"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


def _render(page: str, **values: object) -> str:
    return _templates().get_template(page).render(values)
