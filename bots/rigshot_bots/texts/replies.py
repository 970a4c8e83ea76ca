"""Greetings, answers to commands and refusals: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "start": (
        "Hi! Send me a photo of your pet, a toy, a drawing or a sprite, and I turn it into a 3D model that moves.\n\n"
        "You get a short film of it right here, and the model itself (GLB, FBX) with skeleton and movements for Blender, Unity, "
        "Unreal and the web.\n\n"
        "Best is the whole animal from the side, standing, all paws visible.\n\n"
        "Photos and models are deleted after {days} days, or at once with /delete. More: /help",
        "嗨！傳一張寵物、玩具、圖畫或像素角色的照片給我，我會把它變成會動的 3D 模型。\n\n"
        "你會在這裡收到一段動畫，還有模型檔（GLB、FBX），骨架和動作都做好了，可以直接用在 Blender、Unity、Unreal 或網頁上。\n\n"
        "最理想的照片：全身入鏡、從側面拍、站著、四隻腳都看得到。\n\n"
        "照片和模型會在 {days} 天後刪除，也可以用 /delete 立刻刪掉。更多說明：/help",
    ),
    "help": (
        "What makes a good photo:\n"
        "• the whole body, with a little room around it\n"
        "• from the side, standing, all paws visible\n"
        "• in daylight, before a background of another colour\n"
        "• one animal or figure, not several\n\n"
        "{sending}\n\n"
        "/queue – how long the line is\n"
        "/status – how your photos are doing\n"
        "/cancel – stop one\n"
        "/settings – language, files, kind of subject\n"
        "/privacy – what is kept\n"
        "/delete – delete everything of yours",
        "怎麼拍出好模型：\n"
        "• 全身入鏡，四周留一點空間\n"
        "• 從側面拍，站著，四隻腳都看得到\n"
        "• 光線充足，背景和主角的顏色不同\n"
        "• 一次一隻，不要好幾隻\n\n"
        "{sending}\n\n"
        "/queue – 看看排隊狀況\n"
        "/status – 我的照片進度\n"
        "/cancel – 取消照片\n"
        "/settings – 語言、檔案格式、主角種類\n"
        "/privacy – 我們保留什麼\n"
        "/delete – 刪除我的所有資料",
    ),
    "sending_telegram": (
        "Send it as a file for full quality: Telegram makes photos smaller. Several at once are welcome too. "
        "In a group, reply /rig to a photo, or write /rig under it.",
        "以「檔案」傳送畫質最好，因為 Telegram 會壓縮照片。一次傳好幾張也可以。在群組裡，請對照片回覆 /rig，或在照片的說明寫 /rig。",
    ),
    "sending_discord": (
        "Use /rig with a picture, or open a message's menu › Apps › “Rig this photo”. Or just send me a photo as a direct message.",
        "使用 /rig 並附上圖片，或在訊息的選單 › 應用程式 › 選「做成 3D 模型」，也可以直接私訊傳照片給我。",
    ),
    "privacy": (
        "What I keep:\n"
        "• your photo, without its place and camera data, and the model made from it: {days} days, then both are deleted\n"
        "• your settings and how many photos you sent today\n"
        "• a number that stands for you on this platform, so that results find their way back; not your name\n\n"
        "Nobody trains on your photos. Whoever has a link to your model can open it until it expires.\n\n"
        "/delete removes all of it at once.",
        "我們保留的資料：\n"
        "• 你的照片（已移除地點和相機資訊）和做好的模型：保留 {days} 天後刪除\n"
        "• 你的設定，以及今天傳了幾張照片\n"
        "• 你在這個平台上的代號，用來把成果送回給你；不含你的名字\n\n"
        "你的照片不會拿去訓練任何模型。拿到連結的人，在連結到期前都能打開你的模型。\n\n"
        "用 /delete 可以立刻全部刪除。",
    ),
    "not_a_photo": (
        "That is not a picture. Send me a photo, or a picture file (JPEG, PNG, WebP, HEIC).",
        "這不是圖片。請傳照片，或圖片檔（JPEG、PNG、WebP、HEIC）。",
    ),
    "moving_picture": (
        "That one moves already; I need a still picture. Send me a photo or a screenshot in which it stands, seen from the side.",
        "這個已經會動了，我需要的是靜態圖片。請傳一張照片，或截下牠側面站著的那一格。",
    ),
    "sticker": (
        "Shall I make this sticker move? Then reply /rig to it.",
        "要讓這張貼圖動起來嗎？請對它回覆 /rig。",
    ),
    "anonymous": (
        "I cannot tell who writes in the name of a group or channel, so I would not know whose model it is. Please write as yourself.",
        "以群組或頻道名義發言時，我看不出是誰，也就不知道模型屬於誰。請用自己的身分再傳一次。",
    ),
    "just_text": (
        "I only understand pictures: send me a photo and I make it move. /help tells what works best.",
        "我只看得懂圖片：傳一張照片給我，我就讓它動起來。怎麼拍最好，請看 /help。",
    ),
    "rig_needs_photo": (
        "Reply /rig to a message with a photo, or write /rig under a photo.",
        "請對有照片的訊息回覆 /rig，或在照片的說明寫 /rig。",
    ),
    # several pictures at once
    "album_ask": (
        "You sent {photos} pictures. Do they show one and the same from several sides, or shall I make a model of each?",
        "你傳了 {photos} 張照片。這些是同一個主角的不同角度，還是要每一張各做一個模型？",
    ),
    "album_views": ("One model", "做一個模型"),
    "album_each": ("A model of each", "每張各做一個"),
    "album_gone": ("I no longer have these pictures at hand; please send them once more.", "這些照片已經不在手邊了，請再傳一次。"),
    "album_taken": (
        "One model of your {photos} pictures, coming up. It is built from the first; the others help where an engine can combine views.",
        "好，用這 {photos} 張照片做一個模型。會以第一張為主；引擎支援多視角時，其他照片也會派上用場。",
    ),
    "album_taken_some": (
        "One model of the first {most} of your {photos} pictures, coming up; more views than that are of no use to any engine.",
        "好，用這 {photos} 張照片的前 {most} 張做一個模型；角度再多，引擎也用不上。",
    ),
    "album_split": ("A model of each of your {photos} pictures, coming up.", "好，這 {photos} 張照片各做一個模型。"),
    # refusals
    "too_big": (
        "This file has {megabytes} MB and I can take {most} MB here; send it as a photo, or save it smaller as a JPEG.",
        "這個檔案有 {megabytes} MB，這裡最多只能收 {most} MB；請改用照片傳送，或縮小存成 JPEG。",
    ),
    "too_big_unsized": (
        "This file is larger than the {most} MB that I can take here; send it as a photo, or save it smaller as a JPEG.",
        "這個檔案超過這裡能收的 {most} MB；請改用照片傳送，或縮小存成 JPEG。",
    ),
    "download_failed": (
        "Your picture did not reach me in one piece; please send it once more.",
        "你的照片沒有完整傳到我這裡，請再傳一次。",
    ),
    "busy": (
        "I cannot reach my workshop at the moment, so your photo was not taken in. Please send it again in a minute.",
        "我暫時連不上工作室，照片還沒收進去，請過一分鐘再傳一次。",
    ),
    "busy_command": ("I cannot reach my workshop at the moment. Please try again in a minute.", "我暫時連不上工作室，請過一分鐘再試。"),
    "not_yours": ("This belongs to somebody else. Send a photo and you get one of your own!", "這是別人的，傳一張照片就能做一個你自己的！"),
    "gone": ("This model has been deleted. Send the photo once more to make it again.", "這個模型已經刪除了，想再做一次請重新傳照片。"),
    "old_button": ("This button is from an older time; /status shows where things are.", "這個按鈕已經失效了，請用 /status 查看進度。"),
    "our_fault": (
        "Something went wrong on our side, sorry. Please try again; if it stays so, tell whoever runs this bot the number {number}.",
        "抱歉，我們這邊出了問題。請再試一次；如果還是不行，請把代號 {number} 告訴管理這個機器人的人。",
    ),
}
