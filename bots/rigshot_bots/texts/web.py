"""The web page's own words: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "web_title": ("Rigshot – a photo becomes a moving 3D model", "Rigshot：一張照片變成會動的 3D 模型"),
    "web_headline": ("A photo in. A moving 3D model out.", "一張照片，變成會動的 3D 模型"),
    "web_lead": (
        "Your pet, a toy, a drawing, a sprite: you get a model with skeleton and movements, for Blender, Unity, Unreal and the web.",
        "寵物、玩具、塗鴉、像素角色都可以。做好的模型附骨架和動作，可以直接用在 Blender、Unity、Unreal 和網頁上。",
    ),
    "web_other_language": ("中文", "English"),
    # the photo
    "web_photo": ("Your photo", "你的照片"),
    "web_drop": ("Drop a photo here\n or choose one", "把照片拖到這裡\n 或點一下選擇"),
    "web_make": ("Make it move", "讓它動起來"),
    "web_best": (
        "Best: the whole animal from the side, standing, all paws visible.",
        "最理想：從側面拍、全身入鏡、站著、四隻腳都看得到。",
    ),
    "web_no_photo": ("Choose a photo first, or try one of the samples below.", "請先選一張照片，或試試下面的範例。"),
    "web_unseen": (
        "Your browser cannot show this file. If it is a photo (HEIC, for example), it can still be made.",
        "你的瀏覽器無法顯示這個檔案。如果是照片（例如 HEIC），還是可以製作。",
    ),
    # more
    "web_more": ("More", "更多選項"),
    "web_box": ("Where the subject is", "主角在哪裡"),
    "web_box_hint": (
        "Only where there is more than one: draw a box around the one you mean.",
        "畫面裡不只一個時才需要：在照片上框出你要的那個。",
    ),
    "web_box_clear": ("Clear the box", "清除框選"),
    "web_box_needs_photo": ("Choose a photo first; then you can draw on it here.", "先選照片，就可以在這裡框選。"),
    "web_box_no_picture": (
        "Your browser cannot show this kind of picture, so there is nothing to draw on. It can still be made.",
        "你的瀏覽器無法顯示這種圖片，所以不能框選，但仍然可以製作。",
    ),
    "web_subject": ("What it is", "主角種類"),
    "web_view": ("Seen from", "拍攝角度"),
    "web_view_auto": ("find out by itself", "自動判斷"),
    "web_view_side": ("the side", "側面"),
    "web_view_three_quarter": ("half from the front", "斜前方"),
    "web_view_front": ("the front", "正面"),
    "web_clip": ("Movement in the film", "影片裡的動作"),
    "web_clip_auto": ("whatever suits it", "自動挑選"),
    "web_engine": ("Made by", "製作引擎"),
    "web_repose": ("Redraw it standing", "重畫成站姿"),
    "web_repose_hint": (
        "For a subject that sits, lies or is cut off. What the photo does not show is made up; you see before and after.",
        "適合坐著、躺著或沒拍到全身的主角。照片沒拍到的部分是推測的，會給你看重畫前後的對照。",
    ),
    "web_formats": ("Files", "檔案格式"),
    "web_seed": ("Guess number", "猜測編號"),
    "web_seed_hint": (
        "Another number, another guess at the sides that the photo does not show.",
        "換個數字，照片沒拍到的那幾面就會有不同的猜測。",
    ),
    "web_seed_wrong": ("The guess number must be a whole number from 0 to {most}.", "猜測編號必須是 0 到 {most} 的整數。"),
    "web_formats_none": ("Choose at least one kind of file under “More”.", "請在「更多選項」裡至少選一種檔案格式。"),
    "web_cookies": (
        "Your browser keeps no cookies for this page, so it cannot tell which photos are yours. Please allow them and try again.",
        "你的瀏覽器不接受這個網頁的 Cookie，所以無法認出哪些照片是你的。請允許後再試一次。",
    ),
    # on its way
    "web_taken": ("Your photo is in the line.", "照片已經排進隊伍。"),
    "web_next": ("You are next", "下一個就是你"),
    "web_at": ("Number {position} in line", "排在第 {position} 位"),
    "web_starting": ("Starting", "開始製作"),
    "web_ready_in": ("Ready in {time}", "預計{time}後完成"),
    "web_left": ("{time} left", "還要{time}"),
    "web_leave": ("You may close this page and come back: it is kept for you.", "你可以關掉網頁，晚點再回來看，進度會保留。"),
    "web_stop": ("Stop", "取消"),
    "web_stopped": ("Stopped", "已取消"),
    "web_stopped_text": ("Nothing was made. Choose a photo whenever you like.", "沒有產生模型。想再試的時候，隨時選一張照片。"),
    "web_stop_late": ("It had ended before it could be stopped.", "還沒取消就已經結束了。"),
    # ended without a model
    "web_failed": ("That did not work", "這張沒有成功"),
    "web_expired": ("It waited too long", "等太久了"),
    "web_try_again": ("Try again", "再試一次"),
    "web_other_photo": ("Choose another photo on this page and try again.", "請在這個網頁換一張照片再試。"),
    "web_lost": (
        "There is no such model of yours here (any more). It may have been deleted, or the link belongs to another browser.",
        "這裡沒有（或已經沒有）這個模型。可能已經刪除，或是這個連結屬於另一個瀏覽器。",
    ),
    # done
    "web_done": ("Here it is", "做好了"),
    "web_done_plan": ("A {plan} that can {clips}. Made in {time}.", "主角是{plan}，會{clips}。花了 {time}。"),
    "web_done_plain": ("Made in {time}.", "花了 {time}。"),
    "web_film_pause": ("The film of your model; press to pause or go on", "模型的影片，點一下可暫停或繼續"),
    "web_tab_film": ("Film", "影片"),
    "web_tab_model": ("3D", "3D 模型"),
    "web_tab_steps": ("From the photo", "從照片開始"),
    "web_model_hint": ("Drag to turn it, scroll or pinch to come closer.", "拖曳可以旋轉，滾動或雙指縮放。"),
    "web_viewer": ("Open in the viewer", "在檢視頁開啟"),
    "web_viewer_hint": ("All movements, and your own room through a phone's camera.", "可看所有動作，手機還能用相機把它放進房間裡。"),
    "web_step_before": ("Your photo", "你的照片"),
    "web_step_redrawn": ("Redrawn standing", "重畫成站姿"),
    "web_step_standardised": ("Put upright, brought closer", "轉正、拉近"),
    "web_step_after": ("Cut out", "去背"),
    "web_redrawn": (
        "Left your photo, right how it was redrawn, so that it stands and is seen whole. What the photo does not show is made up.",
        "左邊是你的照片，右邊是重畫的樣子：站好、全身都看得到。照片沒拍到的部分是推測的。",
    ),
    "web_report": ("Every step as a picture", "看每一步的圖"),
    "web_download": ("Download", "下載"),
    "web_file_glb": ("for the web, Blender, Unity", "網頁、Blender、Unity"),
    "web_file_fbx": ("for Unity, Unreal, Maya", "Unity、Unreal、Maya"),
    "web_file_obj": ("the shape and its picture", "只有外形與貼圖"),
    "web_file_mp4": ("the film", "影片"),
    "web_file_gif": ("the film, for chats", "動圖，適合聊天室"),
    "web_again": ("Another one", "再來一個"),
    "web_another_clip": ("Film another movement", "換個動作拍影片"),
    "web_another_guess": ("Another guess", "再猜一次"),
    "web_another_rig": ("New skeleton", "重做骨架"),
    "web_another_hint": (
        "Another guess paints the sides that the photo does not show anew; a new skeleton places the joints anew.",
        "「再猜一次」會重新猜照片沒拍到的那幾面；「重做骨架」會重新放置關節。",
    ),
    "web_advice": ("For a better one", "想要更好"),
    "web_kept": ("Kept until {date}", "保留到 {date}"),
    # lists
    "web_mine": ("Yours", "你的模型"),
    "web_on_its_way": ("on its way", "製作中"),
    "web_state_failed": ("did not work", "沒有成功"),
    "web_state_expired": ("waited too long", "等太久了"),
    "web_samples": ("No photo at hand? Take one of these", "手邊沒有照片？用這些試試"),
    "web_sample_dog_in_the_park": ("A dog in the park", "公園裡的狗"),
    "web_sample_cat_on_the_sofa": ("A cat on the sofa", "沙發上的貓"),
    "web_sample_teddy_on_the_lawn": ("A teddy on the lawn", "草地上的泰迪熊"),
    "web_sample_drawing": ("A child's drawing", "小朋友的畫"),
    "web_sample_sprite": ("A pixel sprite", "像素角色"),
    "web_sample_use": ("Make this one", "用這張"),
    # what is kept
    "web_privacy": (
        "Photos and models are deleted after {days} days, and only this browser can find yours. Nobody trains on them.",
        "照片和模型會在 {days} 天後刪除，只有這個瀏覽器找得到你的東西，也不會拿去訓練任何模型。",
    ),
    "web_wipe": ("Delete my data", "刪除我的資料"),
    "web_wipe_ask": (
        "Delete every photo and model of yours, those in the line too? It cannot be undone.",
        "要刪除你的所有照片和模型嗎？排隊中的也會刪除，而且無法復原。",
    ),
    "web_wiped": (
        "All of it is deleted ({jobs} photos, {files} files). Nothing of yours is left here.",
        "全部刪除了（{jobs} 張照片、{files} 個檔案），這裡已經沒有你的任何資料。",
    ),
    # the coach, where its words for a chat or a shell do not fit
    "web_advice_several_subjects": (
        "There is more than one subject in this picture; I took the largest near the middle. "
        "For another one, draw a box around it under “More”.",
        "畫面裡不只一個主角，我選了靠近中央、最大的那個。想要別的，請在「更多選項」把它框起來。",
    ),
    "web_advice_cutout_doubtful": (
        "The outline is doubtful; draw a box around the subject under “More”, or take the photo before a plainer background.",
        "主角的輪廓不太確定，請在「更多選項」把主角框起來，或換個單純的背景再拍。",
    ),
    "web_advice_geometry_doubtful": (
        "I am not certain what kind of subject this is. If the body looks wrong, choose the kind under “More” and make it again.",
        "我不太確定這是哪一種主角。如果身體不對，請在「更多選項」選擇種類後再做一次。",
    ),
    "web_advice_repose_none": (
        "It was redrawn, but no drawing was better than your photo, so the model is made from the photo.",
        "試著重畫了，但沒有比你的照片更好的，所以還是用原照片製作。",
    ),
    # for whoever starts it
    "web_listening": ("The web page is at {url}", "網頁在 {url}"),
    "web_no_gradio": (
        'The web page needs a few more packages: pip install "rigshot-bots[web]"',
        '網頁還需要一些套件：pip install "rigshot-bots[web]"',
    ),
    "web_port_taken": (
        "Port {port} is taken by another program. Stop that one, or choose another port with RIGSHOT_WEB__PORT.",
        "連接埠 {port} 已被其他程式使用。請先關閉它，或用 RIGSHOT_WEB__PORT 換一個。",
    ),
    "web_no_address": (
        "Cannot listen at {host} port {port} ({reason}); set RIGSHOT_WEB__HOST to an address of this machine.",
        "無法在 {host} 的連接埠 {port} 上提供服務（{reason}），請把 RIGSHOT_WEB__HOST 設成這台機器的位址。",
    ),
}
