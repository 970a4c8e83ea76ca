"""What ``rigshot up`` says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "up_starting": ("Starting {services}. Ctrl-C stops everything.", "正在啟動 {services}。按 Ctrl-C 全部停止。"),
    "up_ready": ("Ready. {place}", "準備好了。{place}"),
    "up_web": ("Open {url} in a browser.", "請用瀏覽器開啟 {url}。"),
    "up_no_web": ("Send the bot a photo, or use “rigshot send PHOTO”.", "把照片傳給機器人，或使用「rigshot send 照片」。"),
    "up_left_out": ("Without {service}: {reason}", "未啟動 {service}：{reason}"),
    "up_no_pipeline": (
        'the pipeline is not installed here (pip install "rigshot-queue[worker]"); photos wait for a worker elsewhere.',
        '這裡沒有安裝處理流程（pip install "rigshot-queue[worker]"），照片會等待其他機器的 worker。',
    ),
    "up_no_library": (
        'its library is not installed (pip install "rigshot-bots[{service}]").',
        '沒有安裝函式庫（pip install "rigshot-bots[{service}]"）。',
    ),
    "up_no_token": ("RIGSHOT_{name}__TOKEN is not set.", "沒有設定 RIGSHOT_{name}__TOKEN。"),
    "up_no_card": (
        "There is no graphics card here (nvidia-smi shows none); start it without “--workers gpus”.",
        "這裡沒有顯示卡（nvidia-smi 沒有列出任何一張）；請不要加「--workers gpus」。",
    ),
    "up_elsewhere": ("it is not asked for (--only).", "沒有要求啟動（--only）。"),
    "up_again": (
        "{service} ended with status {status}; it starts again in {seconds:g} s.",
        "{service} 結束了（狀態 {status}），{seconds:g} 秒後重新啟動。",
    ),
    "up_given_up": (
        "{service} ended {times} times in a row right after its start; see its lines above. The others go on without it.",
        "{service} 連續 {times} 次一啟動就結束，原因請看上面的訊息。其他服務會繼續運作。",
    ),
    "up_nothing_left": ("Nothing is left running.", "已經沒有任何服務在執行。"),
    "up_stopping": (
        "Stopping: the photo at work is finished first. Ctrl-C again stops at once; what was begun is taken up at the next start.",
        "正在停止：會先完成手上的照片。再按一次 Ctrl-C 立刻停止，未完成的下次啟動會繼續。",
    ),
    "up_stopped": ("Stopped.", "已停止。"),
}
