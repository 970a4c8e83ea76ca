"""Every sentence of the pages: code -> (English, Traditional Chinese)."""

from datetime import UTC, datetime

from .language import Language

__all__ = ["Texts", "body_plan", "clip", "date", "days_left", "file_words"]

Pair = tuple[str, str]

_PAGE: dict[str, Pair] = {
    "language": ("en", "zh-TW"),
    "other_language": ("中文", "English"),
    "untitled": ("A model", "一個模型"),
    "description": (
        "A 3D model made from a photo, with a skeleton and {clips} movements. Turn it around, download it as {formats}.",
        "由一張照片製作的 3D 模型，附骨架與 {clips} 個動作。可以旋轉觀看，並下載 {formats}。",
    ),
    "poster_alt": ("{title} as a 3D model", "{title} 的 3D 模型"),
    "film_alt": ("{title}, turning while it moves", "{title} 一邊動作一邊旋轉"),
    "movements": ("Movements", "動作"),
    "pause": ("Pause", "暫停"),
    "play": ("Play", "播放"),
    "hint": ("Drag to turn, scroll or pinch to come closer", "拖曳可旋轉，滾動或雙指可縮放"),
    "ar": ("See it in your room", "放進你的房間看看"),
    "download": ("Download", "下載"),
    "pictures": ("Pictures and films", "圖片與影片"),
    "films": ("All around", "環繞一圈"),
    "from_photo": ("From the photo", "從照片開始"),
    "licences": ("Rights and licences", "權利與授權"),
    "expires": (
        "Everything here is deleted on {date}, {left}. Save what you want to keep.",
        "這裡的內容會在 {date}（{left}）刪除，想留下的請先下載。",
    ),
    "made_with": ("Made with Rigshot", "由 Rigshot 製作"),
    "not_installed": (
        "The 3D view is not installed on this server, so here is a film; “make viewer” on the server adds it. The files are complete.",
        "這台伺服器還沒安裝 3D 檢視，所以先播放影片；管理者執行「make viewer」即可安裝。檔案本身都是完整的。",
    ),
    "not_shown": (
        "This browser cannot show 3D here, so here is a film. The files are complete.",
        "這個瀏覽器無法顯示 3D，所以先播放影片。檔案本身都是完整的。",
    ),
}

# reason -> heading, what is wrong and what to do
_MESSAGES: dict[str, tuple[Pair, Pair]] = {
    "bad_link": (
        ("This link is not complete", "這個連結不完整"),
        (
            "A part of it got lost or was changed on the way. Open it once more from the chat where you got it, or copy the whole of it.",
            "連結有一部分在傳送途中遺失或被改動了。請回到收到它的聊天室重新點開，或完整複製一次。",
        ),
    ),
    "expired_link": (
        ("This link has expired", "這個連結已經過期"),
        (
            "Links to models work for a limited time, to keep them private. Go back to the chat where you sent your photo and ask for it "
            "once more, or send the photo again: a new model takes about a minute.",
            "為了保護隱私，模型連結只在一段時間內有效。請回到你傳照片的聊天室再要一次，或重新傳送照片，大約一分鐘就會有新的模型。",
        ),
    ),
    "gone": (
        ("This model is no longer here", "這個模型已經不在了"),
        (
            "Its time was over or it was deleted, with all its files. Send the photo again where you sent it before: "
            "a new model takes about a minute.",
            "它已到期或被刪除，所有檔案也一併移除了。請在原本的地方重新傳送照片，大約一分鐘就會有新的模型。",
        ),
    ),
    "not_found": (
        ("There is nothing here", "這裡沒有東西"),
        (
            "Models have links of their own. Open yours from the chat where you sent your photo.",
            "每個模型都有自己的連結，請從你傳照片的聊天室點開。",
        ),
    ),
    "unavailable": (
        ("The files cannot be reached just now", "目前無法讀取檔案"),
        ("Nothing is lost. Please try again in a minute.", "資料都還在，請過一分鐘再試一次。"),
    ),
    "broken": (
        ("Something went wrong here", "這裡出了點問題"),
        (
            "This is our mistake, and it is written down. Please try again in a minute.",
            "這是我們的問題，已經記錄下來。請過一分鐘再試一次。",
        ),
    ),
}

_BODY_PLANS: dict[str, Pair] = {
    "quadruped": ("Four legs", "四足"),
    "biped": ("Two legs", "雙足"),
    "bird": ("Bird", "鳥"),
    "fish": ("Fish", "魚"),
    "snake": ("Snake", "蛇"),
    "object": ("Object", "物品"),
}

_CLIPS: dict[str, Pair] = {
    "bounce": ("Bounce", "彈跳"),
    "flap": ("Flap", "拍翅"),
    "hop": ("Hop", "跳躍"),
    "idle": ("Idle", "待機"),
    "look": ("Look around", "張望"),
    "peck": ("Peck", "啄食"),
    "sit": ("Sit", "坐下"),
    "slither": ("Slither", "滑行"),
    "swim": ("Swim", "游泳"),
    "trot": ("Trot", "小跑"),
    "wag": ("Wag", "搖尾巴"),
    "walk": ("Walk", "走路"),
    "wave": ("Wave", "揮手"),
    "wiggle": ("Wiggle", "扭動"),
}

# kind of file -> its name, what it is for
_FILES: dict[str, tuple[Pair, Pair]] = {
    "glb": (("GLB", "GLB"), ("for the web, Blender, Godot and phones", "適合網頁、Blender、Godot 與手機")),
    "fbx": (("FBX", "FBX"), ("for Unity, Unreal and Maya", "適合 Unity、Unreal 與 Maya")),
    "obj": (("OBJ", "OBJ"), ("the shape and its picture, without skeleton", "只有外形與貼圖，不含骨架")),
    "turntable.gif": (("Turntable GIF", "旋轉動畫 GIF"), ("", "")),
    "turntable.mp4": (("Turntable MP4", "旋轉動畫 MP4"), ("", "")),
    "skeleton.gif": (("Skeleton GIF", "骨架動畫 GIF"), ("", "")),
    "skeleton.mp4": (("Skeleton MP4", "骨架動畫 MP4"), ("", "")),
    "poster.png": (("Poster", "封面圖"), ("", "")),
    "report.png": (("Report", "製作報告"), ("", "")),
    "report.json": (("Report JSON", "製作報告 JSON"), ("", "")),
    "before.png": (("The photo", "原本的照片"), ("", "")),
    "redrawn.png": (("Redrawn standing", "重畫成站姿"), ("", "")),
    "compare.jpg": (("Before and after redrawing", "重畫前後對照"), ("", "")),
    "standardised.png": (("Straightened", "調整姿勢與視角"), ("", "")),
    "after.png": (("Cut out", "去背"), ("", "")),
}


class Texts:
    """The sentences in one language."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language

    def __call__(self, code: str, **values: object) -> str:
        """The sentence of a code, its gaps filled. Unknown codes raise KeyError."""
        return _in(_PAGE[code], self.language).format_map(values)

    def message(self, reason: str) -> tuple[str, str]:
        """The heading and the words of a page that says why there is nothing to see."""
        heading, words = _MESSAGES[reason]
        return _in(heading, self.language), _in(words, self.language)


def clip(name: str, language: Language) -> str:
    """A clip's name for people; one that we have no word for is shown as it is."""
    return _in(_CLIPS[name], language) if name in _CLIPS else name.replace("_", " ").capitalize()


def body_plan(name: str, language: Language) -> str:
    """A body plan's name for people; empty for one that we have no word for."""
    return _in(_BODY_PLANS.get(name, ("", "")), language)


def file_words(kind: str, language: Language) -> tuple[str, str]:
    """What a kind of file is called, and what it is for (may be empty)."""
    name, purpose = _FILES.get(kind, ((kind, kind), ("", "")))
    return _in(name, language), _in(purpose, language)


def date(seconds: float, language: Language) -> str:
    """A day in UTC: "30 November 2026"."""
    day = datetime.fromtimestamp(seconds, UTC)
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if language == "zh-TW" else f"{day.day} {day:%B} {day.year}"


def days_left(seconds: float, language: Language) -> str:
    """How long ``seconds`` are, in words: "in 6 days"."""
    days, hours = int(seconds // 86400), max(int(seconds // 3600), 1)
    if days >= 2:
        return f"還有 {days} 天" if language == "zh-TW" else f"in {days} days"
    return f"還有 {hours} 小時" if language == "zh-TW" else f"in {hours} hour{'s' if hours > 1 else ''}"


def _in(pair: Pair, language: Language) -> str:
    return pair[1] if language == "zh-TW" else pair[0]
