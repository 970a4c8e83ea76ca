"""What the storage can be told, and what it says when it is told nonsense."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from rigshot_storage import Links, StorageSettings, StorageUnavailable, explain


def test_without_settings_links_lead_to_this_machine(tmp_path: Path) -> None:
    settings = StorageSettings()
    assert settings.base_url == "http://127.0.0.1:8780"
    assert not Links(settings).public


def test_the_environment_and_the_file_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("RIGSHOT_S3__BUCKET=cats\nRIGSHOT_LINK_KEYS=first-key-of-sixteen, second-key-of-sixteen\nOTHER=1\n")
    monkeypatch.setenv("RIGSHOT_PUBLIC_URL", "https://example.org/models/")
    monkeypatch.setenv("RIGSHOT_DOWNLOADS__PORT", "9000")
    settings = StorageSettings()
    assert settings.s3.bucket == "cats"
    assert [key.get_secret_value() for key in settings.link_keys] == ["first-key-of-sixteen", "second-key-of-sixteen"]
    assert settings.base_url == "https://example.org/models"
    assert settings.path_prefix == "/models"
    assert settings.downloads.port == 9000


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIGSHOT_LINK_KEYS", "a-very-secret-key-indeed")
    monkeypatch.setenv("RIGSHOT_S3__ACCESS_KEY_ID", "secret-id")
    monkeypatch.setenv("RIGSHOT_S3__SECRET_ACCESS_KEY", "secret-value")
    assert "secret-" not in repr(StorageSettings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RIGSHOT_LINK_KEYS", "tooshort"),
        ("RIGSHOT_PUBLIC_URL", "https://example.org/?models"),
        ("RIGSHOT_PUBLIC_URL", "cats"),
        ("RIGSHOT_LINK_DAYS", "-1"),
        ("RIGSHOT_DOWNLOADS__PORT", "99999"),
        ("RIGSHOT_S3__ACCESS_KEY_ID", "only-one-half"),
    ],
)
def test_nonsense_is_explained_with_the_variables_name_and_without_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        StorageSettings()
    sentence = explain(caught.value)
    assert sentence.startswith(name.removesuffix("__ACCESS_KEY_ID"))
    assert value not in sentence


def test_a_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    settings = StorageSettings(data=tmp_path / "new" / "data")
    url = Links(settings).url("01k9zq4r5tabcdefgh12345678", "glb", lifetime=1e6)
    file = settings.data / "link_key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in settings.data.iterdir()] == ["link_key"]
    query = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))
    assert Links(settings).verify("/f/01k9zq4r5tabcdefgh12345678/glb", query) == "good"


def test_an_empty_key_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link_key").touch()
    with pytest.raises(StorageUnavailable, match="delete it"):
        Links(StorageSettings(data=tmp_path))


def test_many_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from rigshot_storage import StorageSettings; "
        "from rigshot_storage.secret_keys import secret_keys; "
        "sys.stdin.read(); print(secret_keys(StorageSettings(data=Path(sys.argv[1])))[0].decode())"
    )
    crowd = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    for process in crowd:
        assert process.stdin is not None
        process.stdin.close()
    keys = set()
    for process in crowd:
        assert process.stdout is not None
        keys.add(process.stdout.read())
        process.stdout.close()
        assert process.wait() == 0
    assert len(keys) == 1


def test_the_room_is_light_to_import() -> None:
    code = (
        "import rigshot_storage, sys; print([m for m in ('obstore', 'aiohttp', 'jinja2', 'numpy', 'rigshot_pipeline') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
