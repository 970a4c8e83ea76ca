"""What the stage cutout says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "cutout_doubtful": (
        "The outline of the subject is doubtful. Show where it is with --box left,top,width,height (in pixels of the photo), "
        "or take the photo before a plainer background.",
        "主角的輪廓不太確定。請用 --box 左,上,寬,高（照片上的像素）標出位置，或換個單純的背景再拍。",
    ),
    "weights_missing": (
        "The network {model} is not on this machine, so the outline was found without it; "
        "“rigshot models get cutout --model {model}” fetches it.",
        "這台機器上沒有 {model} 這個模型，所以改用內建方法去背；執行「rigshot models get cutout --model {model}」即可下載。",
    ),
}
