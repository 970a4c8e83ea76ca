"""What the menus of Discord show, in the language that each person's Discord speaks."""

import discord
from discord import app_commands

from ..texts import language_of, say

__all__ = ["Words", "sentence"]


def sentence(code: str) -> app_commands.locale_str:
    """A text of a menu; ``code`` names it, English is what those see whose language we do not know."""
    return app_commands.locale_str(say(code, "en"), code=code)


class Words(app_commands.Translator):
    """Looks the texts up where all others are, too."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 (the base class names it)
    ) -> str | None:
        """The text in a language; None where it is the English one."""
        code: str | None = string.extras.get("code")
        return say(code, "zh-TW") if code and language_of(locale.value) == "zh-TW" else None
