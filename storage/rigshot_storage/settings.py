"""Settings of the storage: environment variables with the prefix ``RIGSHOT_``, or a ``.env`` in the working directory."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, Field, HttpUrl, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["DownloadsSettings", "S3Settings", "StorageSettings", "explain"]

SHORTEST_LINK_KEY = 16  # characters; anything shorter could be guessed by trying


class DownloadsSettings(BaseModel):
    """Where the download server listens."""

    host: str = Field(default="127.0.0.1", description="address the download server listens on; 0.0.0.0 for every network card")
    port: int = Field(default=8780, ge=1, le=65535, description="port of the download server")


class S3Settings(BaseModel):
    """An S3 bucket, at Amazon or at any server that speaks its protocol (MinIO, Ceph, R2)."""

    bucket: str | None = Field(
        default=None, min_length=3, max_length=63, description="bucket for the files; unset: they lie in RIGSHOT_DATA"
    )
    prefix: str = Field(default="", description="folder inside the bucket")
    endpoint: HttpUrl | None = Field(default=None, description="address of the S3 server; unset: Amazon's")
    region: str | None = Field(default=None, description="region of the bucket")
    access_key_id: SecretStr | None = Field(default=None, description="unset: the credentials of the machine's role")
    secret_access_key: SecretStr | None = None
    allow_http: bool = Field(default=False, description="true for a server without TLS, such as MinIO in the same Compose network")

    @model_validator(mode="after")
    def _both_halves_of_the_credentials(self) -> Self:
        if (self.access_key_id is None) != (self.secret_access_key is None):
            raise ValueError("ACCESS_KEY_ID and SECRET_ACCESS_KEY belong together: set both or neither")
        return self


def _split(value: object) -> object:
    return [word.strip() for word in value.split(",") if word.strip()] if isinstance(value, str) else value


class StorageSettings(BaseSettings):
    """Everything that the storage can be told. Without any setting it works on this machine, with links for this machine."""

    model_config = SettingsConfigDict(env_prefix="RIGSHOT_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(default=Path("data"), description="folder of everything that is kept")
    public_url: HttpUrl | None = Field(
        default=None, description="where people reach the download server; unset: links work on this machine only"
    )
    link_keys: Annotated[tuple[SecretStr, ...], NoDecode, BeforeValidator(_split)] = Field(
        default=(),
        description="secrets that sign links, separated by commas: the first signs, all verify; unset: one is made in RIGSHOT_DATA",
    )
    link_days: float = Field(default=7, gt=0, le=3650, description="days that a link works")
    retention_days: float = Field(default=7, gt=0, le=3650, description="days that a finished model is kept")
    downloads: DownloadsSettings = DownloadsSettings()
    s3: S3Settings = S3Settings()

    @field_validator("link_keys")
    @classmethod
    def _long_enough(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(key.get_secret_value()) < SHORTEST_LINK_KEY for key in keys):
            raise ValueError(f"every key needs at least {SHORTEST_LINK_KEY} characters; “openssl rand -hex 32” makes a good one")
        return keys

    @field_validator("public_url")
    @classmethod
    def _only_an_address(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is not None and (url.query or url.fragment):
            raise ValueError("it must be an address without “?” and “#”, such as https://rigshot.example.org/models")
        return url

    @property
    def retention(self) -> float:
        """Seconds that a finished model is kept."""
        return self.retention_days * 86400

    @property
    def path_prefix(self) -> str:
        """The path of RIGSHOT_PUBLIC_URL, such as ``/models``; empty when the server has a host of its own."""
        return "" if self.public_url is None else (self.public_url.path or "").rstrip("/")

    @property
    def base_url(self) -> str:
        """What comes before the path of every link, without a slash at its end."""
        if self.public_url is not None:
            return str(self.public_url).rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.downloads.host, self.downloads.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self.downloads.port}"


def explain(error: ValidationError, prefix: str = "RIGSHOT_") -> str:
    """What is wrong with the settings, a sentence for each, with the variable's name and never its value."""
    return " ".join(
        f"{prefix}{'__'.join(str(part).upper() for part in problem['loc'])}: {problem['msg'].removeprefix('Value error, ')}."
        for problem in error.errors(include_input=False, include_url=False)
    )
