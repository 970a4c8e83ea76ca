"""A server that speaks the Bot API as far as the bot needs it, and refuses what the real one refuses.

Whole bot processes run against it. It keeps every message as Telegram would show it, so that a test (or a person, with
``transcript``) can read the chat; ``fail`` makes a method answer with an error as often as wanted.
"""

import asyncio
import itertools
import json
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

from aiohttp import BodyPartReader, web
from PIL import Image

TOKEN = "424242:THIS-is-a-token-for-tests-only"
PATIENCE = 120.0  # seconds for a condition to come true on a machine that is busy with other things
GET_FILE_LIMIT, UPLOAD_LIMIT, PHOTO_LIMIT = 20_000_000, 50_000_000, 10_000_000
Found = TypeVar("Found")


@dataclass(kw_only=True)
class Shown:
    """A message as it stands in a chat: of a person (``sender`` is their name) or of the bot (empty)."""

    chat: int
    number: int
    thread: int | None = None
    sender: str = ""
    kind: str = "text"
    text: str = ""
    buttons: list[list[dict[str, str]]] = field(default_factory=list)
    reply_to: int | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    deleted: bool = False

    def button(self, label: str) -> dict[str, str]:
        """The button with that label."""
        return next(button for row in self.buttons for button in row if label in button["text"])

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button["text"] for row in self.buttons for button in row]


@dataclass(kw_only=True)
class Failing:
    """An error that a method is to answer with, ``times`` times; ``when`` looks at its parameters."""

    method: str
    status: int
    description: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    times: int = 1
    when: Callable[[Mapping[str, str]], bool] = lambda _: True


class Refusal(Exception):
    def __init__(self, status: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.body = {"ok": False, "error_code": status, "description": description} | ({"parameters": parameters} if parameters else {})
        self.status = status


class TelegramServer:
    """The server; use it as an asynchronous context."""

    def __init__(self) -> None:
        self.messages: dict[tuple[int, int], Shown] = {}
        self.calls: list[tuple[str, dict[str, str]]] = []
        self.failing: list[Failing] = []
        self.blocked: set[int] = set()
        self.moved: dict[int, int] = {}
        self.menus: dict[str, list[dict[str, str]]] = {}
        self.toasts: list[str] = []
        self.files: dict[str, bytes] = {}
        self.served_in_pieces: set[str] = set()
        self._held: dict[str, asyncio.Event] = {}
        self._dropped: set[str] = set()
        self._updates: deque[dict[str, Any]] = deque()
        self._numbers = itertools.count(100)
        self._update_ids = itertools.count(1000)
        self._changed = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2 * UPLOAD_LIMIT)
        app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._method)
        app.router.add_get(f"/file/bot{TOKEN}/{{name:.+}}", self._file)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = int(self._runner.addresses[0][1])
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._runner.cleanup()

    @property
    def environment(self) -> dict[str, str]:
        """What a bot process needs to find this server."""
        base = f"http://127.0.0.1:{self.port}"
        return {
            "RIGSHOT_TELEGRAM__TOKEN": TOKEN,
            "RIGSHOT_TELEGRAM__BASE_URL": f"{base}/bot",
            "RIGSHOT_TELEGRAM__BASE_FILE_URL": f"{base}/file/bot",
        }

    def hold(self, method: str) -> None:
        """Let calls of a method wait until ``release``."""
        self._held[method] = asyncio.Event()

    def release(self, method: str, *, carry_out: bool) -> None:
        """Let them go on; without ``carry_out`` those that wait come to nothing, as when the line broke before they had arrived."""
        if not carry_out:
            self._dropped.add(method)
        self._held.pop(method).set()

    # --- looking ----------------------------------------------------------------------------------------------------

    async def until(self, look: Callable[[], Found | None], what: str = "") -> Found:
        """Wait until ``look`` finds something; the chat is told when it never does."""
        async with self._changed:
            try:
                async with asyncio.timeout(PATIENCE):
                    while not (found := look()):
                        await self._changed.wait()
            except TimeoutError:
                raise AssertionError(f"never seen: {what or look}\n{self.transcript()}") from None
        return found

    def said(self, chat: int | None = None, *, kind: str | None = None) -> list[Shown]:
        """The bot's messages that have not been deleted, oldest first."""
        return [
            message
            for message in self.messages.values()
            if not message.sender and not message.deleted and chat in (None, message.chat) and kind in (None, message.kind)
        ]

    async def seen(self, words: str, chat: int | None = None, *, kind: str | None = None) -> Shown:
        """The bot's message that says ``words``, as soon as there is one."""
        return await self.until(lambda: next((message for message in self.said(chat, kind=kind) if words in message.text), None), words)

    async def animations(self, number: int, chat: int | None = None) -> list[Shown]:
        """The animations in a chat, once there are that many."""
        return await self.until(
            lambda: found if len(found := self.said(chat, kind="animation")) >= number else None, f"{number} animations"
        )

    def count(self, method: str) -> int:
        """How often a method was called."""
        return Counter(name for name, _ in self.calls)[method]

    @property
    def waiting(self) -> int:
        """Updates that the bot has not confirmed."""
        return len(self._updates)

    def transcript(self, chat: int | None = None) -> str:
        """The chats as people see them."""
        lines: list[str] = []
        for message in self.messages.values():
            if chat not in (None, message.chat):
                continue
            who = message.sender or "Rigshot"
            head = f"── {who} #{message.number} in {message.chat}" + (f" ↩{message.reply_to}" if message.reply_to else "")
            head += " (deleted)" if message.deleted else ""
            lines.append(head)
            lines += ["   ┆ " + old.replace("\n", "\n   ┆ ") for old in message.texts[:-1]]
            files = ", ".join(f"{name} ({len(content)} bytes)" for name, content in message.files.items())
            lines += [f"   [{message.kind}: {files}]"] if files else []
            lines += ["   " + message.text.replace("\n", "\n   ")] if message.text else []
            lines += ["   " + " ".join(f"[{button['text']}]" for button in row) for row in message.buttons]
        return "\n".join(lines)

    # --- what people do ---------------------------------------------------------------------------------------------

    async def tell(self, **update: Any) -> int:
        """Put an update before the bot."""
        number = next(self._update_ids)
        async with self._changed:
            self._updates.append({"update_id": number, **update})
            self._changed.notify_all()
        return number

    async def repeat(self, update: Mapping[str, Any]) -> None:
        """Put an update before the bot that it has had already."""
        async with self._changed:
            self._updates.append(dict(update))
            self._changed.notify_all()

    def number(self) -> int:
        """A new message's number."""
        return next(self._numbers)

    def keep(self, content: bytes) -> str:
        """Lay down a file of a person; its id."""
        file_id = f"file{len(self.files)}"
        self.files[file_id] = content
        return file_id

    # --- the Bot API ------------------------------------------------------------------------------------------------

    async def _method(self, request: web.Request) -> web.Response:
        name = request.match_info["method"]
        words, files = await _read(request)
        try:
            if name != "getUpdates":
                self.calls.append((name, words))
            self._maybe_fail(name, words)
            if name in self._held:
                await self._wait_for_release(name)
            answer = getattr(self, f"_{name}")
            result = await answer(words, files)
        except Refusal as refusal:
            async with self._changed:
                self._changed.notify_all()
            return web.json_response(refusal.body, status=refusal.status)
        async with self._changed:
            self._changed.notify_all()
        return web.json_response({"ok": True, "result": result})

    async def _wait_for_release(self, name: str) -> None:
        async with self._changed:
            self._changed.notify_all()
        await self._held[name].wait()
        if name in self._dropped:
            raise Refusal(502, "Bad Gateway")

    def _maybe_fail(self, name: str, words: Mapping[str, str]) -> None:
        for failing in self.failing:
            if failing.method == name and failing.times > 0 and failing.when(words):
                failing.times -= 1
                raise Refusal(failing.status, failing.description, **failing.parameters)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        content = self.files[request.match_info["name"].removeprefix("photos/")]
        if request.match_info["name"].removeprefix("photos/") not in self.served_in_pieces:
            return web.Response(body=content)
        response = web.StreamResponse()  # without a length: the size shows only while it is read
        await response.prepare(request)
        for start in range(0, len(content), 1 << 20):
            await response.write(content[start : start + (1 << 20)])
        await response.write_eof()
        return response

    async def _getMe(self, _w: dict[str, str], _f: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        return {"id": 424242, "is_bot": True, "first_name": "Rigshot", "username": "rigshot_test_bot"}

    async def _getUpdates(self, words: dict[str, str], _f: dict[str, bytes]) -> list[dict[str, Any]]:  # noqa: N802
        offset = int(words.get("offset", 0))
        async with self._changed:
            while self._updates and self._updates[0]["update_id"] < offset:
                self._updates.popleft()
                self._changed.notify_all()
            if not self._updates:
                try:
                    await asyncio.wait_for(self._changed.wait_for(lambda: bool(self._updates)), min(float(words.get("timeout", 0)), 5.0))
                except TimeoutError:
                    return []
            allowed = set(json.loads(words.get("allowed_updates", "[]")))
            self._updates = deque(update for update in self._updates if not allowed or allowed & set(update))
            return list(self._updates)[: int(words.get("limit", 100))]

    async def _getFile(self, words: dict[str, str], _f: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        content = self.files[words["file_id"]]
        if len(content) > GET_FILE_LIMIT and words["file_id"] not in self.served_in_pieces:
            raise Refusal(400, "Bad Request: file is too big")
        return {"file_id": words["file_id"], "file_unique_id": words["file_id"], "file_path": f"photos/{words['file_id']}"}

    async def _setMyCommands(self, words: dict[str, str], _f: dict[str, bytes]) -> bool:  # noqa: N802
        self.menus[words.get("language_code", "")] = json.loads(words["commands"])
        return True

    async def _answerCallbackQuery(self, words: dict[str, str], _f: dict[str, bytes]) -> bool:  # noqa: N802
        text = words.get("text", "")
        if len(text) > 200:
            raise Refusal(400, "Bad Request: MESSAGE_TOO_LONG")
        self.toasts.append(text)
        return True

    async def _sendMessage(self, words: dict[str, str], _f: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        if not 0 < len(words["text"]) <= 4096:
            raise Refusal(400, "Bad Request: message is too long")
        return self._post(words, kind="text", text=words["text"])

    async def _sendAnimation(self, words: dict[str, str], files: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        facts = {name: int(words[name]) for name in ("width", "height", "duration")}
        return self._post(words, kind="animation", text=words.get("caption", ""), files=files, facts=facts)

    async def _sendPhoto(self, words: dict[str, str], files: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        for content in files.values():
            with Image.open(BytesIO(content)) as picture:
                sides = picture.size
            if len(content) > PHOTO_LIMIT or sum(sides) > 10_000 or max(sides) > 20 * min(sides):
                raise Refusal(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        return self._post(words, kind="photo", text=words.get("caption", ""), files=files)

    async def _sendDocument(self, words: dict[str, str], files: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        return self._post(words, kind="document", text=words.get("caption", ""), files=files)

    async def _sendMediaGroup(self, words: dict[str, str], files: dict[str, bytes]) -> list[dict[str, Any]]:  # noqa: N802
        if not 2 <= len(json.loads(words["media"])) <= 10:
            raise Refusal(400, "Bad Request: wrong number of media")
        return [self._post(words, kind="document", text="", files={name: content}) for name, content in files.items()]

    async def _editMessageText(self, words: dict[str, str], _f: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        message = self._ours(words)
        if message.kind != "text":
            raise Refusal(400, "Bad Request: there is no text in the message to edit")
        buttons = _buttons(words)
        if message.text == words["text"] and message.buttons == buttons:
            raise Refusal(400, "Bad Request: message is not modified: specified new message content and reply markup are exactly the same")
        message.text, message.buttons = words["text"], buttons
        message.texts.append(message.text)
        return _said(message)

    async def _editMessageReplyMarkup(self, words: dict[str, str], _f: dict[str, bytes]) -> dict[str, Any]:  # noqa: N802
        message = self._ours(words)
        if message.buttons == _buttons(words):
            raise Refusal(400, "Bad Request: message is not modified")
        message.buttons = _buttons(words)
        return _said(message)

    async def _deleteMessage(self, words: dict[str, str], _f: dict[str, bytes]) -> bool:  # noqa: N802
        self._ours(words, verb="delete").deleted = True
        return True

    def _post(self, words: Mapping[str, str], **what: Any) -> dict[str, Any]:
        chat = int(words["chat_id"])
        if chat in self.moved:
            raise Refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=self.moved[chat])
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        if len(what["text"]) > 1024 and what["kind"] != "text":
            raise Refusal(400, "Bad Request: message caption is too long")
        if sum(map(len, what.get("files", {}).values())) > UPLOAD_LIMIT:
            raise Refusal(413, "Request Entity Too Large")
        reply = json.loads(words.get("reply_parameters", "{}"))
        answered = reply.get("message_id")
        if answered is not None and (chat, answered) not in self.messages:
            if not reply.get("allow_sending_without_reply"):
                raise Refusal(400, "Bad Request: message to be replied not found")
            answered = None
        thread = int(words["message_thread_id"]) if "message_thread_id" in words else None
        message = Shown(chat=chat, number=self.number(), thread=thread, buttons=_buttons(words), reply_to=answered, **what)
        message.texts.append(message.text)
        self.messages[chat, message.number] = message
        return _said(message)

    def _ours(self, words: Mapping[str, str], verb: str = "edit") -> Shown:
        chat = int(words["chat_id"])
        if chat in self.blocked:
            raise Refusal(403, "Forbidden: bot was blocked by the user")
        message = self.messages.get((chat, int(words["message_id"])))
        if message is None or message.deleted or message.sender:
            raise Refusal(400, f"Bad Request: message to {verb} not found")
        return message


async def _read(request: web.Request) -> tuple[dict[str, str], dict[str, bytes]]:
    """The parameters and the uploaded files (by name) of a call."""
    if not request.content_type.startswith("multipart/"):
        return {name: str(value) for name, value in (await request.post()).items()} | dict(request.query), {}
    words: dict[str, str] = {}
    files: dict[str, bytes] = {}
    async for part in await request.multipart():
        assert isinstance(part, BodyPartReader) and part.name
        content = bytes(await part.read(decode=False))
        if part.filename is None:
            words[part.name] = content.decode()
        else:
            files[part.filename] = content
    return words, files


def _buttons(words: Mapping[str, str]) -> list[list[dict[str, str]]]:
    rows: list[list[dict[str, str]]] = json.loads(words.get("reply_markup", "{}")).get("inline_keyboard", [])
    for button in itertools.chain.from_iterable(rows):
        if len(button.get("callback_data", "").encode()) > 64:
            raise Refusal(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and "." not in (urlsplit(button["url"]).hostname or ""):
            raise Refusal(400, "Bad Request: BUTTON_URL_INVALID")
        if not button["text"] or ("url" in button) == ("callback_data" in button):
            raise Refusal(400, "Bad Request: BUTTON_TYPE_INVALID")
    return rows


def _said(message: Shown) -> dict[str, Any]:
    """A message of the bot as the Bot API tells it."""
    words: dict[str, Any] = {
        "message_id": message.number,
        "date": 1_700_000_000 + message.number,
        "chat": _chat(message.chat),
        "from": {"id": 424242, "is_bot": True, "first_name": "Rigshot", "username": "rigshot_test_bot"},
    }
    if message.thread is not None:
        words |= {"message_thread_id": message.thread, "is_topic_message": True}
    if message.kind == "text":
        return words | {"text": message.text}
    return words | {"caption": message.text, "document": {"file_id": "sent", "file_unique_id": "sent"}}


def _chat(chat: int) -> dict[str, Any]:
    return {"id": chat, "type": "private", "first_name": "somebody"} if chat > 0 else {"id": chat, "type": "supergroup", "title": "Pets"}


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A person with a phone: sends, presses. In their own chat, or in a group (``chat``) and one of its topics (``thread``)."""

    server: TelegramServer
    id: int
    name: str = "Ada"
    language: str = "en"
    chat: int = 0
    thread: int | None = None

    @property
    def room(self) -> int:
        """The chat that the person writes in."""
        return self.chat or self.id

    async def writes(self, text: str, *, reply_to: dict[str, Any] | None = None) -> dict[str, Any]:
        """A text or a command."""
        words: dict[str, Any] = {"text": text}
        if text.startswith("/"):
            words["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split()[0])}]
        if reply_to:
            words["reply_to_message"] = reply_to
        return await self._send(words, kind="text", text=text)

    async def sends(self, words: dict[str, Any]) -> dict[str, Any]:
        """Anything that a message may hold."""
        return await self._send(dict(words), kind=next(iter(words)), text=str(words.get("text") or words.get("caption") or ""))

    async def sends_photo(self, content: bytes, **words: Any) -> dict[str, Any]:
        """A photo, as the app sends it: in three sizes."""
        file_id = self.server.keep(content)
        size = {"file_unique_id": file_id, "width": 1280, "height": 960, "file_size": words.pop("declared", len(content))}
        sizes = [{"file_id": f"{file_id}-thumb", **size}, {"file_id": file_id, **size}]
        return await self._send({"photo": sizes, **words}, kind="photo", text=words.get("caption", ""))

    async def sends_file(self, content: bytes, name: str, media_type: str, **words: Any) -> dict[str, Any]:
        """A file."""
        file_id = self.server.keep(content)
        size = words.pop("declared", len(content))
        document = {"file_id": file_id, "file_unique_id": file_id, "file_name": name, "mime_type": media_type, "file_size": size}
        return await self._send({"document": document, **words}, kind="file", text=name)

    async def sends_album(self, contents: Sequence[bytes], *, group: str = "77", caption: str = "") -> list[dict[str, Any]]:
        """Several photos at once."""
        captions = [caption, *[""] * (len(contents) - 1)]
        return [
            await self.sends_photo(content, media_group_id=group, **({"caption": text} if text else {}))
            for content, text in zip(contents, captions, strict=True)
        ]

    async def presses(self, message: Shown, label: str, *, data: str | None = None) -> str:
        """A button of a message; the press's id."""
        number = f"q{self.server.number()}"
        pressed = data or message.button(label)["callback_data"]
        query = {"id": number, "from": self._user, "chat_instance": "1", "message": _said(message), "data": pressed}
        await self.server.tell(callback_query=query)
        return number

    @property
    def _user(self) -> dict[str, Any]:
        return {"id": self.id, "is_bot": False, "first_name": self.name, "language_code": self.language}

    async def _send(self, words: dict[str, Any], *, kind: str, text: str) -> dict[str, Any]:
        number = self.server.number()
        message = {"message_id": number, "date": 1_700_000_000 + number, "chat": _chat(self.room), "from": self._user, **words}
        if self.thread is not None:
            message |= {"message_thread_id": self.thread, "is_topic_message": True}
        shown = Shown(chat=self.room, number=number, thread=self.thread, sender=self.name, kind=kind, text=text or f"[{kind}]")
        self.server.messages[self.room, number] = shown
        update = await self.server.tell(message=message)
        return {"update_id": update, "message": message}
