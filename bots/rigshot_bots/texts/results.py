"""What is said when a job has ended, and on the buttons below it: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "made": ("✨ Here it is: a {plan} that can {clips}.", "✨ 做好了！主角是{plan}，會{clips}。"),
    "made_plain": ("✨ Here it is.", "✨ 做好了！"),
    "links_until": ("The links work until {date}.", "連結在 {date}前有效。"),
    "kept_until": ("I keep it until {date}.", "我會保留到 {date}。"),
    "tip": ("💡 {sentence}", "💡 {sentence}"),
    "file_too_big_here": (
        "The file {name} ({megabytes} MB) is too big for this chat; ask whoever runs this bot for a download link.",
        "檔案 {name}（{megabytes} MB）太大，無法在這裡傳送，請向管理這個機器人的人索取下載連結。",
    ),
    "result_lost": (
        "Your model was made but has been deleted in the meantime. Send the photo once more and I make it again.",
        "模型做好了，但後來已經被刪除。請再傳一次照片，我會重新製作。",
    ),
    # buttons
    "button_view": ("View in 3D", "3D 檢視"),
    "button_again": ("Again", "再做一次"),
    "button_clip": ("Another movement", "換個動作"),
    "button_rig": ("New skeleton", "重做骨架"),
    "button_delete": ("Delete", "刪除"),
    "button_delete_sure": ("Yes, delete it", "對，刪除"),
    "button_back": ("Back", "返回"),
    "deleted": ("Deleted: the photo, the model and its files.", "已刪除：照片、模型和所有檔案。"),
    "no_other_clip": ("This model has only this movement.", "這個模型只有這個動作。"),
    # /delete
    "wipe_ask": (
        "Delete everything of yours? That is every photo and model, your place in line, your settings and counters. It cannot be undone.",
        "要刪除你的所有資料嗎？包括所有照片和模型、排隊中的照片、設定和計數。刪除後無法復原。",
    ),
    "wipe_sure": ("Yes, delete everything", "對，全部刪除"),
    "wipe_keep": ("No, keep it", "不，保留"),
    "wiped": (
        "All of it is deleted ({jobs} photos, {files} files). Nothing of yours is left with me; this chat is yours to clear.",
        "全部刪除了（{jobs} 張照片、{files} 個檔案），我這裡已經沒有你的任何資料；聊天室裡的訊息可以自行刪除。",
    ),
    "wiped_nothing": ("There was nothing of yours to delete.", "沒有需要刪除的資料。"),
    "wipe_kept": ("Nothing was deleted.", "什麼都沒有刪除。"),
}
