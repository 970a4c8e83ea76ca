"""Pictures that were made to break things, sent in a chat: each gets one sentence or one film."""

from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from chat_lab import Service
from telegram_server import Someone, TelegramServer

OF_EACH_KIND = 3


async def test_hostile_pictures_get_one_sentence_or_one_film(service: Callable[..., Service], shared_data: Path) -> None:
    kinds = groupby(sorted((shared_data / "hostile").iterdir()), lambda file: file.name.partition("_")[0])
    files = dict(enumerate([file for _, group in kinds for file in list(group)[:OF_EACH_KIND]], start=9000))
    assert len(files) > 20
    async with TelegramServer() as telegram:
        line = service(**telegram.environment, RIGSHOT_TELEGRAM__EDIT_SECONDS="0.2")
        line.start("telegram")
        line.worker("chat_plan:DOOR")  # the pipeline's true door, in its child; behind it nothing that takes long
        for chat, file in files.items():
            await Someone(server=telegram, id=chat).sends_file(file.read_bytes(), file.name, "image/png")
        for chat, file in files.items():
            await telegram.until(lambda chat=chat: _answered(telegram, chat), file.name)
            status, *rest = telegram.said(chat)
            if status.text.startswith("✅"):
                assert [message.kind for message in rest] == ["animation", "document", "document"]
                continue
            (reason,) = rest or [status]  # what the line itself refuses is said where the status stood
            assert reason.text.endswith(".")
            assert reason.text.count("\n") == 0
            assert "Traceback" not in reason.text
        assert "Traceback" not in line.log("telegram")
        refused = [chat for chat in files if not telegram.said(chat, kind="animation")]
        assert 10 < len(refused) < len(files)


def _answered(telegram: TelegramServer, chat: int) -> bool:
    """Whether all has been said: a film and two files, a refusal below its announcement, or a refusal in the status itself."""
    said = telegram.said(chat)
    if not said or said[0].text[0] in "📷⏳🛠":
        return False
    if said[0].text.startswith("✅"):
        return len(said) == 4
    return len(said) == (2 if "the reason is below" in said[0].text else 1)
