"""What is said while a photo waits and is worked on: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "received": ("📷 Got your photo, one moment…", "📷 收到照片了，請稍等一下…"),
    "received_again": ("📷 With pleasure, one moment…", "📷 沒問題，請稍等一下…"),
    "waiting_next": ("⏳ You are next in line.", "⏳ 下一個就輪到你了。"),
    "waiting_at": ("⏳ You are number {position} in line.", "⏳ 目前排在第 {position} 位。"),
    "ready_in": ("Ready in {time}.", "預計{time}後完成。"),
    "nobody_works": (
        "No machine is at work at the moment; your photo waits safely and is made when one is back.",
        "目前沒有機器在工作；照片會好好排著，機器恢復後就會開始製作。",
    ),
    "starting": ("🛠 Starting…", "🛠 開始製作…"),
    "running_step": ("🛠 {stage}…", "🛠 正在{stage}…"),
    "time_left": ("Time left: {time}.", "還要{time}。"),
    "restarted": (
        "The machine stumbled, so this is try {attempt}; nothing for you to do.",
        "機器剛剛出了點狀況，正在第 {attempt} 次嘗試，你不用做任何事。",
    ),
    "ended_done": ("✅ Done in {time}.", "✅ 完成了，花了 {time}。"),
    "ended_failed": ("This one did not work out; the reason is below.", "這張沒有成功，原因請看下面。"),
    "ended_cancelled": ("Stopped. Send a photo whenever you like.", "已取消。想再試的時候，隨時傳照片來。"),
    "ended_expired": ("This waited too long and was taken off the line.", "這張等太久，已經移出隊伍。"),
    # times
    "time_moments": ("a few seconds", "幾秒鐘"),
    "time_seconds": ("about {low}–{high} seconds", "大約 {low}–{high} 秒"),
    "time_about_seconds": ("about {high} seconds", "大約 {high} 秒"),
    "time_minutes": ("about {low}–{high} minutes", "大約 {low}–{high} 分鐘"),
    "time_about_minute": ("about a minute", "大約 1 分鐘"),
    "time_about_minutes": ("about {high} minutes", "大約 {high} 分鐘"),
    "time_hours": ("about {low}–{high} hours", "大約 {low}–{high} 小時"),
    "time_about_hour": ("about an hour", "大約 1 小時"),
    "time_about_hours": ("about {high} hours", "大約 {high} 小時"),
    "took_second": ("1 second", "1 秒"),
    "took_seconds": ("{seconds} seconds", "{seconds} 秒"),
    "took_minutes": ("{minutes} min {seconds} s", "{minutes} 分 {seconds} 秒"),
    # buttons
    "button_cancel": ("Stop", "取消"),
    "button_cancel_which": ("Stop “{title}”", "取消「{title}」"),
    # what a photo without a name is called
    "photo_now": ("Your photo", "你的照片"),
    "photo_minutes": ("Your photo of {minutes} min ago", "{minutes} 分鐘前的照片"),
    "photo_hours": ("Your photo of {hours} h ago", "{hours} 小時前的照片"),
    "photo_days": ("Your photo of {days} days ago", "{days} 天前的照片"),
    # /queue
    "queue_empty": ("Nobody is waiting. Send a photo and it starts at once.", "目前沒有人排隊，傳照片來馬上就開始。"),
    "queue_line": (
        "In line: {waiting}. Being made right now: {running}. A model takes {time}.",
        "排隊中：{waiting} 張。製作中：{running} 張。做一個模型需要{time}。",
    ),
    "queue_nobody_works": (
        "In line: {waiting}. No machine is at work at the moment; photos wait safely and are made when one is back.",
        "排隊中：{waiting} 張。目前沒有機器在工作；照片會好好排著，機器恢復後就會開始製作。",
    ),
    "queue_yours": ("Yours:", "你的照片："),
    # /status
    "status_none": ("You have no photo in line. Send one and I start.", "你目前沒有排隊中的照片，傳一張來就開始。"),
    "status_latest": ("Your latest: {row}", "最近的一張：{row}"),
    "status_row": ("• {title}: {text}", "• {title}：{text}"),
    # /cancel
    "cancel_none": ("There is nothing to stop: you have no photo in line.", "沒有可以取消的：你沒有排隊中的照片。"),
    "cancel_which": ("Which one shall I stop?", "要取消哪一張？"),
    "cancel_late": ("This one had already ended, so there was nothing left to stop.", "這張已經結束了，不用再取消。"),
}
