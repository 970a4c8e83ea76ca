"""What the stage intake says: code -> (English, Traditional Chinese)."""

_SEND = "send the photo itself as JPEG, PNG, WebP or HEIC."
_SEND_ZH = "直接傳送照片（JPEG、PNG、WebP 或 HEIC）。"

TEXTS: dict[str, tuple[str, str]] = {
    # the file
    "file_missing": ("There is no such file; check its name and place.", "找不到這個檔案，請檢查檔名和位置。"),
    "photo_gone": (
        "The photo itself was deleted once its model was made; send it again for this wish.",
        "模型完成後原本的照片就刪除了，這個要求需要再傳一次照片。",
    ),
    "file_forbidden": (
        "This file may not be read; change its permissions or copy it elsewhere.",
        "沒有權限讀取這個檔案，請更改權限或複製到其他位置。",
    ),
    "file_not_regular": (
        "This is a folder or a device, not a file; name one picture file.",
        "這是資料夾或裝置，不是檔案，請指定一個圖片檔。",
    ),
    "file_empty": ("This file is empty; save or send the picture once more.", "這個檔案是空的，請重新儲存或傳送圖片。"),
    "file_too_big": (
        "This file has {megabytes} MB and the limit is {most} MB; save the picture smaller or as a JPEG.",
        "這個檔案有 {megabytes} MB，上限是 {most} MB，請縮小圖片或改存成 JPEG。",
    ),
    # what is no picture, or none that is decoded here
    "type_pdf": (
        f"This is a PDF, not a picture; take a screenshot of the page, or {_SEND}",
        f"這是 PDF，不是圖片，請擷取該頁畫面，或{_SEND_ZH}",
    ),
    "type_html": (
        f"This is a web page, not a picture; open it, save the picture that it shows and send that, or {_SEND}",
        f"這是網頁，不是圖片，請開啟網頁並儲存其中的圖片後傳送，或{_SEND_ZH}",
    ),
    "type_office": (f"This is an Office document, not a picture; {_SEND}", f"這是 Office 文件，不是圖片，請{_SEND_ZH}"),
    "type_vector": (
        "This is a vector drawing (SVG or PostScript); export it as a PNG and send that.",
        "這是向量圖（SVG 或 PostScript），請匯出成 PNG 後再傳送。",
    ),
    "type_video": (
        "This is a video; pause it where the figure shows best and send a screenshot.",
        "這是影片，請在主體最清楚的畫面暫停並傳送截圖。",
    ),
    "type_audio": (f"This is a sound file, not a picture; {_SEND}", f"這是聲音檔，不是圖片，請{_SEND_ZH}"),
    "type_archive": (
        "This is an archive or a document packed as one; unpack it and send the picture alone.",
        "這是壓縮檔（或以壓縮檔封裝的文件），請解壓縮後只傳送圖片。",
    ),
    "type_model": ("This is a 3D model already; send a picture of it.", "這已經是 3D 模型，請改傳它的圖片。"),
    "type_photoshop": (
        "This is an image editor's own format; export it as a PNG and send that.",
        "這是繪圖軟體的專用格式，請匯出成 PNG 後再傳送。",
    ),
    "type_raw": ("This is a camera's raw file; export it as a JPEG and send that.", "這是相機的 RAW 檔，請匯出成 JPEG 後再傳送。"),
    "type_rare": (
        "This is a picture in a format that is not read here; save it as PNG or JPEG and send that.",
        "這裡不支援這種圖片格式，請另存成 PNG 或 JPEG 後再傳送。",
    ),
    "type_text": (f"This is a text file, not a picture; {_SEND}", f"這是文字檔，不是圖片，請{_SEND_ZH}"),
    "type_unknown": (f"This is not a picture that can be read here; {_SEND}", f"無法辨識這個檔案是什麼圖片，請{_SEND_ZH}"),
    # the picture
    "picture_too_large": (
        "This picture has {megapixels} megapixels and the limit is {most}; make it smaller and send it again.",
        "這張圖片有 {megapixels} 百萬像素，上限是 {most} 百萬，請縮小後再傳送。",
    ),
    "picture_too_small": (
        "This picture has only {width} x {height} pixels; send one with at least {least} pixels on each side.",
        "這張圖片只有 {width} x {height} 像素，每邊至少要 {least} 像素。",
    ),
    "picture_too_long": (
        "This picture is a strip of {width} x {height} pixels; cut out the part with the figure and send that.",
        "這張圖片是 {width} x {height} 的長條，請裁切出主體所在的部分再傳送。",
    ),
    "picture_broken": (
        "This {format} file is damaged and cannot be opened; save or send the picture once more.",
        "這個 {format} 檔案已損壞，無法開啟，請重新儲存或傳送圖片。",
    ),
    "picture_cut_short": (
        "This file was cut short on its way, only {percent} % of the picture arrived; send it again.",
        "檔案傳輸不完整，只收到 {percent} % 的畫面，請再傳一次。",
    ),
    "picture_incomplete": (
        "This file ends too early, a part was lost on its way; send it again.",
        "檔案不完整，傳輸時遺失了一部分，請再傳一次。",
    ),
    "picture_clear": (
        "This picture is transparent all over; send one in which the figure can be seen.",
        "這張圖片是全透明的，請傳送看得見主體的圖片。",
    ),
    "picture_blank": (
        "This picture is of one colour, nothing can be seen in it; send another one.",
        "這張圖片只有一種顏色，看不到任何東西，請換一張。",
    ),
    "picture_too_heavy": (
        "This picture takes too much memory to open; save it as an ordinary JPEG, smaller, and send that.",
        "開啟這張圖片需要太多記憶體，請縮小並另存成一般的 JPEG 再傳送。",
    ),
    "picture_too_slow": (
        "This picture took too long to open; save it as an ordinary JPEG and send that.",
        "開啟這張圖片花了太久的時間，請另存成一般的 JPEG 再傳送。",
    ),
    "picture_kills": (
        "This file is damaged in a way that stopped the decoder; save the picture as a JPEG or PNG and send that.",
        "這個檔案的損壞使解碼程式中止，請另存成 JPEG 或 PNG 再傳送。",
    ),
    # wishes
    "box_outside": (
        "The box lies outside the picture, which has {width} x {height} pixels; give left,top,width,height within it.",
        "框選範圍超出圖片（圖片為 {width} x {height} 像素），請給圖片範圍內的 左,上,寬,高。",
    ),
    "box_too_small": (
        "The box is smaller than {least} pixels; draw it around the whole figure.",
        "框選範圍小於 {least} 像素，請把整個主體框起來。",
    ),
    "mask_unreadable": ("The mask could not be read; save it as a PNG of the photo's size.", "無法讀取遮罩，請存成和照片一樣大小的 PNG。"),
    "mask_shape": (
        "The mask ({mask_width} x {mask_height}) has another shape than the photo ({width} x {height}); make it on the photo itself.",
        "遮罩（{mask_width} x {mask_height}）和照片（{width} x {height}）的比例不同，請直接在照片上製作遮罩。",
    ),
    "mask_even": (
        "The mask is all of one shade; paint the figure white and everything else black.",
        "遮罩只有單一色調，請把主體塗成白色，其餘塗成黑色。",
    ),
    # advice
    "first_frame": (
        "This is an animation of {frames} frames; the first one is used. Send another frame as a picture if it shows more.",
        "這是有 {frames} 格的動畫，使用第一格；如果其他格更清楚，請單獨傳送那一格。",
    ),
    "first_page": (
        "This file holds {frames} pictures; the first one is used. Send another one by itself if you meant that.",
        "這個檔案有 {frames} 張圖片，使用第一張；如果要用別張，請單獨傳送。",
    ),
    "file_mended": (
        "This file was cut short on its way: the last {percent} % of the picture are missing. Send it again for the whole figure.",
        "檔案傳輸不完整，缺少最後 {percent} % 的畫面；請再傳一次以取得完整的主體。",
    ),
    "file_unsharp": (
        "This file was cut short on its way; the picture is whole but less sharp than it was. Send it again for all of its detail.",
        "檔案傳輸不完整，畫面完整但不如原圖清晰；請再傳一次以取得所有細節。",
    ),
}
