"""What is said of engines in environments of their own: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "engine_why_best": (
        "the best that is installed, has its weights and fits the graphics card",
        "已安裝、權重齊全、顯示卡也裝得下的引擎之中最好的一個",
    ),
    "engine_why_only": ("no other engine does this", "沒有其他引擎能做這一步"),
    "engine_why_none_usable": ("no other engine can be used here", "其他引擎在這台機器上都不能用"),
    "engine_why_wished": ("it was asked for", "依照指定"),
    "engine_not_installed": ("not installed: “rigshot envs install {name}”", "尚未安裝，可執行「rigshot envs install {name}」"),
    "engine_lacks_weights": (
        "its weights {weights} are missing: “rigshot envs install {name}”",
        "缺少權重 {weights}，可執行「rigshot envs install {name}」",
    ),
    "engine_needs_gpu": ("needs an NVIDIA card with {needed} GB, and there is none", "需要 {needed} GB 的 NVIDIA 顯示卡，這台機器沒有"),
    "engine_needs_larger_gpu": (
        "needs {needed} GB of GPU memory, and there are {there} GB",
        "需要 {needed} GB 顯示記憶體，這裡只有 {there} GB",
    ),
    "engine_not_best": ("{engine} has the higher rank", "{engine} 的優先順序較高"),
    "engine_embedded": ("the embedded engine", "內建引擎"),
    "engine_stage_line": ("{stage}: {engine}, {why}.", "{stage}：由{engine}負責，{why}。"),
    "engine_passed_over": ("{engine}: {why}.", "未採用 {engine}：{why}。"),
    "engine_memory": ("Memory: {total} GB, {free} GB of it free.", "記憶體：共 {total} GB，可用 {free} GB。"),
    "engine_card": (
        "Graphics card: {card} with {memory} GB, of which engines may use {budget} GB.",
        "顯示卡：{card}，{memory} GB，引擎可使用 {budget} GB。",
    ),
    "engine_card_none": (
        "No NVIDIA card answers (nvidia-smi); the embedded engine needs none.",
        "找不到 NVIDIA 顯示卡（nvidia-smi）；內建引擎不需要顯示卡。",
    ),
    "engine_card_unknown": (
        "RIGSHOT_GPU_MB gives engines {budget} GB of GPU memory; no card answered when asked (nvidia-smi).",
        "RIGSHOT_GPU_MB 設定引擎可使用 {budget} GB 顯示記憶體，但 nvidia-smi 沒有回應。",
    ),
    "engine_card_unwanted": (
        "RIGSHOT_ENGINE_DEVICE says cpu: engines run without a graphics card, slowly.",
        "RIGSHOT_ENGINE_DEVICE 設為 cpu：引擎不使用顯示卡，速度會很慢。",
    ),
    "engine_here": (
        "{engine} is installed (code {code}, weights {weights}; here: {sets}).",
        "{engine} 已安裝（程式 {code}、權重 {weights}；已下載：{sets}）。",
    ),
    "engine_absent": (
        "{engine} is not installed: “rigshot envs install {name}” (code {code}, weights {weights}).",
        "{engine} 尚未安裝：「rigshot envs install {name}」（程式 {code}、權重 {weights}）。",
    ),
    "engine_unknown": (
        "There is no engine “{engine}”; there are {known}.",
        "沒有「{engine}」這個引擎，可用的有 {known}。",
    ),
    "engine_unusable": (
        "{engine} cannot be used on this machine; “rigshot envs list” says why. Leave the engine to auto, or put that right first.",
        "這台機器目前不能使用 {engine}，「rigshot envs list」會說明原因。請改用 auto，或先排除問題。",
    ),
    "engine_bad_input": (
        "{engine} could not work with this picture ({reason}). Another photo may do.",
        "{engine} 無法處理這張圖片（{reason}），請換一張試試。",
    ),
    "engine_no_surface": (
        "{engine} found no shape in this picture. Try another photo, or leave the engine to auto.",
        "{engine} 在這張圖片裡找不到形體，請換一張照片，或把引擎設為 auto。",
    ),
    "engine_bad_rig": (
        "{engine} found no skeleton that moves this model well. Try another photo, or leave the engine to auto.",
        "{engine} 找不到適合這個模型的骨架，請換一張照片，或把引擎設為 auto。",
    ),
    "engine_other_subject": (
        "{engine} cut out something else than the subject; show where that is with a box, or leave the engine to auto.",
        "{engine} 選到了別的東西而不是主角；請用方框標出主角的位置，或把引擎設為 auto。",
    ),
    "engine_other_shape": (
        "The shape that {engine} made does not look like the photo. Try another seed or photo, or leave the engine to auto.",
        "{engine} 做出來的形狀和照片不像，請換個 seed 或照片，或把引擎設為 auto。",
    ),
    "engine_mesh_open": (
        "The surface that {engine} made has gaps; it looks whole, but a 3D printer would want it closed.",
        "{engine} 做出的表面有缺口，看起來完整，但 3D 列印需要封閉的表面。",
    ),
    "engine_out_of_memory": (
        "{engine} ran out of memory on the graphics card. Close what else uses the card, or choose the embedded engine.",
        "{engine} 的顯示記憶體不足，請關閉其他使用顯示卡的程式，或改用內建引擎。",
    ),
    "engine_missing_weights": (
        "{engine} did not find its weights ({reason}); “rigshot envs list” tells what is missing.",
        "{engine} 找不到權重（{reason}），「rigshot envs list」會列出缺少的項目。",
    ),
    "engine_internal": (
        "{engine} broke on this photo; {log} says where. Please report it, with the photo if you can share it.",
        "{engine} 處理這張照片時出錯了，{log} 有詳情。請回報給我們，方便的話附上照片。",
    ),
    "engine_crashed": (
        "{engine} stopped in the middle of its work, twice; {log} holds its last words.",
        "{engine} 執行到一半就中止了，而且發生兩次；{log} 有最後的訊息。",
    ),
    "engine_silent": (
        "{engine} said nothing for {minutes} minutes, so it was stopped.",
        "{engine} 已經 {minutes} 分鐘沒有回應，所以先停止了。",
    ),
    "engine_not_ready": (
        "{engine} did not start; {log} says why, and “rigshot envs verify” checks its installation.",
        "{engine} 無法啟動，{log} 有原因；可用「rigshot envs verify」檢查安裝。",
    ),
    "engine_gave_way_no_surface": (
        "{engine} found no shape in this picture, so Rigshot's own method made it.",
        "{engine} 在這張圖片裡找不到形體，所以改用 Rigshot 內建的方法製作。",
    ),
    "engine_gave_way_bad_rig": (
        "{engine} found no skeleton that moves this model well, so it got Rigshot's own.",
        "{engine} 找不到適合這個模型的骨架，所以改用 Rigshot 內建的骨架。",
    ),
    "engine_gave_way_other_subject": (
        "{engine} cut out something else than the subject, so Rigshot's own outline was kept.",
        "{engine} 選到了別的東西而不是主角，所以保留 Rigshot 內建方法的輪廓。",
    ),
    "engine_gave_way_other_shape": (
        "The shape that {engine} made does not look like the photo, so Rigshot's own method made it.",
        "{engine} 做出來的形狀和照片不像，所以改用 Rigshot 內建的方法製作。",
    ),
    "engine_gave_way_out_of_memory": (
        "{engine} ran out of memory on the graphics card in the stage “{stage}”, so Rigshot's own method did it.",
        "{engine} 在「{stage}」這一步顯示記憶體不足，所以改用 Rigshot 內建的方法。",
    ),
    "reposed": (
        "{engine} redrew your photo so that the subject stands; what it could not see is made up. Compare “before” and “after”; if "
        "it is not like the original any more, have it made without redrawing.",
        "{engine} 把主角重畫成站姿，看不到的部分是推測的。請比較 before 與 after 兩張圖；如果不像原本的樣子，請改為不重畫再做一次。",
    ),
    "repose_none": (
        "{engine} drew no picture that shows the subject better than your photo, so the photo was used.",
        "{engine} 沒有畫出比原照片更合適的圖，所以使用原照片。",
    ),
    "engine_says": ("{engine} says: {text}", "{engine} 的訊息：{text}"),
}
