"""What the tests' Discord is made of: channels, messages as they stand, and the rules that a message must keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

COMPONENTS_V2 = 1 << 15
ROW, BUTTON, TEXT, GALLERY, FILE = 1, 2, 10, 12, 13


@dataclass(kw_only=True)
class Channel:
    """A channel: of a server (``guild``), a direct one, or a group of friends where the bot is not."""

    number: int
    guild: int | None = None
    group: bool = False
    recipient: int | None = None
    refusal: tuple[int, int] | None = None
    """Status and code with which everything there is refused."""


@dataclass(kw_only=True)
class Shown:
    """A message as it stands in a channel; ``author`` is a person's name, or empty for the bot."""

    channel: int
    number: int
    author: str = ""
    text: str = ""
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    reply_to: int | None = None
    seen_by: str = ""
    nonce: str = ""
    pinged: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)
    deleted: bool = False
    thinking: bool = False

    @property
    def words(self) -> str:
        """All that can be read in it."""
        return "\n".join([self.text, *(part["content"] for part in walk(self.components) if part["type"] == TEXT)]).strip()

    @property
    def shown_files(self) -> list[str]:
        """The files that a person sees: in a laid out message only those that a component names."""
        media = [item["media"]["url"] for part in walk(self.components) if part["type"] == GALLERY for item in part["items"]]
        media += [part["file"]["url"] for part in walk(self.components) if part["type"] == FILE]
        names = [url.rpartition("/")[2] for url in media]
        return names if self.flags & COMPONENTS_V2 else list(self.files)

    @property
    def buttons(self) -> list[dict[str, Any]]:
        """Its buttons."""
        return [part for part in walk(self.components) if part["type"] == BUTTON]

    @property
    def labels(self) -> list[str]:
        """What its buttons say."""
        return [button["label"] for button in self.buttons]

    def button(self, label: str) -> dict[str, Any]:
        """The button with that label."""
        return next(button for button in self.buttons if label in button["label"])


@dataclass(kw_only=True)
class Failing:
    """An error that requests answer with, ``times`` times; ``path`` is searched for in "METHOD /path"."""

    path: str
    status: int
    body: Mapping[str, Any]
    times: int = 1
    when: Callable[[Mapping[str, Any]], bool] = lambda _: True


@dataclass(kw_only=True)
class Asked:
    """An interaction: whose, where, and the message that answers it."""

    number: int
    channel: int
    user: str
    source: int | None = None
    answered: int | None = None
    original: int | None = None
    dead: bool = False


class Refusal(Exception):
    """An error as Discord answers it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message}


def walk(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """All components, those within others included."""
    return [part for component in components for part in (component, *walk(component.get("components", [])))]


def check_components(components: list[dict[str, Any]], files: Mapping[str, bytes], flags: int) -> None:
    """Discord's rules for components."""
    parts = walk(components)
    wrong = Refusal(400, 50035, "Invalid Form Body: components")
    plain = not flags & COMPONENTS_V2
    rows = [part for part in parts if part["type"] == ROW]
    if (plain and (len(rows) > 5 or any(part["type"] not in (ROW, BUTTON) for part in parts))) or len(parts) > 40:
        raise wrong
    if any(not 1 <= len(row["components"]) <= 5 for row in rows):
        raise wrong
    for button in (part for part in parts if part["type"] == BUTTON):
        if not 0 < len(button["label"]) <= 80 or len(button.get("custom_id", "")) > 100 or ("url" in button) == ("custom_id" in button):
            raise wrong
        if "url" in button and "." not in (urlsplit(button["url"]).hostname or ""):
            raise wrong
    presses = [button["custom_id"] for button in parts if "custom_id" in button]
    media = [item["media"]["url"] for part in parts if part["type"] == GALLERY for item in part["items"]]
    media += [part["file"]["url"] for part in parts if part["type"] == FILE]
    if len(set(presses)) < len(presses) or any(url.removeprefix("attachment://") not in files for url in media):
        raise wrong
    if sum(len(part["content"]) for part in parts if part["type"] == TEXT) > 4000:
        raise wrong


def told_guild(number: int, channels: list[Channel]) -> dict[str, Any]:
    """A server as the gateway tells of it."""
    told = [{"id": str(channel.number), "type": 0, "name": "pets", "position": 0, "permission_overwrites": []} for channel in channels]
    role = {"id": str(number), "name": "@everyone", "permissions": "0", "position": 0, "color": 0, "hoist": False, "managed": False}
    return {
        "id": str(number),
        "name": "Pets",
        "owner_id": "1",
        "roles": [{**role, "mentionable": False}],
        "emojis": [],
        "features": [],
        "channels": told,
        "members": [],
        "threads": [],
        "member_count": 2,
        "large": False,
        "unavailable": False,
        "premium_tier": 0,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "nsfw_level": 0,
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "stickers": [],
        "preferred_locale": "en-US",
    }
