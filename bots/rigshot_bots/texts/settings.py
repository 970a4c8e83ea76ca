"""The settings panel: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "settings": (
        "Your settings, for the photos to come.\n\nLanguage: {language}\nFiles: {formats}\nWhat you send: {subject}",
        "你的設定（用於之後的照片）\n\n語言：{language}\n檔案：{formats}\n主角種類：{subject}",
    ),
    "settings_language_auto": ("as on this platform", "跟隨平台"),
    "settings_language_en": ("English", "English"),
    "settings_language_zh-TW": ("繁體中文", "繁體中文"),
    "settings_saved": ("Saved.", "已儲存。"),
    "settings_chosen": ("✓ {choice}", "✓ {choice}"),
}
