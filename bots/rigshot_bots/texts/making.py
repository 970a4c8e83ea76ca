"""Who makes a model, and what is said of a subject that was redrawn, or could be: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    # the part of the settings that is there only where workers have more than the embedded engine
    "settings_made_by": ("Made by: {engine}", "製作引擎：{engine}"),
    "settings_redrawing": ("Redrawing: {repose}", "重畫姿勢：{repose}"),
    "settings_making": ("How it is made…", "製作方式…"),
    "settings_making_help": (
        "“{auto}” takes for each step the best that is installed here.",
        "「{auto}」會在每一步選用這裡安裝的最好引擎。",
    ),
    "settings_redrawing_help": (
        "An animal that sits, lies, is seen at an angle or is cut off moves badly. It can be redrawn standing, from its side; what the "
        "photo does not show is then made up, so you always see before and after, and can go back to your photo.",
        "坐著、躺著、角度歪或沒拍到全身的動物，動起來會不自然。可以請引擎把牠重畫成側面站姿；照片沒拍到的部分是推測的，"
        "所以一定會給你看重畫前後的對照，也隨時可以改回原照片。",
    ),
    "settings_engine_auto": ("the best there is", "自動選最好的"),
    "settings_engine_embedded": ("Rigshot's own", "Rigshot 內建"),
    "settings_repose_ask": ("ask me", "先問我"),
    "settings_repose_always": ("where it helps", "需要時就重畫"),
    "settings_repose_never": ("never", "不要重畫"),
    # a result
    "redrawn": (
        "✏️ Left your photo, right how I had it redrawn, so that it stands and is seen whole. What the photo does not show is made up. "
        "If it is not yours any more:",
        "✏️ 左邊是你的照片，右邊是重畫的樣子：站好、全身都看得到。照片沒拍到的部分是推測的。如果不像你家的，請按：",
    ),
    "redrawn_alt": ("Your photo, and how it was redrawn", "你的照片，以及重畫後的樣子"),
    "button_as_it_is": ("Use my photo as it is", "用我原本的照片"),
    "redraw_offer": (
        "Your photo does not show it standing, whole and from its side. I can have it redrawn so; what the photo does not show "
        "is then made up.",
        "照片裡不是完整的側面站姿。我可以請引擎重畫成那樣；照片沒拍到的部分會是推測的。",
    ),
    "button_redraw": ("Redraw it standing", "重畫成站姿"),
    "advice_repose_none": (
        "I had it redrawn, but no drawing was better than your photo, so the model is made from the photo.",
        "試著重畫了，但沒有比你的照片更好的，所以還是用原照片製作。",
    ),
    # refusals that the pipeline words for whoever sits at the machine
    "failed_engine_unusable": (
        "The engine that you chose cannot be used here at the moment. Choose another one and send the photo again.",
        "你選的引擎目前無法使用，請改選別的，再傳一次照片。",
    ),
    "failed_engine_unknown": (
        "The engine that you chose is not here any more. Choose another one and send the photo again.",
        "你選的引擎已經不在了，請改選別的，再傳一次照片。",
    ),
    # the terminal
    "send_redrawn": (
        "The subject was redrawn; {file} shows before and after. Not like it any more? Send the photo again without --repose.",
        "主角經過重畫，對照請看 {file}。如果不像，請不要加 --repose 再傳一次。",
    ),
    "send_redrawable": (
        "The photo does not show it standing, whole and from its side; with --repose an engine redraws it so.",
        "照片裡不是完整的側面站姿；加上 --repose 可以請引擎重畫。",
    ),
    "send_no_engine": (
        "There is no engine “{engine}” at work here; there are {known}.",
        "這裡沒有引擎「{engine}」在工作，可用的有 {known}。",
    ),
    "send_no_redrawing": (
        "No engine at work here can redraw a subject (--repose).",
        "這裡沒有能重畫主角的引擎（--repose）。",
    ),
}
