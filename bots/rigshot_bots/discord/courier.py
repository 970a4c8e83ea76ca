"""Brings results: one message with animation, links and files, in the channel where it was asked for or by the next best way."""

import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import PurePath
from typing import Any

import discord
import structlog
from discord.utils import DEFAULT_FILE_SIZE_LIMIT_BYTES

from rigshot_queue import QueueUnavailable
from rigshot_storage import ModelFile

from ..addresses import link_works
from ..deliver import NotNow, Parcel, Unreachable
from ..keeper import StatusKeeper, Vanished
from ..texts import say
from .board import CLOSED, DEAD_TOKEN, GONE, TROUBLE, Board
from .layout import Picture, escaped, plain_view, result_layout
from .parcels import Load, pack
from .place import Place
from .traces import Traces

__all__ = ["Courier"]

TOO_LARGE = 40005
NO_HISTORY = 160002
"""We may not reply where we may not read what was said before."""
BAD_MINUTE = 60.0
"""Seconds that Discord is left alone when it refuses again and again without saying for how long."""
MB = 2**20
SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9]+)+")
"""Discord changes other names, and then ``attachment://NAME`` finds nothing."""

log = structlog.get_logger()

Fields = dict[str, Any]
Way = Callable[[Fields], Awaitable[discord.Message]]


class Courier:
    """Discord's part of the deliveries."""

    def __init__(self, client: discord.Client, board: Board, keeper: StatusKeeper, traces: Traces) -> None:
        self._client = client
        self._board = board
        self._keeper = keeper
        self._traces = traces

    async def bring(self, parcel: Parcel) -> None:
        """Send the result and say the last word in the status message. Raises Unreachable, NotNow."""
        place = Place.read(parcel.job.request.origin)
        await self._keeper.release(parcel.job.id)
        try:
            await parcel.once("result", lambda: self._send(parcel, place))
        except discord.RateLimited as error:
            raise NotNow(error.retry_after) from error
        except discord.HTTPException as error:
            if error.status == 429:
                raise NotNow(BAD_MINUTE) from error
            raise
        try:
            await self._board.show(parcel.job, await parcel.conversation.shown(parcel.job))
        except (Vanished, *TROUBLE) as error:  # the result has arrived, which says the same
            log.info("discord.last_word_not_said", job=parcel.job.id, reason=repr(error))

    async def _send(self, parcel: Parcel, place: Place) -> None:
        reasons: list[str] = []
        for way, moved in self._ways(parcel, place):
            try:
                message = await self._send_by(way, parcel, place, moved=moved)
            except discord.HTTPException as error:
                if error.code not in CLOSED | GONE | DEAD_TOKEN:
                    raise
                reasons.append(f"{error.code} {error.text}")
                continue
            with suppress(QueueUnavailable):
                await self._traces.remember(parcel.job, Place(channel=message.channel.id, message=message.id, user=place.user))
            return
        raise Unreachable("; ".join(reasons))

    def _ways(self, parcel: Parcel, place: Place) -> Iterator[tuple[Way, bool]]:
        """The ways to the person, best first, and whether one leads elsewhere than where the person asked."""
        # Discord makes no second message with the same nonce within minutes: a bot killed while sending does not send twice.
        nonce = parcel.job.id[1:]  # of 26 characters Discord takes 25; the first one changes every thousand years
        if place.member:
            channel = self._client.get_partial_messageable(place.channel)
            yield (lambda fields: channel.send(nonce=nonce, **fields)), False
        elif place.token_lives:
            webhook = discord.Webhook.partial(place.application, place.token, client=self._client)
            yield (lambda fields: webhook.send(wait=True, **{name: fields[name] for name in fields if name != "reference"})), False

        async def directly(fields: Fields) -> discord.Message:
            person = await self._client.create_dm(discord.Object(place.user))
            return await person.send(nonce=nonce, **{name: fields[name] for name in fields if name != "reference"})

        if place.public:  # else the channel is the person's own
            yield directly, True

    async def _send_by(self, way: Way, parcel: Parcel, place: Place, *, moved: bool) -> discord.Message:
        """Send by one way; smaller and smaller where Discord finds it too large."""
        limit = min(place.limit, DEFAULT_FILE_SIZE_LIMIT_BYTES) if moved else place.limit
        reference: discord.MessageReference | None = None
        if place.message and not moved:
            reference = discord.MessageReference(message_id=place.message, channel_id=place.channel, fail_if_not_exists=False)
        links = parcel.conversation.links
        linked = links.public and link_works(links.base_url)
        while True:
            load = pack(parcel.model, limit, with_files=not linked) if parcel.model else None
            fields = await _fields(parcel, place, load, moved=moved)
            if reference is not None:
                fields["reference"] = reference
            try:
                return await way(fields)
            except discord.HTTPException as error:
                if error.code == NO_HISTORY and reference is not None:
                    reference = None
                elif (error.code == TOO_LARGE or error.status == 413) and load is not None and load.size:
                    limit = load.size // 2
                else:
                    raise


async def _fields(parcel: Parcel, place: Place, load: Load | None, *, moved: bool) -> Fields:
    """What a message is sent with."""
    mentioned = place.public and not moved  # where others talk, the person would not notice
    lines = [escaped(parcel.answer.text)]
    if mentioned:
        lines.insert(0, f"<@{place.user}>")
    if moved:
        lines.insert(0, f"-# {escaped(say('discord_moved', parcel.language))}")
    for file in load.left_out if load else ():
        sentence = say("file_too_big_here", parcel.language, name=file.name, megabytes=f"{file.size / MB:.1f}")
        lines.append(escaped(sentence))
    text = "\n".join(lines)
    who = discord.AllowedMentions(
        users=[discord.Object(place.user)] if mentioned else False, everyone=False, roles=False, replied_user=False
    )
    if load is None:
        return {"content": text, "view": plain_view(parcel.answer.buttons), "allowed_mentions": who}
    picture = _picture(load.picture, say("discord_alt", parcel.language))
    names = [_shown_as(file) for file in load.files]
    beside = None
    if parcel.beside is not None:  # its button is among the answer's: all of them stand below the message
        beside = (escaped(parcel.beside.text), _picture(load.comparison, say("redrawn_alt", parcel.language)))
    view = result_layout(text, parcel.answer.buttons, picture=picture, files=names, beside=beside)
    files = [await _file(parcel, file) for file in (load.picture, load.comparison, *load.files) if file is not None]
    return {"view": view, "files": files, "allowed_mentions": who}


async def _file(parcel: Parcel, file: ModelFile) -> discord.File:
    path = await parcel.fetch(file.kind)
    assert path is not None, "the kind comes from the model itself"
    return discord.File(path, filename=_shown_as(file))


def _picture(file: ModelFile | None, alt: str) -> Picture | None:
    return Picture(name=_shown_as(file), alt=alt) if file else None


def _shown_as(file: ModelFile) -> str:
    """The file's own name where Discord keeps it, else a plain one."""
    if SAFE_NAME.fullmatch(file.name):
        return file.name
    return file.kind if "." in file.kind else f"model{PurePath(file.name).suffix}"
