"""Every sentence exists in both languages, with the same gaps."""

import ast
import re
from pathlib import Path

import pytest

import rigshot_pipeline
from rigshot_pipeline import wording

PACKAGE = Path(rigshot_pipeline.__file__).parent
GIVEN = {"Refused", "StageFailed", "Advice"}


@pytest.mark.parametrize("code", wording.codes())
def test_both_languages_have_the_same_gaps(code: str) -> None:
    values = dict.fromkeys("abcdefghijklmnopqrstuvwxyz", "")

    class Any(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return f"<{name}>"

    english, chinese = (wording.sentence(code, Any(values), language) for language in wording.LANGUAGES)
    assert set(re.findall(r"<\w+>", english)) == set(re.findall(r"<\w+>", chinese))
    assert english
    assert re.search(r"[一-鿿]", chinese)


def _codes_in_the_sources() -> dict[str, str]:
    found: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in GIVEN):
                continue
            given = next((word.value for word in node.keywords if word.arg == "code"), node.args[0] if node.args else None)
            if isinstance(given, ast.Constant) and isinstance(given.value, str):
                found[given.value] = str(file.relative_to(PACKAGE))
    return found


@pytest.mark.parametrize(("code", "file"), sorted(_codes_in_the_sources().items()))
def test_every_code_that_is_given_has_a_sentence(code: str, file: str) -> None:
    assert code in wording.codes(), f"{file} gives {code!r}"


@pytest.mark.parametrize("code", wording.codes())
def test_chinese_sentences_have_chinese_marks(code: str) -> None:
    values = dict.fromkeys(re.findall(r"{(\w+)}", wording._TEXTS[code][1]), "7")
    chinese = wording.sentence(code, values, "zh-TW").replace("左,上,寬,高", "")  # what is typed on a command line
    assert not re.findall("[\u4e00-\u9fff）」°][,;:?!]|[,;:?!(][\u4e00-\u9fff]", chinese)


def test_an_unknown_code_is_an_error() -> None:
    with pytest.raises(KeyError):
        wording.sentence("no_such_code")
