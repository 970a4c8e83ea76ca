"""What only the Discord bot says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    # menus; names of options are lower case without spaces, as Discord wants them
    "discord_rig_this": ("Rig this photo", "做成 3D 模型"),
    "discord_photo": ("photo", "照片"),
    "discord_photo_help": (
        "A pet, a toy, a drawing; best from the side, all paws visible",
        "寵物、玩具或圖畫；最好從側面拍，四隻腳都看得到",
    ),
    "discord_subject": ("subject", "主角"),
    "discord_subject_help": ("What kind of subject it is, if I should not guess", "主角是哪一種（不選就由我判斷）"),
    "discord_clip": ("movement", "動作"),
    "discord_clip_help": ("Which movement the animation shows", "動畫要播放哪個動作"),
    "discord_second": ("second_view", "第二角度"),
    "discord_third": ("third_view", "第三角度"),
    "discord_fourth": ("fourth_view", "第四角度"),
    "discord_view_help": ("The same one from another side", "同一個主角的另一個角度"),
    # answers
    "discord_no_picture": (
        "There is no picture in this message. Use it on a message with a photo, or /rig with a picture of your own.",
        "這則訊息裡沒有圖片。請在有照片的訊息上使用，或用 /rig 附上自己的圖片。",
    ),
    "discord_closed_place": (
        "I cannot write here by myself, so the result comes here if it is ready within 15 minutes, and else as a direct message.",
        "我沒辦法自己在這裡發言：15 分鐘內做好會直接傳到這裡，超過就改用私訊傳給你。",
    ),
    "discord_moved": (
        "I could not write where you asked me, so here it is.",
        "我沒辦法在你原本使用的地方發言，所以傳到這裡。",
    ),
    "discord_alt": ("The 3D model, turning around", "旋轉中的 3D 模型"),
    "wiped_discord": (
        "All of it is deleted ({jobs} photos, {files} files), and I take down the results that I put up for you.",
        "全部刪除了（{jobs} 張照片、{files} 個檔案），我為你貼出的成果也會一併收回。",
    ),
    # starting the bot
    "discord_no_token": (
        "No token: set RIGSHOT_DISCORD__TOKEN to the bot's token from discord.com/developers.",
        "沒有 token：請把 RIGSHOT_DISCORD__TOKEN 設成 discord.com/developers 上的機器人 token。",
    ),
    "discord_library_missing": (
        'The Discord library is not installed: pip install "rigshot-bots[discord]".',
        '沒有安裝 Discord 函式庫：pip install "rigshot-bots[discord]"。',
    ),
    "discord_refused": (
        "Discord does not accept the token; make a new one at discord.com/developers.",
        "Discord 不接受這個 token，請到 discord.com/developers 重新產生。",
    ),
    "discord_away": ("Discord cannot be reached: {reason}", "連不上 Discord：{reason}"),
}
