"""What ``rigshot send`` and the commands that start bots say: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "send_missing": ("There is no picture file at {place}.", "{place} 沒有圖片檔。"),
    "send_left": (
        "In line. “rigshot send --fetch {job}” waits for the result and brings it.",
        "已排入隊伍。用「rigshot send --fetch {job}」等待並取回成果。",
    ),
    "send_stopped": ("Stopped.", "已取消。"),
    "send_look": ("Look at {place}:", "成果在 {place}："),
    "send_unknown": ("There is no job {job} of yours here.", "這裡沒有屬於你的工作 {job}。"),
    "send_gone": ("This model has been deleted in the meantime; send the photo once more.", "這個模型已經被刪除，請重新傳送照片。"),
    "send_unreachable": ("{reason} “rigshot doctor” tells what is missing.", "{reason}執行「rigshot doctor」可以看看缺了什麼。"),
    "bot_no_token": (
        "No token: set RIGSHOT_TELEGRAM__TOKEN to what @BotFather gave you.",
        "沒有 token：請把 RIGSHOT_TELEGRAM__TOKEN 設成 @BotFather 給你的值。",
    ),
    "bot_extra_missing": (
        'The Telegram library is not installed: pip install "rigshot-bots[telegram]".',
        '沒有安裝 Telegram 函式庫：pip install "rigshot-bots[telegram]"。',
    ),
    "bot_refused": (
        "Telegram does not accept the token; ask @BotFather for a new one.",
        "Telegram 不接受這個 token，請向 @BotFather 重新申請。",
    ),
    "bot_cannot_start": ("The bot cannot start: {reason}", "機器人無法啟動：{reason}"),
}
