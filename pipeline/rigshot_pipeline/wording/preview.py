"""What the stage preview says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "no_such_clip": (
        "This model has no clip called “{clip}”; it has: {clips}.",
        "這個模型沒有叫做「{clip}」的動作；可用的有：{clips}。",
    ),
    "no_ffmpeg": (
        "The program ffmpeg, which makes the films, is not here; install the package imageio-ffmpeg again, or set "
        "IMAGEIO_FFMPEG_EXE to an ffmpeg of your own.",
        "找不到製作影片的 ffmpeg 程式；請重新安裝 imageio-ffmpeg 套件，或把 IMAGEIO_FFMPEG_EXE 設為您自己的 ffmpeg。",
    ),
    "ffmpeg_failed": (
        "ffmpeg could not make the film: {line}",
        "ffmpeg 無法製作影片：{line}",
    ),
    "film_too_large": (
        "The film does not fit in {limit_mb} MB, however it is made.",
        "影片無論如何都無法壓到 {limit_mb} MB 以內。",
    ),
}
