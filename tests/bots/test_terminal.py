"""The command's face: it knows no room, it only finds what they bring."""

import subprocess
import sys

import pytest

from rigshot_bots.terminal import main


def _rigshot(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "rigshot_bots.terminal", *words], capture_output=True, text=True, check=False)


def test_help_lists_what_the_rooms_bring() -> None:
    answer = _rigshot("--help")
    assert answer.returncode == 0
    assert "make" in answer.stdout
    assert "models" in answer.stdout


def test_help_loads_no_numeric_library() -> None:
    code = (
        "import sys\n"
        "from rigshot_bots.terminal import main\n"
        "try: main(['make', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'numba', 'cv2', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("words", [[], ["nonsense"], ["make"], ["make", "x.jpg", "--box", "1,2"], ["make", "x.jpg", "--redo", "dishes"]])
def test_wrong_usage_is_told_apart_from_failures(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert "usage: rigshot" in capsys.readouterr().err
