"""What the stage enhance says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "denoised": (
        "The photo was grainy, so the grain was smoothed away first; a photo in better light shows the coat more finely.",
        "這張照片雜訊偏多，所以先做了降噪；光線充足一點的照片，毛色會更細緻。",
    ),
    "enlarged": (
        "The figure is about {pixels} pixels large, so the picture was enlarged {factor} times; a larger photo shows more.",
        "主體大約只有 {pixels} 像素，因此把圖片放大了 {factor} 倍；更大的照片會更清楚。",
    ),
    "left_as_it_is": (
        "The figure is about {pixels} pixels large; the picture was left at its size.",
        "主體大約有 {pixels} 像素，圖片維持原來的大小。",
    ),
    "small_in_photo": (
        "The figure is only about {pixels} pixels large in a big photo; crop the photo around it or go nearer.",
        "主體在大照片中只有大約 {pixels} 像素，請裁切照片或靠近一點拍攝。",
    ),
    "sprite": (
        "This is pixel art of {width} x {height} pixels; it was enlarged {factor} times with hard edges.",
        "這是 {width} x {height} 像素的像素畫，已用銳利邊緣放大 {factor} 倍。",
    ),
    "sprite_restored": (
        "This is pixel art that had been enlarged {block} times; its {width} x {height} true pixels were found and enlarged anew.",
        "這是曾被放大 {block} 倍的像素畫，已找回原本的 {width} x {height} 像素並重新放大。",
    ),
    "sprite_sheet": (
        "This sprite sheet holds {figures} figures and only one can become a model; send one figure by itself to choose it.",
        "這張圖集有 {figures} 個角色，只能把其中一個做成模型；請單獨傳送想要的那一個。",
    ),
}
