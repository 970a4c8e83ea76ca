"""What the stage report says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "summary_made": (
        "A {plan} with {joints} joints and {clips} movements, ready for Blender, Unity, Unreal or the web.",
        "這是一個{plan}模型，有 {joints} 個關節、{clips} 個動作，可以直接用在 Blender、Unity、Unreal 或網頁上。",
    ),
    "summary_match": (
        "Seen as in the photo, its outline matches your picture to {percent} %.",
        "從照片的角度看，輪廓有 {percent}% 與照片相符。",
    ),
    "summary_match_poor": (
        "Seen as in the photo, its outline matches your picture only to {percent} %: a part was lost or guessed.",
        "從照片的角度看，輪廓只有 {percent}% 與照片相符：有些部位缺漏，或是猜測出來的。",
    ),
    "summary_like": (
        "From the photo's side, shape and colours are {percent} % like your picture.",
        "從照片的角度看，外形與顏色有 {percent}% 和照片一樣。",
    ),
    "summary_unlike": (
        "From the photo's side, shape and colours are only {percent} % like your picture.",
        "從照片的角度看，外形與顏色只有 {percent}% 和照片一樣。",
    ),
    "summary_limbs": (
        "It has {limbs} legs, arms, wings or fins, and each bends at joints of its own.",
        "牠有 {limbs} 隻腳、手、翅膀或鰭，每一隻都有自己的關節，可以彎曲。",
    ),
    "summary_stiff_limbs": (
        "Of its {limbs} legs, arms, wings or fins, {bending} bend at joints of their own; the others are stiff.",
        "在 {limbs} 隻腳、手、翅膀或鰭之中，有 {bending} 隻有自己的關節可以彎曲，其他的是固定的。",
    ),
    "result_outline": (
        "The model's outline misses a part of your picture. A photo from the side, on a plain ground and with all paws in it, helps most.",
        "模型的輪廓和照片有落差。最有幫助的是：從側面拍、背景單純、四隻腳都入鏡的照片。",
    ),
    "result_unlike": (
        "The model does not look much like your picture yet. Try a sharper photo in even daylight, or mark your pet with a box.",
        "這個模型還不太像照片裡的主角。可以換一張清晰、光線均勻的照片，或用方框標出主角。",
    ),
    "result_bleed": (
        "Some of the background's colour stuck to the coat. A ground of another colour than your pet's keeps it clean.",
        "毛色邊緣沾到了背景的顏色。換一個和寵物顏色不同的背景，就會乾淨許多。",
    ),
    "summary_unseen": (
        "A photo shows one side; the others were continued from it.",
        "照片只拍到一面，其他幾面是依照這一面延伸出來的。",
    ),
    "summary_clean": (
        "The coat is free of the photo's background.",
        "毛色乾淨，沒有混入照片的背景。",
    ),
    "summary_bleed": (
        "About {percent} % of its edge took on some colour of the background; a plain background helps.",
        "邊緣約有 {percent}% 沾到背景的顏色；換單純一點的背景會更好。",
    ),
    "summary_closed": (
        "The surface is closed, as a 3D printer needs it.",
        "表面完全封閉，可以拿去 3D 列印。",
    ),
    "summary_open": (
        "The surface has gaps, so it cannot be printed as it is.",
        "表面有缺口，無法直接 3D 列印。",
    ),
    "summary_moves_well": (
        "It moves without tearing, and its feet stay where they stand.",
        "動起來不會破面，腳站在哪裡就穩穩踩在哪裡。",
    ),
    "summary_stretches": (
        "In the movement “{clip}” a little of the coat stretches visibly.",
        "做「{clip}」這個動作時，有一小部分毛皮會明顯拉長。",
    ),
    "summary_slides": (
        "In the movement “{clip}” a foot slides a little over the ground.",
        "做「{clip}」這個動作時，腳會在地面上稍微滑動。",
    ),
    "summary_time": (
        "Made in {seconds} seconds.",
        "製作時間 {seconds} 秒。",
    ),
    "plan_quadruped": ("four-legged animal", "四足動物"),
    "plan_biped": ("two-legged figure", "雙足角色"),
    "plan_bird": ("bird", "鳥"),
    "plan_fish": ("fish", "魚"),
    "plan_snake": ("snake", "蛇"),
    "plan_object": ("thing", "物件"),
    "licence_embedded": (
        "Rigshot's embedded engine: Apache-2.0. It lays no claim to what it makes.",
        "Rigshot 內建引擎：Apache-2.0 授權，對成品不主張任何權利。",
    ),
    "licence_rembg": (
        "Cutout by rembg (MIT) with the weights {model}: {licence}.",
        "去背使用 rembg（MIT 授權）與 {model} 權重：{licence} 授權。",
    ),
    "licence_engine": (
        "{engine} made parts of this model: its code is {code}, its weights are {weights}.",
        "{engine} 參與製作：程式為 {code} 授權，權重為 {weights} 授權。",
    ),
    "licence_other": (
        "{engine}: see its own licence.",
        "{engine}：請見其授權條款。",
    ),
    "licence_ffmpeg": (
        "The MP4 films were written by ffmpeg (GPL), run as a program of its own; its licence does not reach what it writes.",
        "MP4 影片由獨立執行的 ffmpeg（GPL 授權）產生，其授權不及於產出的檔案。",
    ),
    "licence_photo": (
        "The rights in the photo also cover this model.",
        "照片的著作權同樣及於這個模型。",
    ),
}
