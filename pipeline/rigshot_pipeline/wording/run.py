"""What the run of the stages says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "no_pictures": (
        "There is no picture in {place}; name a photo, or a folder with photos in it.",
        "{place} 裡沒有圖片，請指定一張照片或放有照片的資料夾。",
    ),
    "stage_broke": (
        "The stage “{stage}” broke on this photo; {log} says where. Please report it, with the photo if you can share it.",
        "「{stage}」這一步在處理這張照片時出錯了，{log} 有詳情。請回報給我們，方便的話附上照片。",
    ),
    "damaged_network": (
        "A file that ships with Rigshot is damaged ({name}); install rigshot-pipeline again.",
        "Rigshot 附帶的檔案（{name}）已損壞，請重新安裝 rigshot-pipeline。",
    ),
    "no_memory": (
        "This machine ran out of memory in the stage “{stage}”; close other programs or send a smaller picture.",
        "這台機器在「{stage}」這一步記憶體不足，請關閉其他程式或改用較小的圖片。",
    ),
}
