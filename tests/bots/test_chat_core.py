"""The core of every chat: words, times, buttons, what is logged, and that it needs no library of the pipeline."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from chat_plan import film

from rigshot_bots.env_example import env_example
from rigshot_bots.messages import MAX_PRESS, Button, Press
from rigshot_bots.settings import BotSettings
from rigshot_bots.status import bar, status_answer
from rigshot_bots.telegram.film import Film
from rigshot_bots.telegram.post import keyboard, link_works
from rigshot_bots.texts import LANGUAGES, Language, codes, language_of
from rigshot_bots.times import date, range_of, took
from rigshot_queue import Job, Place, QueueSettings, Request, Said
from rigshot_storage import StorageSettings

ROOT = Path(__file__).resolve().parents[2]


class Gaps(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"<{name}>"


@pytest.mark.parametrize("code", codes())
def test_both_languages_have_the_same_gaps(code: str) -> None:
    names = set(re.findall(r"{(\w+)", say_raw(code, "en")))
    assert names == set(re.findall(r"{(\w+)", say_raw(code, "zh-TW")))


def say_raw(code: str, language: Language) -> str:
    from rigshot_bots import texts

    return texts._TEXTS[code][language == "zh-TW"]


def test_every_code_that_the_faces_say_exists() -> None:
    said = {
        (code, file.name)
        for file in (ROOT / "bots" / "rigshot_bots").rglob("*.py")
        for code in re.findall(r"\bsay\(\s*\"(\w+)\"", file.read_text(encoding="utf-8"))
    }
    assert len(said) > 60
    assert not [(code, file) for code, file in said if code not in codes()]


@pytest.mark.parametrize(
    ("low", "high", "english", "chinese"),
    [
        (1, 6, "a few seconds", "幾秒鐘"),
        (3, 20, "about 5–20 seconds", "大約 5–20 秒"),
        (24, 41, "about 20–50 seconds", "大約 20–50 秒"),
        (48, 49, "about 40–50 seconds", "大約 40–50 秒"),
        (50, 95, "about 1–2 minutes", "大約 1–2 分鐘"),
        (121, 170, "about 2–3 minutes", "大約 2–3 分鐘"),
        (660, 1500, "about 10–25 minutes", "大約 10–25 分鐘"),
        (5000, 9000, "about 1–3 hours", "大約 1–3 小時"),
        (7200, 7200, "about 2 hours", "大約 2 小時"),
    ],
)
def test_times_are_said_as_rounded_ranges(low: float, high: float, english: str, chinese: str) -> None:
    assert range_of(low, high, "en") == english
    assert range_of(low, high, "zh-TW") == chinese


def test_durations_and_days() -> None:
    assert took(0.2, "en") == "1 second"
    assert took(75, "en") == "75 seconds"
    assert took(125, "zh-TW") == "2 分 5 秒"
    assert date(1_800_000_000, "en") == "15 January"
    assert date(1_800_000_000, "zh-TW") == "1 月 15 日"


@pytest.mark.parametrize(
    ("code", "language"),
    [("zh-hant", "zh-TW"), ("zh_CN", "zh-TW"), ("zh", "zh-TW"), ("en-GB", "en"), ("de", "en"), (None, "en")],
)
def test_the_language_follows_the_platform(code: str | None, language: Language) -> None:
    assert language_of(code) == language


def job(**more: object) -> Job:
    words = {"id": "0" * 26, "request": Request(person="telegram:1", platform="telegram"), "state": "waiting", "created": 0.0}
    return Job(**words | more)  # type: ignore[arg-type]


def test_a_status_stands_still_while_nothing_that_matters_changes() -> None:
    place = Place(position=3, waiting=5, low=130, high=200, workers=1)
    later = Place(position=3, waiting=9, low=125, high=190, workers=1)
    for language in LANGUAGES:
        assert status_answer(job(), place, language) == status_answer(job(), later, language)
    assert status_answer(job(), place, "en").text == "⏳ You are number 3 in line.\nReady in about 2–4 minutes."


def test_advice_in_a_chat_names_no_options_of_a_command_line() -> None:
    said = (
        Said(code="several_subjects", level="warning", sentences={"en": "--box", "zh-TW": "--box"}),
        Said(code="weights_missing", level="warning", sentences={"en": "install", "zh-TW": "install"}),
        Said(code="too_dark", level="warning", sentences={"en": "Dark.", "zh-TW": "太暗。"}),
        Said(code="turned_upright", level="note", sentences={"en": "Turned.", "zh-TW": "轉正。"}),
    )
    text = status_answer(job(state="running", stage="skin", fraction=0.55, advice=said), None, "en").text
    assert "--box" not in text
    assert "crop the photo" in text
    assert text.endswith("💡 Dark.")
    assert bar(0.55) == "▰▰▰▰▰▱▱▱▱▱"


def test_every_warning_of_the_pipeline_fits_a_chat() -> None:
    """No sentence that reaches a chat may speak of command lines; the pipeline's words are read from its own table."""
    code = "import json; from rigshot_pipeline import wording; print(json.dumps({c: wording._TEXTS[c] for c in wording.codes()}))"
    table = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    for name, sentences in table.items():
        if not any("--" in sentence for sentence in sentences):
            continue
        said = Said(code=name, level="warning", sentences=dict(zip(LANGUAGES, sentences, strict=True)))
        for language in LANGUAGES:
            assert "--" not in status_answer(job(state="running", advice=(said,)), None, language).text, name


def test_a_press_survives_its_way_and_knows_its_limit() -> None:
    press = Press(action="clip", words=("0" * 26, "12"))
    assert Press.read(str(press)) == press
    with pytest.raises(ValueError, match="a press of"):
        str(Press(action="clip", words=("x" * MAX_PRESS,)))


def test_links_that_telegram_refuses_become_no_buttons() -> None:
    assert not link_works("http://localhost:8780/m/1")
    assert link_works("https://rigs.example.org/m/1")
    rows = ((Button(label="View", url="http://localhost/m"),), (Button(label="Again", press="again:1"),))
    markup = keyboard(rows)
    assert markup is not None
    assert [[button.text for button in row] for row in markup.inline_keyboard] == [["Again"]]
    assert keyboard(rows[:1]) is None


def test_a_film_tells_its_size_and_length(tmp_path: Path) -> None:
    film(tmp_path / "film.mp4")
    assert Film.read(tmp_path / "film.mp4") == Film(path=tmp_path / "film.mp4", width=64, height=48, seconds=1)
    (tmp_path / "no.mp4").write_bytes(b"\0\0\0\x08ftyp" + bytes(50))
    with pytest.raises(ValueError, match="moov"):
        Film.read(tmp_path / "no.mp4")


def test_logs_hide_tokens_and_people() -> None:
    code = (
        "import logging, structlog\n"
        "from rigshot_bots import logs\n"
        "logs.set_up(json=True, secrets=['s3cret-value'])\n"
        "logging.getLogger('httpx').info('POST https://x/bot123:TEST')\n"
        "structlog.get_logger().info('seen', reason='/bot123456:AAbbccddeeffgghh/getMe s3cret-value', who=logs.hashed('telegram:77'))\n"
        "try: raise ValueError('at s3cret-value')\n"
        "except ValueError: logging.getLogger('other').exception('broke')\n"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in answer.stderr.splitlines()]
    assert [line["event"] for line in lines] == ["seen", "broke"]
    assert "s3cret" not in answer.stderr
    assert "AAbbcc" not in answer.stderr
    assert "77" not in lines[0]["who"]


def test_env_example_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == env_example(), "python -m rigshot_bots.env_example > .env.example"


def test_env_example_without_its_marks_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("RIGSHOT_", "REDIS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    lines = re.findall(r"^# ([A-Z][A-Z0-9_]+=.+)$", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) > 20
    plain = [settings() for settings in (StorageSettings, QueueSettings, BotSettings)]
    (tmp_path / ".env").write_text("\n".join(lines), encoding="utf-8")
    assert [settings() for settings in (StorageSettings, QueueSettings, BotSettings)] == plain


def test_help_waits_for_no_library() -> None:
    libraries = "{'telegram', 'redis', 'arq', 'aiohttp', 'pydantic', 'rich', 'gradio', 'numpy', 'structlog'}"
    code = (
        "import sys\nfrom rigshot_bots.terminal import main\n"
        f"try: main(['--help'])\nexcept SystemExit: print('LOADED', sorted({libraries} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "put photos into the line" in said
    assert said.strip().endswith("LOADED []")


@pytest.mark.parametrize("module", ["telegram.bot", "telegram.command", "send", "doctor", "conversation"])
def test_a_face_needs_no_library_of_the_pipeline(module: str) -> None:
    heavy = "{'numpy', 'cv2', 'trimesh', 'rigshot_pipeline', 'scipy'}"
    code = f"import sys, rigshot_bots.{module}; print(sorted({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["telegram.command", "send", "doctor"])
def test_a_subcommand_is_cheap_to_import(module: str) -> None:
    libraries = "{'telegram', 'redis', 'arq', 'aiohttp', 'pydantic', 'rich'}"
    code = f"import sys, rigshot_bots.{module}; print(sorted({libraries} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
