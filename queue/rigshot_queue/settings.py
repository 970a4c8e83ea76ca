"""What may be set for the line and its workers: by environment or ``.env`` in the working directory."""

from pathlib import Path

from pydantic import BaseModel, Field, PositiveFloat, PositiveInt
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Limits", "QueueSettings", "WorkerSettings"]


class Limits(BaseModel):
    """How much one person and all together may ask for."""

    active_per_person: PositiveInt = Field(default=3, description="Photos of one person that may wait or be at work at once.")
    per_day: PositiveInt = Field(default=30, description="Photos that one person may send in 24 hours.")
    waiting: PositiveInt = Field(
        default=500, description="Photos that may wait in all; beyond that newcomers are asked to come back later."
    )
    photos: PositiveInt = Field(default=4, description="Views of one subject in one request.")
    photo_mb: PositiveInt = Field(default=40, description="Megabytes of one photo; the pipeline takes no more than 40.")
    wait_hours: PositiveInt = Field(default=48, description="A photo that waited so long without a worker is given up with a sentence.")


class WorkerSettings(BaseModel):
    """How a worker works."""

    timeout_seconds: PositiveFloat = Field(default=900, description="A job that takes longer is stopped.")
    tries: PositiveInt = Field(default=3, description="Starts of a job that takes its worker down with it.")
    memory_mb: PositiveInt = Field(default=6144, description="Private memory that the pipeline's process may have.")
    lease_seconds: PositiveFloat = Field(
        default=30, description="A worker that has not been heard of for so long has lost its job to another."
    )
    grace_seconds: PositiveFloat = Field(default=240, description="On SIGTERM the job at work may take so long to end; then it goes back.")
    poll_seconds: PositiveFloat = Field(default=0.1, description="How often an idle worker looks for a job.")
    reap_seconds: PositiveInt = Field(default=10, description="How often lost jobs are looked for; a divisor of 60.")
    plan: str = Field(default="rigshot_pipeline.plan:PLAN", description="The stages, as module:name.")


class QueueSettings(BaseSettings):
    """The line's settings; ``RIGSHOT_LIMITS__WAITING=100`` sets ``limits.waiting``."""

    model_config = SettingsConfigDict(
        env_prefix="RIGSHOT_", env_nested_delimiter="__", env_file=".env", env_file_encoding="utf-8", extra="ignore", populate_by_name=True
    )

    redis_url: str | None = Field(
        default=None,
        validation_alias="REDIS_URL",
        description="redis://, rediss:// or unix://; unset: a Redis of our own below RIGSHOT_DATA.",
    )
    data: Path = Field(default=Path("data"), description="The folder in which everything is kept.")
    limits: Limits = Limits()
    worker: WorkerSettings = WorkerSettings()

    @property
    def work(self) -> Path:
        """Where the stages of every job lie, a folder each."""
        return self.data / "work"
