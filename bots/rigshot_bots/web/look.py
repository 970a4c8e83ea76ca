"""How the page looks: Gradio's theme, our styles, and what stands in the page's head."""

from pathlib import Path
from urllib.parse import quote

from gradio.themes import Base
from gradio.themes.utils import colors

__all__ = ["HEAD", "THEME"]

_FOLDER = Path(__file__).parent
_LATIN = ("system-ui", "-apple-system", "Segoe UI", "Roboto")
_CHINESE = ("PingFang TC", "Microsoft JhengHei", "Noto Sans TC", "Noto Sans CJK TC")

# In the page's head, and not given to Gradio: the page has its colours before Gradio's scripts have begun.
_STYLE, _SCRIPT, _ICON = ((_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "icon.svg"))
HEAD = f'<link rel="icon" href="data:image/svg+xml,{quote(_ICON)}"><style>{_STYLE}</style><script>{_SCRIPT}</script>'
# Light and dark take the same values: they are variables of page.css, which knows both.
_VALUES = {
    "body_background_fill": "var(--rs-page)",
    "body_text_color": "var(--rs-ink)",
    "body_text_color_subdued": "var(--rs-soft)",
    "background_fill_primary": "var(--rs-card)",
    "background_fill_secondary": "var(--rs-page)",
    "block_background_fill": "var(--rs-card)",
    "block_border_color": "var(--rs-line)",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "var(--rs-soft)",
    "block_title_text_color": "var(--rs-soft)",
    "block_info_text_color": "var(--rs-soft)",
    "border_color_primary": "var(--rs-line)",
    "border_color_accent": "var(--rs-accent)",
    "color_accent": "var(--rs-accent)",
    "color_accent_soft": "var(--rs-wash)",
    "link_text_color": "var(--rs-accent)",
    "link_text_color_hover": "var(--rs-accent)",
    "input_background_fill": "var(--rs-card)",
    "input_border_color": "var(--rs-line)",
    "input_border_color_focus": "var(--rs-accent)",
    "button_primary_background_fill": "var(--rs-accent)",
    "button_primary_background_fill_hover": "var(--rs-accent-strong)",
    "button_primary_text_color": "var(--rs-on-accent)",
    "button_secondary_background_fill": "var(--rs-card)",
    "button_secondary_background_fill_hover": "var(--rs-wash)",
    "button_secondary_border_color": "var(--rs-line)",
    "button_secondary_text_color": "var(--rs-ink)",
    "checkbox_background_color": "var(--rs-card)",
    "checkbox_background_color_selected": "var(--rs-accent)",
    "checkbox_border_color": "var(--rs-line)",
    "checkbox_border_color_selected": "var(--rs-accent)",
    "checkbox_label_background_fill": "var(--rs-card)",
    "checkbox_label_background_fill_hover": "var(--rs-wash)",
    "checkbox_label_background_fill_selected": "var(--rs-wash)",
    "checkbox_label_border_color": "var(--rs-line)",
    "checkbox_label_text_color": "var(--rs-ink)",
    "checkbox_label_text_color_selected": "var(--rs-ink)",
}


def _theme() -> Base:
    theme = Base(
        primary_hue=colors.orange,
        neutral_hue=colors.stone,
        font=[*_LATIN, *_CHINESE, "sans-serif"],
        font_mono=["ui-monospace", "monospace"],
    )
    dark = {f"{name}_dark": value for name, value in _VALUES.items() if hasattr(theme, f"{name}_dark")}
    return theme.set(**_VALUES, **dark, block_shadow="none", block_radius="16px", button_large_radius="99px", button_small_radius="99px")


THEME = _theme()
