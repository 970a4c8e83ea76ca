"""Every sentence that the line says to a person: code -> (English, Traditional Chinese)."""

from collections.abc import Mapping

from .values import LANGUAGES, Language

__all__ = ["codes", "sentence", "sentences"]

_TEXTS: dict[str, tuple[str, str]] = {
    "active_limit": (
        "You have {most} photos in the line already. Send the next one when one of them is done.",
        "你已經有 {most} 張照片在排隊了，等其中一張完成後再傳下一張吧。",
    ),
    "day_limit": (
        "You have sent {most} photos today, that is the most for a day. You can send more in about {hours} h.",
        "你今天已經傳了 {most} 張照片，達到每日上限。大約 {hours} 小時後就可以再傳。",
    ),
    "queue_full": (
        "The line is full: {waiting} photos are waiting. Please try again in a while.",
        "目前有 {waiting} 張照片在排隊，已經滿了，請過一陣子再試。",
    ),
    "photo_too_large": (
        "This photo has {megabytes} MB; the most is {most} MB. Send a smaller one.",
        "這張照片有 {megabytes} MB，上限是 {most} MB，請改傳小一點的。",
    ),
    "too_many_photos": (
        "That is {photos} photos; {most} views of one subject are the most. Send fewer.",
        "這次有 {photos} 張照片，同一個主角最多 {most} 張，請少傳幾張。",
    ),
    "photo_empty": (
        "The photo arrived empty. Please send it again.",
        "收到的照片是空的，請再傳一次。",
    ),
    "job_gone": (
        "What this model was made from is no longer kept. Please send the photo again.",
        "這個模型的原始資料已經不在了，請重新傳一次照片。",
    ),
    "queue_unavailable": (
        "I cannot reach the line right now. Please try again in a minute.",
        "目前連不上排隊系統，請一分鐘後再試。",
    ),
    "no_redis": (
        "There is no Redis server here to start: install redis-server, or set REDIS_URL to one that runs.",
        "這台機器上沒有可以啟動的 Redis：請安裝 redis-server，或把 REDIS_URL 設成正在執行的伺服器。",
    ),
    "redis_broken": (
        "The Redis server of {folder} did not start: {reason}",
        "{folder} 的 Redis 伺服器無法啟動：{reason}",
    ),
    "lost": (
        "Something on our side stopped your photo {tries} times, so I gave it up. Please send it again, or try another photo.",
        "我們這邊處理你的照片時中斷了 {tries} 次，只好先放棄。請再傳一次，或換一張照片試試。",
    ),
    "slipped": (
        "Your photo fell out of the line through a fault of ours. Please send it again.",
        "因為我們的疏失，你的照片從隊伍裡掉出去了，請再傳一次。",
    ),
    "timeout": (
        "Your photo took longer than {minutes} minutes, so I stopped. A smaller photo or a simpler subject may work.",
        "你的照片處理超過 {minutes} 分鐘，我先停下來了。換張小一點的照片或簡單一點的主角也許就可以。",
    ),
    "out_of_memory": (
        "Your photo needed more memory than there is. A smaller picture may work.",
        "處理你的照片時記憶體不夠，換張小一點的圖片也許就可以。",
    ),
    "internal": (
        "Something broke while I worked on your photo; it is our fault. Please try once more, and tell us if it happens again.",
        "處理你的照片時出了問題，是我們的錯。請再試一次，如果又發生請告訴我們。",
    ),
    "storage_failed": (
        "The place where models are kept does not answer, so your photo could not be finished. Please try again in a while.",
        "存放模型的地方沒有回應，你的照片沒能完成，請過一陣子再試。",
    ),
    "expired": (
        "Your photo waited longer than {hours} hours because nobody was at work. Please send it again.",
        "因為一直沒有人手處理，你的照片等了超過 {hours} 小時。請再傳一次。",
    ),
    "stopped": (
        "Your photo was taken out of the line by the people who run this service.",
        "你的照片被服務的管理人員從隊伍中移除了。",
    ),
}


def sentence(code: str, values: Mapping[str, object] | None = None, language: Language = "en") -> str:
    """The sentence of a code in a language, its gaps filled with ``values``. Unknown codes raise KeyError."""
    english, chinese = _TEXTS[code]
    return (chinese if language == "zh-TW" else english).format_map({} if values is None else values)


def sentences(code: str, **values: object) -> dict[str, str]:
    """The sentence of a code in every language."""
    return {language: sentence(code, values, language) for language in LANGUAGES}


def codes() -> tuple[str, ...]:
    """All codes, sorted."""
    return tuple(sorted(_TEXTS))
