"""A server that speaks Discord's REST API and gateway as far as the bot needs them, and refuses what the real one refuses.

Whole bot processes run against it. It keeps every message as Discord would show it, so that a test (or a person, with
``transcript``) can read a channel; ``failing`` makes requests answer with an error as often as wanted. What people do is in
``discord_people``.
"""

import asyncio
import itertools
import json
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import BodyPartReader, web
from discord_gateway import Gateway
from discord_messages import COMPONENTS_V2, ROW, Asked, Channel, Failing, Refusal, Shown, check_components, told_guild, walk

TOKEN = "MTk4NjIy.Cl2FMQ.tests-only"
BOT = 4242_4242_4242_4242
EPOCH_MS = 1420070400000
PATIENCE = 120.0  # seconds for a condition to come true on a machine that is busy with other things
UPLOAD_LIMIT = 10 * 2**20
EPHEMERAL = 1 << 6
BUCKET, BUCKET_SECONDS = 5, 5.0  # requests to write or edit in one channel, or by one interaction's token
Found = TypeVar("Found")


class DiscordServer:
    """The server; use it as an asynchronous context."""

    def __init__(self) -> None:
        self.channels: dict[int, Channel] = {}
        self.messages: dict[int, Shown] = {}
        self.people: dict[int, str] = {}
        self.asked: dict[str, Asked] = {}
        self.commands: dict[str, list[dict[str, Any]]] = {}
        self.published = 0
        self.failing: list[Failing] = []
        self.limited = 0
        self.uploads: dict[str, bytes] = {}
        self.swallow: asyncio.Event | None = None
        self.guilds: set[int] = set()
        self.upload_limit = UPLOAD_LIMIT
        self.slow_pictures: asyncio.Event | None = None
        self._headers: dict[str, str] = {}
        self._counter = itertools.count()
        self._buckets: dict[str, deque[float]] = defaultdict(deque)
        self._changed = asyncio.Condition()
        self.gateway = Gateway(token=TOKEN, ready=self._ready)

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * UPLOAD_LIMIT)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/cdn/{number}/{name}", self._cdn)
        app.router.add_route("*", "/api/{path:.+}", self._api)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        self.gateway.url = f"ws://127.0.0.1:{self.port}/gateway/"
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.gateway.close()
        await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """What a bot process needs to find this server."""
        return {
            "RIGSHOT_DISCORD__TOKEN": TOKEN,
            "RIGSHOT_DISCORD__API_URL": f"http://127.0.0.1:{self.port}/api",
            "RIGSHOT_DISCORD__GATEWAY_URL": self.gateway.url,
        }

    # --- looking ----------------------------------------------------------------------------------------------------

    async def until(self, look: Callable[[], Found | None], what: str = "") -> Found:
        """Wait until ``look`` finds something; the channels are told when it never does."""
        async with self._changed:
            try:
                async with asyncio.timeout(PATIENCE):
                    while not (found := look()):
                        await self._changed.wait()
            except TimeoutError:
                raise AssertionError(f"never seen: {what or look}\n{self.transcript()}") from None
        return found

    def said(self, channel: Channel | None = None) -> list[Shown]:
        """The bot's messages that stand, oldest first."""
        return [
            message
            for message in self.messages.values()
            if not message.author
            and not message.deleted
            and not message.thinking
            and (channel is None or message.channel == channel.number)
        ]

    async def seen(self, words: str, channel: Channel | None = None) -> Shown:
        """The bot's newest message that says ``words``, as soon as there is one."""
        return await self.until(lambda: next((message for message in reversed(self.said(channel)) if words in message.words), None), words)

    def results(self, channel: Channel | None = None) -> list[Shown]:
        """The messages with a model."""
        return [message for message in self.said(channel) if message.flags & COMPONENTS_V2 and message.shown_files]

    async def result(self, channel: Channel | None = None, *, number: int = 1) -> Shown:
        """The ``number``-th message with a model, as soon as there is one."""
        return await self.until(lambda: found[number - 1] if len(found := self.results(channel)) >= number else None, f"result {number}")

    def transcript(self, channel: Channel | None = None) -> str:
        """The channels as people see them."""
        lines: list[str] = []
        for message in self.messages.values():
            if channel is not None and message.channel != channel.number:
                continue
            head = f"── {message.author or 'Rigshot'} #{message.number % 10000}"
            head += f" ↩#{message.reply_to % 10000}" if message.reply_to else ""
            head += f" (only {message.seen_by} sees this)" if message.seen_by else ""
            head += " (deleted)" if message.deleted else ""
            lines += [head, *("   ┆ " + old.replace("\n", "\n   ┆ ") for old in message.texts[:-1])]
            lines += ["   " + message.words.replace("\n", "\n   ")] if message.words else []
            files = message.shown_files if message.flags & COMPONENTS_V2 else list(message.files)
            lines += [f"   [{name}: {len(message.files.get(name, b''))} bytes]" for name in files]
            rows = [part for part in walk(message.components) if part["type"] == ROW]
            lines += ["   " + " ".join(f"[{button['label']}]" for button in row["components"]) for row in rows]
        return "\n".join(lines)

    # --- for discord_people -------------------------------------------------------------------------------------------

    def snowflake(self, *, age: float = 0.0) -> int:
        """A new id, as of ``age`` seconds ago."""
        return (int((time.time() - age) * 1000) - EPOCH_MS << 22) + next(self._counter)

    async def changed(self) -> None:
        """Wake up whoever waits for something."""
        async with self._changed:
            self._changed.notify_all()

    def attachment(self, content: bytes, name: str, media_type: str | None = "image/png", *, declared: int | None = None) -> dict[str, Any]:
        """Lay down a file of a person, and how messages tell of it."""
        number = self.snowflake()
        self.uploads[f"{number}/{name}"] = content
        url = f"http://127.0.0.1:{self.port}/cdn/{number}/{name}"
        size = len(content) if declared is None else declared
        facts = {"content_type": media_type} if media_type else {}
        return {"id": str(number), "filename": name, "size": size, "url": url, "proxy_url": url, **facts}

    def told(self, message: Shown) -> dict[str, Any]:
        """A message as the API tells it."""
        author = {"id": str(BOT), "username": "rigshot", "discriminator": "0", "avatar": None, "bot": True}
        files = [self.attachment(content, name, None) for name, content in message.files.items()]
        return {
            "id": str(message.number),
            "channel_id": str(message.channel),
            "author": author,
            "content": message.text,
            "timestamp": "2026-01-01T00:00:00+00:00",
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": files,
            "embeds": [],
            "pinned": False,
            "type": 0,
            "flags": message.flags,
            "components": message.components,
            **message.raw,
        }

    # --- REST ---------------------------------------------------------------------------------------------------------

    async def _api(self, request: web.Request) -> web.StreamResponse:
        words, files = await _read(request)
        path = f"/{request.match_info['path']}"
        self._headers = {}
        line = f"{request.method} {path}"
        try:
            if path == "/users/@me" and request.headers.get("Authorization") != f"Bot {TOKEN}":
                raise Refusal(401, 0, "401: Unauthorized")
            self._maybe_fail(line, words)
            for pattern, answer in self._ROUTES.items():
                if match := re.fullmatch(pattern, line):
                    result = answer(self, words, files, **match.groupdict())
                    break
            else:
                raise Refusal(404, 0, f"404: {line} is nothing this server knows")
        except Refusal as refusal:
            await self.changed()
            # a limit without Via looks like Cloudflare's to the library, which then does not wait
            return _json(refusal.body, status=refusal.status, headers={"Via": "1.1 tests"})
        headers = self._headers
        await self.changed()
        if self.swallow is not None and files:  # taken, but the answer never arrives
            self.swallow.set()
            await asyncio.Event().wait()
        return _json(result, headers=headers) if result is not None else web.Response(status=204, headers=headers)

    def _maybe_fail(self, line: str, words: Mapping[str, Any]) -> None:
        for failing in self.failing:
            if re.search(failing.path, line) and failing.times > 0 and failing.when(words):
                failing.times -= 1
                refusal = Refusal(failing.status, 0, "")
                refusal.body = {"message": "as the test wants it", "code": 0, **failing.body}
                raise refusal

    def _limit(self, kind: str, place: str) -> None:
        """Discord's limit of writing, editing and deleting in one place; what is left of it goes into the answer's headers."""
        times, now = self._buckets[f"{kind} {place}"], time.monotonic()
        while times and now - times[0] > BUCKET_SECONDS:
            times.popleft()
        if len(times) >= BUCKET:
            self.limited += 1
            refusal = Refusal(429, 0, "")
            refusal.body = {"message": "You are being rate limited.", "retry_after": BUCKET_SECONDS - (now - times[0]), "global": False}
            raise refusal
        times.append(now)
        left = {"Limit": str(BUCKET), "Remaining": str(BUCKET - len(times)), "Reset-After": f"{BUCKET_SECONDS - (now - times[0]):.3f}"}
        reset = time.time() + BUCKET_SECONDS - (now - times[0])
        self._headers = {f"X-RateLimit-{name}": value for name, value in (left | {"Bucket": kind, "Reset": f"{reset:.3f}"}).items()}

    async def _cdn(self, request: web.Request) -> web.Response:
        if self.slow_pictures is not None:
            self.slow_pictures.set()
            await asyncio.Event().wait()
        content = self.uploads.get(f"{request.match_info['number']}/{request.match_info['name']}")
        return web.Response(status=404) if content is None else web.Response(body=content)

    def _ready(self) -> tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]:
        guilds = [(guild, [c for c in self.channels.values() if c.guild == guild]) for guild in self.guilds]
        ready = {
            "v": 10,
            "user": self._me(),
            "guilds": [{"id": str(guild), "unavailable": True} for guild in self.guilds],
            "application": {"id": str(BOT), "flags": 0},
            "private_channels": [],
        }
        return ready, [("GUILD_CREATE", told_guild(guild, channels)) for guild, channels in guilds]

    def _me(self, *_: Any) -> dict[str, Any]:
        return {"id": str(BOT), "username": "rigshot", "discriminator": "0", "avatar": None, "bot": True, "flags": 0, "verified": True}

    def _application(self, *_: Any) -> dict[str, Any]:
        person = {"id": "1", "username": "owner", "discriminator": "0", "avatar": None}
        words = {"description": "", "bot_public": True, "bot_require_code_grant": False, "summary": "", "verify_key": "", "icon": None}
        return {"id": str(BOT), "name": "Rigshot", "owner": person, "team": None, "flags": 0, "tags": [], "hook": False, **words}

    def _publish(self, words: Any, _files: Any, guild: str = "") -> list[dict[str, Any]]:
        names = [(command["type"], command["name"]) for command in words["list"]]
        if len(set(names)) != len(names):
            raise Refusal(400, 50035, "Invalid Form Body")
        self.published += 1
        self.commands[guild] = words["list"]
        return [
            {
                "description": "",
                **command,
                "id": str(self.snowflake()),
                "application_id": str(BOT),
                "version": "1",
                "default_member_permissions": None,
            }
            for command in words["list"]
        ]

    def _answer(self, words: Any, _files: Any, number: str, token: str) -> dict[str, Any]:
        asked = self.asked.get(token)
        if asked is None or asked.dead or str(asked.number) != number:
            raise Refusal(404, 10062, "Unknown interaction")
        if asked.answered is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        asked.answered = words["type"]
        told: dict[str, Any] = {"id": number, "type": 2, "response_message_loading": words["type"] == 5}
        if words["type"] in (4, 5):
            data = words.get("data", {})
            seen_by = asked.user if data.get("flags", 0) & EPHEMERAL else ""
            message = self._post(asked.channel, data, {}, way="token", seen_by=seen_by, thinking=words["type"] == 5)
            asked.original = message.number
            told["response_message_id"] = str(message.number)
            return {"interaction": told, "resource": {"type": words["type"], "message": self.told(message)}}
        asked.original = asked.source
        return {"interaction": told, "resource": {"type": words["type"]}}

    def _follow_up(self, words: Any, files: Any, token: str) -> dict[str, Any]:
        asked = self._living(token)
        original = self.messages.get(asked.original or 0)
        assert original is None or not original.thinking, "this would take the place of the answer that is being thought about"
        seen_by = asked.user if words.get("flags", 0) & EPHEMERAL else ""
        return self.told(self._post(asked.channel, words, files, way="token", seen_by=seen_by))

    def _by_token(self, words: Any, files: Any, method: str, token: str, message: str) -> dict[str, Any] | None:
        asked = self._living(token)
        shown = self.messages[asked.original or 0] if message == "@original" else self.messages.get(int(message))
        if shown is None or shown.deleted or shown.author:
            raise Refusal(404, 10008, "Unknown Message")
        if shown.thinking and message != "@original":
            raise Refusal(404, 10008, "Unknown Message")
        self._limit(method, token)
        return self._change(shown, method, words, files, way="token")

    def _living(self, token: str) -> Asked:
        asked = self.asked.get(token)
        if asked is None or asked.dead:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return asked

    def _write(self, words: Any, files: Any, channel: str) -> dict[str, Any]:
        self._open(int(channel))
        nonce = words.get("nonce", "")
        if len(nonce) > 25:
            raise Refusal(400, 50035, "Invalid Form Body: nonce")
        twin = next((message for message in self.messages.values() if nonce and message.nonce == nonce), None)
        if twin is not None and words.get("enforce_nonce"):
            return self.told(twin)
        self._limit("POST", channel)
        return self.told(self._post(int(channel), words, files, way="channel"))

    def _by_channel(self, words: Any, files: Any, method: str, channel: str, message: str) -> dict[str, Any] | None:
        self._open(int(channel))
        shown = self.messages.get(int(message))
        if shown is None or shown.deleted or shown.channel != int(channel):
            raise Refusal(404, 10008, "Unknown Message")
        if shown.author:
            raise Refusal(403, 50005, "Cannot edit a message authored by another user")
        if shown.seen_by:
            raise Refusal(404, 10008, "Unknown Message")
        self._limit(method, channel)
        return self._change(shown, method, words, files, way="channel")

    def _open(self, channel: int) -> None:
        known = self.channels.get(channel)
        if known is None:
            raise Refusal(404, 10003, "Unknown Channel")
        if known.refusal is not None:
            raise Refusal(*known.refusal, "as it is set for this channel")

    def _direct(self, words: Any, _files: Any) -> dict[str, Any]:
        person = int(words["recipient_id"])
        channel = next((found for found in self.channels.values() if found.recipient == person), None)
        if channel is None:
            channel = Channel(number=self.snowflake(), recipient=person)
            self.channels[channel.number] = channel
        recipient = {"id": str(person), "username": self.people[person], "discriminator": "0", "avatar": None}
        return {"id": str(channel.number), "type": 1, "recipients": [recipient], "last_message_id": None}

    def _post(self, channel: int, words: Any, files: Any, *, way: str, seen_by: str = "", thinking: bool = False) -> Shown:
        message = Shown(channel=channel, number=self.snowflake(), seen_by=seen_by, ways=[way], nonce=words.get("nonce", ""))
        reference = words.get("message_reference")
        if reference and (int(reference["message_id"]) in self.messages or reference.get("fail_if_not_exists", True)):
            message.reply_to = int(reference["message_id"])
        message.thinking = thinking
        self._fill(message, words, files)
        if not thinking and not (message.words or message.files):
            raise Refusal(400, 50006, "Cannot send an empty message")
        allowed = words.get("allowed_mentions", {"parse": ["users"]})
        for person in re.findall(r"<@(\d+)>", message.words):
            if "users" in allowed.get("parse", ()) or person in map(str, allowed.get("users", ())):
                message.pinged.append(self.people[int(person)])
        self.messages[message.number] = message
        return message

    def _change(self, message: Shown, method: str, words: Any, files: Any, *, way: str) -> dict[str, Any] | None:
        if method == "DELETE":
            message.deleted = True
            return None
        if method == "PATCH":
            message.thinking = False
            message.ways.append(way)
            self._fill(message, words, files)
        return self.told(message)

    def _fill(self, message: Shown, words: Any, files: Any) -> None:
        flags = message.flags | words.get("flags", 0)
        if flags & COMPONENTS_V2 and words.get("content"):
            raise Refusal(400, 50035, "Invalid Form Body: content cannot be used with components v2")
        if not message.raw and message.flags == 0 and flags & COMPONENTS_V2 and message.text:
            raise Refusal(400, 50035, "Invalid Form Body: a message with content cannot become one of components v2")
        if sum(map(len, files.values())) > self.upload_limit:
            raise Refusal(413, 40005, "Request entity too large")
        kept = {file["filename"] for file in words["attachments"] if "filename" in file} if "attachments" in words else set(message.files)
        there = {name: content for name, content in message.files.items() if name in kept} | files
        components = words.get("components", message.components)
        check_components(components, there, flags)
        message.flags, message.files, message.components = flags, there, self._resolved(components)
        message.text = words["content"] or "" if "content" in words else message.text
        if message.words and (not message.texts or message.texts[-1] != message.words):
            message.texts.append(message.words)

    def _resolved(self, components: Any) -> Any:
        """Attachments of components, as the API tells of them: by an address of its own."""
        text = json.dumps(components)
        return json.loads(text.replace("attachment://", f"http://127.0.0.1:{self.port}/attachments/1/2/"))

    _ROUTES: Mapping[str, Callable[..., Any]] = {
        r"GET /users/@me": _me,
        r"GET /oauth2/applications/@me": _application,
        rf"PUT /applications/{BOT}/commands": _publish,
        rf"PUT /applications/{BOT}/guilds/(?P<guild>\d+)/commands": _publish,
        r"POST /interactions/(?P<number>\d+)/(?P<token>\w+)/callback": _answer,
        rf"POST /webhooks/{BOT}/(?P<token>\w+)": _follow_up,
        rf"(?P<method>GET|PATCH|DELETE) /webhooks/{BOT}/(?P<token>\w+)/messages/(?P<message>@original|\d+)": _by_token,
        r"POST /channels/(?P<channel>\d+)/messages": _write,
        r"(?P<method>PATCH|DELETE) /channels/(?P<channel>\d+)/messages/(?P<message>\d+)": _by_channel,
        r"POST /users/@me/channels": _direct,
    }


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The parameters and the uploaded files (by name) of a request; a list of commands under the name ``list``."""
    if not request.content_type.startswith("multipart/"):
        text = await request.text()
        words = json.loads(text) if text else {}
        return ({"list": words} if isinstance(words, list) else words), {}
    found: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader) and part.name
        content = bytes(await part.read(decode=False))
        if part.name == "payload_json":
            found = json.loads(content)
        else:
            assert part.filename
            files[part.filename] = content
    return {**found, "files": list(files)}, files


def _json(body: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    # exactly this type: discord.py takes one with a charset for text
    return web.Response(body=json.dumps(body).encode(), status=status, headers={"Content-Type": "application/json", **(headers or {})})
