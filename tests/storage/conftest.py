"""A folder and an S3 server, both real; a published model in either; the download server over real HTTP."""

import os
import urllib.request
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer
from moto.server import ThreadedMotoServer
from places import KEY, Place, s3_settings
from pydantic import HttpUrl, SecretStr

from rigshot_storage import StorageSettings, open_artifacts
from rigshot_storage.server import build_app


@pytest.fixture(autouse=True)
def clean_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the developer's own settings."""
    for name in [name for name in os.environ if name.startswith(("RIGSHOT_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="session")
def s3_server() -> Generator[str]:
    """The address of an S3 server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty folder, then an empty bucket."""
    settings = StorageSettings(data=tmp_path / "data", link_keys=(SecretStr(KEY),), public_url=HttpUrl("https://example.org/models"))
    if request.param == "s3":
        endpoint = request.getfixturevalue("s3_server")
        bucket = f"test-{uuid4().hex}"
        urllib.request.urlopen(urllib.request.Request(f"{endpoint}/{bucket}", method="PUT")).close()
        settings = settings.model_copy(update={"s3": s3_settings(endpoint, bucket)})
    files = tmp_path / "files"
    files.mkdir()
    return Place(kind=request.param, settings=settings, artifacts=open_artifacts(settings), files=files)


@pytest.fixture
async def client(place: Place) -> AsyncGenerator[TestClient]:
    """A client of the download server over ``place``; ``str(client.make_url("/"))`` is its address."""
    async with TestClient(TestServer(build_app(place.settings, artifacts=place.artifacts, clock=place.clock))) as client:
        yield client


@pytest.fixture
async def session() -> AsyncGenerator[ClientSession]:
    """A client of its own, for servers in other processes."""
    async with ClientSession() as session:
        yield session
