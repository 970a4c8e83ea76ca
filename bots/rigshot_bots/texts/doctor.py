"""What ``rigshot doctor`` says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "doctor_settings_wrong": ("The settings cannot be read: {reason}", "設定無法讀取：{reason}"),
    "doctor_redis_embedded": (
        "The line lives in a Redis of Rigshot's own, below {place}.",
        "排隊系統使用 Rigshot 自帶的 Redis，資料在 {place}。",
    ),
    "doctor_redis_there": ("Redis answers.", "Redis 有回應。"),
    "doctor_redis_missing": (
        "Redis does not answer: {reason} Nothing works without it.",
        "Redis 沒有回應：{reason}少了它什麼都無法運作。",
    ),
    "doctor_workers": ("Workers alive: {workers}.", "正在工作的 worker：{workers} 個。"),
    "doctor_no_worker": (
        "No worker is alive, so photos would wait: start one with “rigshot worker”.",
        "沒有 worker 在工作，照片會一直排隊；請執行「rigshot worker」。",
    ),
    "doctor_storage_there": ("Models can be stored ({place}).", "模型可以存檔（{place}）。"),
    "doctor_storage_broken": ("Models cannot be stored in {place}: {reason}", "無法把模型存到 {place}：{reason}"),
    "doctor_downloads_there": ("The download server answers at {url}.", "下載伺服器有回應（{url}）。"),
    "doctor_downloads_missing": (
        "No download server answers at {url}, so links lead nowhere: start it with “rigshot downloads”.",
        "{url} 沒有下載伺服器回應，連結會打不開；請執行「rigshot downloads」。",
    ),
    "doctor_viewer_there": ("The 3D viewer is installed.", "3D 檢視器已安裝。"),
    "doctor_viewer_missing": (
        "The 3D viewer is not installed, so a model's page shows a film: “make viewer” fetches it.",
        "沒有安裝 3D 檢視器，模型頁面會改播影片；執行「make viewer」即可下載。",
    ),
    "doctor_no_public_url": (
        "RIGSHOT_PUBLIC_URL is not set: bots send files instead of links, and links work on this machine only.",
        "沒有設定 RIGSHOT_PUBLIC_URL：機器人會改傳檔案，連結只能在這台機器上使用。",
    ),
    "doctor_public_url_local": (
        "RIGSHOT_PUBLIC_URL has the host “{host}”, which chat apps do not take for a link: give one with a dot in its name.",
        "RIGSHOT_PUBLIC_URL 的主機「{host}」不能當成聊天軟體的連結，請使用含有「.」的網域名稱。",
    ),
    "doctor_public_url": ("Links lead to {url}.", "連結會指向 {url}。"),
    "doctor_telegram": ("Telegram knows the bot as @{name}.", "Telegram 機器人：@{name}。"),
    "doctor_telegram_none": (
        "No Telegram bot: RIGSHOT_TELEGRAM__TOKEN is not set (@BotFather gives one).",
        "沒有 Telegram 機器人：未設定 RIGSHOT_TELEGRAM__TOKEN（可向 @BotFather 申請）。",
    ),
    "doctor_telegram_refused": (
        "Telegram refuses the token in RIGSHOT_TELEGRAM__TOKEN; ask @BotFather for a new one.",
        "Telegram 不接受 RIGSHOT_TELEGRAM__TOKEN，請向 @BotFather 重新申請。",
    ),
    "doctor_telegram_away": ("Telegram cannot be reached: {reason}", "連不上 Telegram：{reason}"),
    "doctor_discord": ("A Discord token is set.", "已設定 Discord token。"),
    "doctor_discord_none": (
        "No Discord bot: RIGSHOT_DISCORD__TOKEN is not set (discord.com/developers gives one).",
        "沒有 Discord 機器人：未設定 RIGSHOT_DISCORD__TOKEN（可在 discord.com/developers 申請）。",
    ),
    "doctor_extra_missing": (
        'The library for {platform} is not installed: pip install "rigshot-bots[{extra}]".',
        '沒有安裝 {platform} 的函式庫：pip install "rigshot-bots[{extra}]"。',
    ),
    "doctor_disk": ("Free on the disk: {gigabytes} GB.", "磁碟剩餘空間：{gigabytes} GB。"),
    "doctor_disk_full": (
        "Only {gigabytes} GB are free in {place}; a model needs about 0.1 GB while it is made.",
        "{place} 只剩 {gigabytes} GB；製作一個模型大約需要 0.1 GB。",
    ),
}
