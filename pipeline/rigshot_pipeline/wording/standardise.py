"""What the stage standardise says (the photo coach among it): code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "no_subject": (
        "No animal, person or thing stands out in this photo. Try one in daylight where your pet fills at least a third of the picture.",
        "這張照片裡找不到明顯的主角。請換一張白天拍的照片，讓寵物至少佔畫面的三分之一。",
    ),
    "feet_cut": (
        "The feet are outside the picture; step back a little so that all paws and the ground under them show.",
        "腳在畫面外了；請退後一點，讓四隻腳和地面都入鏡。",
    ),
    "head_cut": (
        "The subject is cut off at the top; leave some room above it.",
        "主角的上方被畫面切掉了；請在上面留一點空間。",
    ),
    "left_cut": (
        "A part of the body is outside the picture on the left; leave some room on both sides.",
        "身體的左邊被畫面切掉了；請在左右兩邊都留一點空間。",
    ),
    "right_cut": (
        "A part of the body is outside the picture on the right; leave some room on both sides.",
        "身體的右邊被畫面切掉了；請在左右兩邊都留一點空間。",
    ),
    "close_up": (
        "The picture shows only a part of the body, so the model will be a bust; step back until the whole body shows.",
        "畫面只拍到身體的一部分，做出來會是半身像；請退後，讓全身都入鏡。",
    ),
    "several_subjects": (
        "There is more than one subject in this picture; the largest near the middle was taken. "
        "For another one, point at it with --box left,top,width,height.",
        "畫面裡不只一個主角，我選了靠近中央、最大的那個。想要別的，請用 --box 左,上,寬,高 指給我看。",
    ),
    "too_dark": (
        "The subject is very dark, so its shape is hard to see; daylight from a window is enough, no flash.",
        "主角太暗，看不清形狀；靠近窗戶用自然光拍就夠了，不必開閃光燈。",
    ),
    "over_exposed": (
        "A large part of the subject is burnt out to white; turn off the flash or move out of the direct sun.",
        "主角有一大片過曝變白；請關掉閃光燈，或避開直射的陽光。",
    ),
    "too_small": (
        "The subject is only {pixels} pixels large in this photo; go closer, or send the original instead of a preview.",
        "主角在照片裡只有 {pixels} 像素大；請靠近一點拍，或傳原圖而不是縮圖。",
    ),
    "blurred": (
        "The subject is blurred; tap on it to focus, and hold still for a moment.",
        "主角糊掉了；請點一下主角對焦，拍的時候拿穩。",
    ),
    "merges_with_background": (
        "The subject has nearly the colours of what is behind it; a plainer, differently coloured background shows its outline.",
        "主角和背景的顏色太接近；換個單純、顏色不同的背景，輪廓會清楚很多。",
    ),
    "curled_up": (
        "The animal lies curled up, so its legs cannot be told apart; a photo of it standing, from the side, works best.",
        "牠蜷著身體，分不出四肢；站著、從側面拍的照片效果最好。",
    ),
    "turned_upright": (
        "The picture was turned by {degrees}° so that the subject stands upright; with --turn 0 it stays as it is.",
        "已把畫面轉了 {degrees}°，讓主角站正；想保持原樣，請加上 --turn 0。",
    ),
}
