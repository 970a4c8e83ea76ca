"""What the storage's tests share: a place with a published model in it."""

import time
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from pydantic import HttpUrl, SecretStr

from rigshot_storage import Artifacts, Links, Model, ModelFile, Models, StorageSettings, media_type
from rigshot_storage.settings import S3Settings


def _png() -> bytes:
    """A picture of 768 x 640."""
    with BytesIO() as file:
        Image.new("RGB", (768, 640), (200, 215, 230)).save(file, "PNG")
        return file.getvalue()


# Tests of what one kind of place alone can do.
only_folder = pytest.mark.parametrize("place", ["folder"], indirect=True)
only_s3 = pytest.mark.parametrize("place", ["s3"], indirect=True)

KEY = "an old key of enough letters"
NOW = float(int(time.time()))  # files bear the true time, and sweeps compare the two
JOB = "01k9zq4r5tabcdefgh12345678"
OTHER_JOB = "01k9zq4r5tzzzzzzzz00000000"
GLB = b"glTF" + bytes(range(256)) * 4000  # about 1 MB: several pieces of a stream
PNG = _png()


@dataclass
class Clock:
    """A clock that the test sets."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """Artifacts with the settings that lead to them."""

    kind: str
    settings: StorageSettings
    artifacts: Artifacts
    files: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def models(self) -> Models:
        return Models(self.artifacts, self.settings)

    @property
    def links(self) -> Links:
        return Links(self.settings, clock=self.clock)

    async def publish(
        self, job: str = JOB, *, owner: str = "telegram:123", content: bytes = GLB, attempt: int = 1, **changes: object
    ) -> Model:
        """A model of three files."""
        contents = {"glb": content, "poster.png": PNG, "turntable.mp4": b"film" * 500}
        files = []
        for kind, data in contents.items():
            source = self.files / kind
            source.write_bytes(data)
            key = f"jobs/{job}/{attempt}/{kind if '.' in kind else f'model.{kind}'}"
            await self.artifacts.put(key, source, name=f"Mimi 的貓.{kind}")
            files.append(ModelFile(kind=kind, key=key, name=f"Mimi 的貓.{kind}", media_type=media_type(key), size=len(data)))
        values: dict[str, object] = {
            "job": job,
            "owner": owner,
            "title": "Mimi 的貓",
            "language": "zh-TW",
            "created": NOW,
            "expires": NOW + self.settings.retention,
            "files": tuple(files),
            "clips": ("walk", "idle"),
            "body_plan": "quadruped",
            "licences": ("Apache-2.0",),
        }
        model = Model(**{**values, **changes})  # type: ignore[arg-type]
        await self.models.save(model)
        return model


def s3_settings(endpoint: str, bucket: str) -> S3Settings:
    """Settings for a bucket at that server."""
    return S3Settings(
        bucket=bucket,
        prefix="rigshot/models",
        endpoint=HttpUrl(endpoint),
        region="us-east-1",
        access_key_id=SecretStr("nobody"),
        secret_access_key=SecretStr("nothing"),
        allow_http=True,
    )
