"""The gateway's half of the tests' Discord: greets, hands out events in order, and repeats what a cut connection swallowed."""

import asyncio
import itertools
import json
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

HEARTBEAT_MS = 41250
DISPATCH, HEARTBEAT, IDENTIFY, RESUME, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 0, 1, 2, 6, 9, 10, 11
CUT, AUTHENTICATION_FAILED = 4000, 4004


class Gateway:
    """Sessions and their events; ``ready`` gives the content of READY and the events that follow it."""

    def __init__(self, *, token: str, ready: Callable[[], tuple[dict[str, Any], list[tuple[str, dict[str, Any]]]]]) -> None:
        self.token = token
        self._ready = ready
        self._events: list[tuple[str, dict[str, Any]]] = []
        self._session = ""
        self._numbers = itertools.count(1)
        self._socket: web.WebSocketResponse | None = None
        self.url = ""
        self.identified = 0
        self.resumed = 0
        self.intents = 0
        self.online = asyncio.Event()

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """A connection of the bot."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}, "s": None, "t": None})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                words = json.loads(message.data)
                await self._hear(socket, words["op"], words.get("d"))
        if self._socket is socket:
            self._socket = None
            self.online.clear()
        return socket

    async def tell(self, name: str, content: dict[str, Any]) -> None:
        """Send an event, or keep it for when the session goes on."""
        self._events.append((name, content))
        if self._socket is not None and self.online.is_set():
            await self._send(self._socket, len(self._events))

    async def cut(self) -> None:
        """Break the connection, as Discord does several times a day."""
        socket, self._socket = self._socket, None
        self.online.clear()
        assert socket is not None
        await socket.close(code=CUT, message=b"Unknown error")

    async def close(self) -> None:
        """End the server's side."""
        if self._socket is not None:
            await self._socket.close(code=WSCloseCode.GOING_AWAY)

    async def _hear(self, socket: web.WebSocketResponse, op: int, content: Any) -> None:
        if op == HEARTBEAT:
            await socket.send_json({"op": HEARTBEAT_ACK, "d": None, "s": None, "t": None})
        elif op == IDENTIFY:
            await self._identify(socket, content)
        elif op == RESUME:
            await self._resume(socket, content)

    async def _identify(self, socket: web.WebSocketResponse, content: dict[str, Any]) -> None:
        if content["token"] != self.token:
            await socket.close(code=AUTHENTICATION_FAILED, message=b"Authentication failed.")
            return
        self.identified += 1
        self.intents = content["intents"]
        self._session = f"session{next(self._numbers)}"
        self._socket = socket
        ready, following = self._ready()
        self._events = [("READY", {**ready, "session_id": self._session, "resume_gateway_url": self.url}), *following]
        for number in range(1, len(self._events) + 1):
            await self._send(socket, number)
        self.online.set()

    async def _resume(self, socket: web.WebSocketResponse, content: dict[str, Any]) -> None:
        if content["session_id"] != self._session:
            await socket.send_json({"op": INVALID_SESSION, "d": False, "s": None, "t": None})
            return
        self.resumed += 1
        self._socket = socket
        self._events.append(("RESUMED", {}))
        for number in range(content["seq"] + 1, len(self._events) + 1):
            await self._send(socket, number)
        self.online.set()

    async def _send(self, socket: web.WebSocketResponse, number: int) -> None:
        name, content = self._events[number - 1]
        await socket.send_json({"op": DISPATCH, "t": name, "s": number, "d": content})
