"""The coach's advice where the pipeline's own words name options of a command line: code -> (English, Traditional Chinese).

A chat has no ``--box``; what people can do there is to send another picture, or to change /settings.
"""

TEXTS: dict[str, tuple[str, str]] = {
    "advice_several_subjects": (
        "There is more than one subject in this picture; I took the largest near the middle. For another one, crop the photo around it.",
        "畫面裡不只一個主角，我選了靠近中央、最大的那個。想要別的，請把照片裁切到只剩它。",
    ),
    "advice_cutout_doubtful": (
        "The outline is doubtful; crop the photo around the subject, or take it before a plainer background.",
        "主角的輪廓不太確定，請把照片裁切到主角周圍，或換個單純的背景再拍。",
    ),
    "advice_geometry_doubtful": (
        "I am not certain what kind of subject this is. If the body looks wrong, choose the kind in /settings and send it again.",
        "我不太確定這是哪一種主角。如果身體不對，請在 /settings 選擇種類後再傳一次。",
    ),
    "advice_turned_upright": (
        "I turned the picture so that the subject stands upright; if that is wrong, turn it yourself and send it again.",
        "我把畫面轉正，讓主角站好了；如果轉錯了，請自己轉好再傳一次。",
    ),
}
