"""Sends a stored file, from whatever place it lies in."""

import logging
from collections.abc import Mapping
from contextlib import aclosing

from aiohttp import web

from ..artifacts import Artifacts
from ..errors import MissingArtifact, StorageError
from .ranges import precondition, span, validators

__all__ = ["send"]

log = logging.getLogger("rigshot.downloads")


async def send(request: web.Request, artifacts: Artifacts, key: str, headers: Mapping[str, str]) -> web.StreamResponse:
    """The answer with the file of a key, a part of it, or the word that the client has it already. Raises MissingArtifact."""
    entry = await artifacts.entry(key)
    if entry is None:
        raise MissingArtifact(f"There is no file “{key}”.")
    known = validators(entry)
    verdict = precondition(request, entry)
    if verdict == "not_modified":
        return web.Response(status=304, headers={**known, "Cache-Control": headers["Cache-Control"]})
    if verdict == "failed":
        return web.Response(status=412, headers=known)
    part = span(request, entry)
    start, end = part or (0, entry.size)
    response = web.StreamResponse(status=200 if part is None else 206, headers={**headers, **known})
    response.content_length = end - start
    if part is not None:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{entry.size}"
    if request.method == "HEAD" or start == end:
        await response.prepare(request)
        return response
    async with aclosing(artifacts.stream(key, start, end)) as chunks:
        chunk = await anext(chunks)  # before the headers go out: a file that cannot be read gets an answer of its own
        await response.prepare(request)
        try:
            await response.write(chunk)
            async for chunk in chunks:
                await response.write(chunk)
            await response.write_eof()
        except ConnectionError:
            log.debug("a client left in the middle of a file")
        except StorageError as error:
            # Half a file is out under its full length: only a broken connection tells the client so.
            log.error("a file broke off: %s", error)
            if request.transport is not None:
                request.transport.abort()
    return response
