"""Conditional requests and ranges (RFC 9110, sections 13 and 14) for one stored file.

aiohttp's FileResponse knows only files of this machine, and it answers a range although an ``If-Range`` with an entity
tag says that the file is another one by now: a resumed download would be glued together from two models.
"""

import re
from email.utils import formatdate
from typing import Literal

from aiohttp import ETag, web

from ..artifacts import Entry

__all__ = ["Precondition", "precondition", "span", "validators"]

Precondition = Literal["send", "not_modified", "failed"]

_RANGE = re.compile(r"bytes=\s*(\d*)\s*-\s*(\d*)\s*", re.IGNORECASE | re.ASCII)


def validators(entry: Entry) -> dict[str, str]:
    """The headers by which a client recognises this state of the file."""
    return {"ETag": entry.etag, "Last-Modified": formatdate(int(entry.modified), usegmt=True), "Accept-Ranges": "bytes"}


def precondition(request: web.BaseRequest, entry: Entry) -> Precondition:
    """What the request's conditions say of the file."""
    if request.if_match is not None:
        if not _named(entry, request.if_match, weak=False):
            return "failed"
    elif request.if_unmodified_since is not None and int(entry.modified) > request.if_unmodified_since.timestamp():
        return "failed"
    if request.if_none_match is not None:
        return "not_modified" if _named(entry, request.if_none_match, weak=True) else "send"
    if request.if_modified_since is not None and int(entry.modified) <= request.if_modified_since.timestamp():
        return "not_modified"
    return "send"


def span(request: web.BaseRequest, entry: Entry) -> tuple[int, int] | None:
    """First byte and the one after the last that are asked for; None for the whole file. Raises 416 beyond its end.

    Several ranges at once, and what is no range at all, may be answered with the whole file, and are.
    """
    match = _RANGE.fullmatch(request.headers.get("Range", ""))
    if request.method != "GET" or match is None or match.groups() == ("", "") or not _still_the_same(request, entry):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(entry.size - int(last), 0), entry.size
    else:
        start, end = int(first), min(int(last) + 1, entry.size) if last else entry.size
        if last and int(last) < start:
            return None
    if start >= entry.size:
        raise web.HTTPRequestRangeNotSatisfiable(headers={"Content-Range": f"bytes */{entry.size}"})
    return start, end


def _still_the_same(request: web.BaseRequest, entry: Entry) -> bool:
    wanted = request.headers.get("If-Range")
    if wanted is None or wanted == entry.etag:
        return True
    return request.if_range is not None and int(entry.modified) == request.if_range.timestamp()


def _named(entry: Entry, tags: tuple[ETag, ...], *, weak: bool) -> bool:
    value = entry.etag.strip('"')
    return any(tag.value in ("*", value) and (weak or not tag.is_weak) for tag in tags)
