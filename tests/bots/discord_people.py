"""What people do in the tests' Discord: use commands and menus, write direct messages, press buttons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from discord_messages import Asked, Channel, Shown
from discord_server import BOT, DiscordServer

SLASH, MENU = 1, 3
COMMAND, PRESS = 2, 3
STRING, ATTACHMENT = 3, 11
# view, send, attach, read history
MAY_WRITE = (1 << 10) | (1 << 11) | (1 << 15) | (1 << 16)


@dataclass(frozen=True, kw_only=True)
class Someone:
    """A person with Discord open at a channel."""

    server: DiscordServer
    id: int
    channel: Channel
    name: str = "Ada"
    locale: str = "en-US"
    limit: int = 10 * 2**20
    """Bytes that may be uploaded where the person is, as interactions tell."""
    age: float = 0.0
    """Seconds for which what the person does has been under way."""
    app_permissions: int = MAY_WRITE

    def __post_init__(self) -> None:
        self.server.people[self.id] = self.name
        if self.channel.guild is None and not self.channel.group:
            self.channel.recipient = self.id

    async def uses(self, command: str, **options: Any) -> Asked:
        """A slash command, as it was published; pictures are given as ``attachment`` of the server made them."""
        known = self._published(command, SLASH)
        names = {option["name"]: option["type"] for option in known.get("options", [])}
        files = {value["id"]: value for name, value in options.items() if names[name] == ATTACHMENT}
        told = [
            {"name": name, "type": names[name], "value": value["id"] if names[name] == ATTACHMENT else value}
            for name, value in options.items()
        ]
        data = {"id": "1", "name": command, "type": SLASH, "options": told, "resolved": {"attachments": files}}
        return await self._asks(COMMAND, data)

    async def opens_menu(self, command: str, message: Shown) -> Asked:
        """An entry of a message's menu."""
        self._published(command, MENU)
        told = self.server.told(message)
        data = {
            "id": "1",
            "name": command,
            "type": MENU,
            "target_id": str(message.number),
            "resolved": {"messages": {str(message.number): told}},
        }
        return await self._asks(COMMAND, data)

    async def presses(self, message: Shown, label: str, *, press: str | None = None) -> Asked:
        """A button of a message."""
        press = press or message.button(label)["custom_id"]
        told = self.server.told(message)
        if press not in [button.get("custom_id") for button in message.buttons]:  # pressed before the person saw it vanish
            old = {"type": 1, "components": [{"type": 2, "style": 2, "label": "old", "custom_id": press}]}
            told["components"] = [*message.components, old]
        return await self._asks(PRESS, {"component_type": 2, "custom_id": press}, message=message, told=told)

    async def writes(self, text: str = "", files: Sequence[Mapping[str, Any]] = (), *, again: Shown | None = None) -> Shown:
        """A message; in a direct channel the bot is told of it. ``again``: Discord tells of that one once more."""
        message = again or self._written(text, files)
        if self.channel.guild is None:
            channel = {"channel_type": 1}
            await self.server.gateway.tell("MESSAGE_CREATE", self.server.told(message) | channel)
        return message

    def _written(self, text: str, files: Sequence[Mapping[str, Any]]) -> Shown:
        raw = {"author": self._user, "attachments": list(files)}
        message = Shown(channel=self.channel.number, number=self.server.snowflake(), author=self.name, text=text, raw=raw)
        message.files = {file["filename"]: b"" for file in files}
        self.server.messages[message.number] = message
        return message

    def _published(self, name: str, kind: int) -> dict[str, Any]:
        everywhere = [command for commands in self.server.commands.values() for command in commands]
        return next(command for command in everywhere if command["name"] == name and command["type"] == kind)

    async def _asks(self, kind: int, data: Mapping[str, Any], message: Shown | None = None, told: Mapping[str, Any] | None = None) -> Asked:
        number = self.server.snowflake(age=self.age)
        token = f"token{number}"
        asked = Asked(number=number, channel=self.channel.number, user=self.name, source=message.number if message else None)
        self.server.asked[token] = asked
        words: dict[str, Any] = {
            "id": str(number),
            "application_id": str(BOT),
            "type": kind,
            "token": token,
            "version": 1,
            "data": dict(data),
            "channel_id": str(self.channel.number),
            "locale": self.locale,
            "entitlements": [],
            "attachment_size_limit": self.limit,
            "app_permissions": str(self.app_permissions),
            **self._where(),
        }
        if told is not None:
            words["message"] = dict(told)
        await self.server.gateway.tell("INTERACTION_CREATE", words)
        return asked

    def _where(self) -> dict[str, Any]:
        guild, number = self.channel.guild, str(self.channel.number)
        if guild is None:
            context = 2 if self.channel.group else 1
            owners = {"1": str(self.id)} if self.channel.group else {"0": "0"}
            channel = {"id": number, "type": 3 if self.channel.group else 1, "recipients": [self._user], "last_message_id": None}
            if self.channel.group:
                channel |= {"name": "friends", "icon": None, "owner_id": str(self.id)}
            return {"user": self._user, "context": context, "authorizing_integration_owners": owners, "channel": channel}
        owners = {"0": str(guild)} if guild in self.server.guilds else {"1": str(self.id)}
        member = {"user": self._user, "roles": [], "joined_at": "2026-01-01T00:00:00+00:00", "deaf": False, "mute": False}
        channel = {"id": number, "type": 0, "name": "pets", "position": 0, "guild_id": str(guild), "permission_overwrites": []}
        return {
            "guild_id": str(guild),
            "guild_locale": "en-US",
            "context": 0,
            "authorizing_integration_owners": owners,
            "member": {**member, "permissions": "0", "flags": 0},
            "channel": {**channel, "permissions": "0"},
        }

    @property
    def _user(self) -> dict[str, Any]:
        return {"id": str(self.id), "username": self.name, "discriminator": "0", "avatar": None, "bot": False}
