"""What the server answers at each of its addresses."""

import struct
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from aiohttp import web

from ..artifacts import Artifacts
from ..errors import MissingArtifact
from ..links import Links
from ..media import content_disposition, media_type
from ..model import Model
from ..models import Models
from ..settings import StorageSettings
from ..viewer.language import LANGUAGES, Language, choose
from ..viewer.page import SIZED, Reason, Surroundings, message_page, model_page, other
from .sending import send
from .static import StaticFiles

__all__ = ["Handlers", "Refused"]

PAGE_POLICY = (
    # model-viewer's shadow trees hold style elements; it makes textures and AR files as blobs, and its mesh decoder is WebAssembly.
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self'; connect-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# A film or picture that is opened by itself is a page that the browser makes: it may show the file and nothing else.
FILE_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
STATUS: Mapping[Reason, int] = {"bad_link": 403, "expired_link": 410, "gone": 410, "not_found": 404, "unavailable": 503, "broken": 500}
PNG_HEAD = 24  # bytes: signature, length and name of IHDR, width, height


class Refused(Exception):
    """There is nothing to show, and the page for the reason says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


class Handlers:
    """The answers, over the models in ``artifacts``. None of them changes anything."""

    def __init__(self, settings: StorageSettings, artifacts: Artifacts, *, clock: Callable[[], float] = time.time) -> None:
        self._artifacts = artifacts
        self._models = Models(artifacts, settings)
        self._links = Links(settings, clock=clock)
        self._clock = clock
        self._static = StaticFiles()
        self._prefix = settings.path_prefix

    async def page(self, request: web.Request) -> web.Response:
        """A model's page."""
        job = request.match_info["job"]
        end = self._admit(request, f"/m/{job}")
        model = await self._model(job)
        until = int(min(end, model.expires))
        language = self._language(request, model)
        sizes = {file.kind: await self._png_size(file.key) for file in model.files if file.kind in SIZED}
        query = {"e": request.query["e"], "s": request.query["s"]}
        page = model_page(
            model,
            language=language,
            around=self._around(request),
            signed=lambda kind: self._links.sign(f"/f/{job}/{kind}", until).removeprefix("/"),
            poster=self._links.poster(job),
            sizes=sizes,
            address=f"{self._links.base_url}/m/{job}?{urlencode(query)}",
            switch=f"?{urlencode({**query, 'lang': other(language)})}",
            expires=until,
            now=self._clock(),
        )
        return _html(page, 200, language)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """A file of a model, under the name that people shall see."""
        job, kind = request.match_info["job"], request.match_info["kind"]
        self._admit(request, f"/f/{job}/{kind}")
        file = (await self._model(job)).file(kind)
        if file is None:
            raise Refused("not_found")
        headers = {
            "Content-Type": file.media_type,
            "Content-Disposition": content_disposition(file.name, inline=file.media_type.startswith(("image/", "video/"))),
            "Content-Security-Policy": FILE_POLICY,
            "Cache-Control": "private, no-cache",  # kept, but asked for again: a deleted model is gone at once
            "Access-Control-Allow-Origin": "*",  # the link is the permission; so editors and viewers elsewhere may load the file
        }
        return await send(request, self._artifacts, file.key, headers)

    async def poster(self, request: web.Request) -> web.StreamResponse:
        """A model's poster for previews of links: without signature, for whoever knows the job's unguessable id."""
        poster = (await self._model(request.match_info["job"])).file("poster.png")
        if poster is None:
            raise Refused("not_found")
        headers = {
            "Content-Type": poster.media_type,
            "Content-Security-Policy": FILE_POLICY,
            "Cache-Control": "public, max-age=3600",
            "Access-Control-Allow-Origin": "*",
        }
        return await send(request, self._artifacts, poster.key, headers)

    async def static(self, request: web.Request) -> web.StreamResponse:
        """The pages' own styles and scripts."""
        file = self._static.file(request.match_info["name"])
        if file is None:
            raise Refused("not_found")
        # Its address changes with its content.
        headers = {"Content-Type": media_type(file.name), "Cache-Control": "public, max-age=31536000, immutable"}
        return web.FileResponse(file, headers=headers)

    async def health(self, _request: web.Request) -> web.Response:
        """A word that the server lives."""
        return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})

    def refusal(self, request: web.Request, reason: Reason) -> web.Response:
        """The page that says why there is nothing to see."""
        language = self._language(request, None)
        return _html(message_page(reason, language=language, around=self._around(request)), STATUS[reason], language)

    def _admit(self, request: web.Request, path: str) -> int:
        """Raise Refused unless the request's signature is good for ``path``; the time at which it ends."""
        verdict = self._links.verify(path, request.query)
        if verdict != "good":
            raise Refused("expired_link" if verdict == "expired" else "bad_link")
        return int(request.query["e"])

    async def _model(self, job: str) -> Model:
        model = await self._models.load(job)
        if model is None or model.expires <= self._clock():
            raise Refused("gone")
        return model

    def _language(self, request: web.Request, model: Model | None) -> Language:
        wanted = request.query.get("lang")
        for language in LANGUAGES:
            if wanted == language or (model is not None and model.language == language and "Accept-Language" not in request.headers):
                return language
        return choose(request.headers.get("Accept-Language", ""))

    def _around(self, request: web.Request) -> Surroundings:
        # A proxy may keep the public path or strip it: the way up is counted without it.
        path = request.path.removeprefix(self._prefix) if f"{request.path}/".startswith(f"{self._prefix}/") else request.path
        return Surroundings(root="../" * max(path.count("/") - 1, 0) or "./", static=self._static.address, viewer=self._static.viewer())

    async def _png_size(self, key: str) -> tuple[int, int] | None:
        """Width and height of a PNG, from its first bytes."""
        try:
            head = b"".join([chunk async for chunk in self._artifacts.stream(key, 0, PNG_HEAD)])
        except MissingArtifact:
            return None
        if len(head) < PNG_HEAD or not head.startswith(b"\x89PNG\r\n\x1a\n"):
            return None
        width, height = struct.unpack(">II", head[16:24])
        return width, height


def _html(page: str, status: int, language: Language) -> web.Response:
    headers = {
        "Content-Security-Policy": PAGE_POLICY,
        "Cache-Control": "private, no-store" if status != 200 else "private, no-cache",
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    return web.Response(text=page, status=status, content_type="text/html", charset="utf-8", headers=headers)
