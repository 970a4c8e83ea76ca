"""Writes ``.env.example`` from the settings classes of all rooms: ``python -m rigshot_bots.env_example > .env.example``."""

import sys
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from rigshot_queue import QueueSettings
from rigshot_storage import StorageSettings

from .settings import BotSettings

__all__ = ["env_example"]

ROOMS: tuple[tuple[str, type[BaseSettings]], ...] = (
    ("Files and links", StorageSettings),
    ("The line and its workers", QueueSettings),
    ("Telegram, Discord, the web page", BotSettings),
)
HEAD = """\
# Everything that Rigshot can be told. Copy this file to .env, take away the “# ” before what you want to change.
# Without any of it Rigshot works on this machine alone: its own Redis, files in data/, no bots.
"""


def env_example() -> str:
    """The text of ``.env.example``."""
    told: set[str] = set()
    parts = [HEAD]
    for heading, settings in ROOMS:
        parts.append(f"\n# --- {heading} ---\n")
        for name, text, default in _variables(settings, str(settings.model_config.get("env_prefix", ""))):
            if name not in told:  # rooms that share a variable mean the same by it
                told.add(name)
                parts.append(f"\n# {text.rstrip('.')}.\n# {name}={default}\n")
    return "".join(parts)


def _variables(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, str, str]]:
    """Name, description and default of every variable, those of nested settings included."""
    for field, info in model.model_fields.items():
        name = info.validation_alias if isinstance(info.validation_alias, str) else f"{prefix}{field}".upper()
        nested = info.annotation
        if isinstance(nested, type) and issubclass(nested, BaseModel):
            yield from _variables(nested, f"{name}__")
        else:
            yield name, info.description or field.replace("_", " "), _default(info)


def _default(info: FieldInfo) -> str:
    default: Any = info.default
    if default is None or default is PydanticUndefined or default == () or SecretStr in (info.annotation, *get_args(info.annotation)):
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return f"{default:g}" if isinstance(default, float) else str(default)


if __name__ == "__main__":
    sys.stdout.write(env_example())
