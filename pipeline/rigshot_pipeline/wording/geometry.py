"""What the stage geometry says: code -> (English, Traditional Chinese)."""

TEXTS: dict[str, tuple[str, str]] = {
    "geometry_doubtful": (
        "The outline looks most like a {plan} seen from “{view}”, but that is not certain. If it is wrong, set --subject and --view.",
        "從輪廓看最像「{plan}」，視角為「{view}」，但不太確定。若不對，請用 --subject 和 --view 指定。",
    ),
}
