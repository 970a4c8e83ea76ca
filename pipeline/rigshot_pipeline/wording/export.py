"""What the stage export says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "formats_left_out": (
        "Not written because you did not ask for it: {formats}.",
        "依你的選擇，這次沒有輸出：{formats}。",
    ),
}
