"""Hands out the files of finished jobs, each to the visitor whose job it is.

The page does not use the signed links of the download server: it works without that server, at its own address alone.
"""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from rigshot_queue import QueueUnavailable
from rigshot_storage import BadKey, Entry, MissingArtifact, ModelFile, StorageUnavailable
from rigshot_storage.media import content_disposition

from ..conversation import Conversation

__all__ = ["Files"]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)
# A picture or film that is opened by itself may show itself and nothing else.
_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"


class Files:
    """The endpoint ``/files/{job}/{kind}/{name}``; the name is not looked at."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def __call__(self, request: Request) -> Response:
        """The file, the asked part of it (RFC 9110, section 14), or 304, 404, 416."""
        try:
            found = await self._find(request)
        except (QueueUnavailable, StorageUnavailable):
            return PlainTextResponse("Please try again in a minute.", 503)
        if found is None:
            return PlainTextResponse("There is no such file of yours.", 404)
        file, entry = found
        headers = {
            "Content-Type": file.media_type,
            "Content-Disposition": content_disposition(file.name, inline=file.media_type.startswith(("image/", "video/"))),
            "Content-Security-Policy": _POLICY,
            "Cache-Control": "private, no-cache",  # kept, but asked for again: a deleted model is gone at once
            "ETag": entry.etag,
            "Accept-Ranges": "bytes",
        }
        if request.headers.get("if-none-match") == entry.etag:
            return Response(status_code=304, headers=headers)
        return self._part(request, file, entry, headers)

    async def _find(self, request: Request) -> tuple[ModelFile, Entry] | None:
        job, kind = request.path_params["job"], request.path_params["kind"]
        record = await self._conversation.queue.job(job)
        if record is None or record.request.person != request.state.person:
            return None
        try:
            model = await self._conversation.models.load(job)
            file = model.file(kind) if model else None
            entry = await self._conversation.artifacts.entry(file.key) if file else None
        except (BadKey, MissingArtifact):
            return None
        return (file, entry) if file and entry else None

    def _part(self, request: Request, file: ModelFile, entry: Entry, headers: Mapping[str, str]) -> Response:
        span = _span(request, entry)
        if span is None:
            return self._stream(file, 0, entry.size, 200, headers)
        start, end = span
        if start >= end:
            return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{entry.size}"})
        return self._stream(file, start, end, 206, {**headers, "Content-Range": f"bytes {start}-{end - 1}/{entry.size}"})

    def _stream(self, file: ModelFile, start: int, end: int, status: int, headers: Mapping[str, str]) -> Response:
        body = self._conversation.artifacts.stream(file.key, start, end)
        return StreamingResponse(body, status, {**headers, "Content-Length": str(end - start)})


def _span(request: Request, entry: Entry) -> tuple[int, int] | None:
    """First byte and the one after the last that are asked for (an empty span: beyond the end); None for the whole file."""
    match = _RANGE.fullmatch(request.headers.get("range", ""))
    if match is None or match.groups() == ("", "") or request.headers.get("if-range", entry.etag) != entry.etag:
        return None
    first, last = match.groups()
    if not first:
        return max(entry.size - int(last), 0), entry.size
    return int(first), min(int(last) + 1, entry.size) if last else entry.size
