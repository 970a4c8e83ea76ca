"""Brings results to Telegram: the animation with its buttons, and the files themselves where links do not work."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from telegram.constants import FileSizeLimit

from rigshot_queue import Job, QueueUnavailable

from ..addresses import link_works
from ..conversation import Conversation
from ..deliver import Parcel
from ..keeper import StatusKeeper, Vanished
from ..messages import Answer
from ..results import COMPARISON, DOWNLOADS
from ..texts import say
from .film import Film
from .place import Place
from .post import Post
from .traces import Traces

__all__ = ["TelegramCourier"]

MB = 1_000_000
LOCAL_UPLOAD = 2000 * MB
"""Bytes of an upload to a Bot API server of one's own."""


@dataclass(frozen=True, kw_only=True)
class TelegramCourier:
    """Telegram's part of a delivery; ``local``: the Bot API server is our own and takes large files."""

    conversation: Conversation
    post: Post
    keeper: StatusKeeper
    local: bool

    async def bring(self, parcel: Parcel) -> None:
        """Bring a parcel: first the last word of the status message, which may be said twice, then what may not."""
        place = Place.read(parcel.job.request.origin)
        await self.keeper.release(parcel.job.id)
        try:
            await self.post.show(place, await self.conversation.shown(parcel.job))
        except Vanished:
            place = Place(chat=place.chat, thread=place.thread, message=place.message)
        film = await parcel.fetch("turntable.mp4")
        if film is None:
            await parcel.once("text", partial(self.post.announce, place, parcel.answer))
            return
        await parcel.once("film", partial(self.post.animate, place, Film.read(film), parcel.answer))
        comparison = await parcel.fetch(COMPARISON) if parcel.beside else None
        if comparison is not None and parcel.beside is not None:
            await parcel.once("redrawn", partial(self._compare, parcel.job, place, comparison, parcel.beside))
        if not (self.conversation.links.public and link_works(self.conversation.links.base_url)):
            await self._hand_over(parcel, place)

    async def _compare(self, job: Job, place: Place, picture: Path, answer: Answer) -> None:
        message = await self.post.picture(place, picture, answer)
        with suppress(QueueUnavailable):  # then it stays when the model is deleted
            await Traces(self.conversation).remember(job, message)

    async def _hand_over(self, parcel: Parcel, place: Place) -> None:
        most = LOCAL_UPLOAD if self.local else int(FileSizeLimit.FILESIZE_UPLOAD)
        wanted = [file for kind in DOWNLOADS if parcel.model and (file := parcel.model.file(kind))]
        fitting = [path for file in wanted if file.size <= most and (path := await parcel.fetch(file.kind))]
        if fitting:
            await parcel.once("files", partial(self.post.hand_over, place, fitting))
        for file in wanted:
            if file.size > most:
                text = say("file_too_big_here", parcel.language, name=file.name, megabytes=-(-file.size // MB))
                await parcel.once(f"too-big-{file.kind}", partial(self.post.announce, place, Answer(text=text)))
