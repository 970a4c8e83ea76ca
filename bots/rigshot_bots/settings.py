"""What the faces may be told: environment variables with the prefix ``RIGSHOT_``, or a ``.env`` in the working directory."""

from pydantic import BaseModel, Field, HttpUrl, PositiveFloat, SecretStr, WebsocketUrl
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["BotSettings", "DiscordSettings", "TelegramSettings", "WebSettings"]


class TelegramSettings(BaseModel):
    """The Telegram bot."""

    token: SecretStr | None = Field(default=None, description="the bot's token from @BotFather; unset: no Telegram bot")
    base_url: HttpUrl = Field(default=HttpUrl("https://api.telegram.org/bot"), description="address of the Bot API; the token is appended")
    base_file_url: HttpUrl = Field(default=HttpUrl("https://api.telegram.org/file/bot"), description="address of files, likewise")
    local_mode: bool = Field(
        default=False, description="true for a Bot API server of your own started with --local: files of 2 GB, read from its folder"
    )
    edit_seconds: PositiveFloat = Field(
        default=5.0, description="seconds between two edits of a status message; Telegram stops bots that edit faster"
    )


class DiscordSettings(BaseModel):
    """The Discord bot."""

    token: SecretStr | None = Field(default=None, description="the bot's token from the developer portal; unset: no Discord bot")
    api_url: HttpUrl = Field(default=HttpUrl("https://discord.com/api/v10"), description="address of the REST API")
    gateway_url: WebsocketUrl = Field(default=WebsocketUrl("wss://gateway.discord.gg/"), description="address of the gateway")
    sync_guild: int | None = Field(default=None, description="a server's id: commands are put there alone, at once; for development")


class WebSettings(BaseModel):
    """The web page."""

    host: str = Field(default="127.0.0.1", description="address the web page listens on; 0.0.0.0 for every network card")
    port: int = Field(default=7860, ge=0, le=65535, description="port of the web page")


class BotSettings(BaseSettings):
    """Everything that the faces can be told."""

    model_config = SettingsConfigDict(env_prefix="RIGSHOT_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True)

    telegram: TelegramSettings = TelegramSettings()
    discord: DiscordSettings = DiscordSettings()
    web: WebSettings = WebSettings()
    log_json: bool = Field(default=False, description="true: a line of JSON for each event, for machines; false: lines for people")
