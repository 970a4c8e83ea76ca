"""The two parts of the form that Gradio does not have as we need them.

They are changed instances and no subclasses: for every subclass Gradio writes a ``.pyi`` beside our source.
"""

from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.data_classes import ImageData

from ..texts import Language, say

__all__ = ["Upload", "box_picker", "photo_field"]

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that somebody sent, as it lies on this disk, and what they call it."""

    path: Path
    name: str


def photo_field(language: Language) -> gr.Image:
    """Gradio's picture field, which hands over an ``Upload`` instead of opening it: only the pipeline's gate decodes pictures."""
    field = gr.Image(
        sources=["upload", "webcam", "clipboard"],
        type="filepath",
        label=say("web_photo", language),
        show_label=False,
        placeholder=say("web_drop", language),
        buttons=[],
        height="22rem",
        elem_id="rs-photo",
    )
    vars(field)["preprocess"] = _unopened
    return field


def _unopened(payload: ImageData | None) -> Upload | None:
    # Gradio has made sure that the path leads to where it puts what people send.
    if payload is None or payload.path is None:
        return None
    path = Path(payload.path)
    return Upload(path=path, name=Path(payload.orig_name or path.name).stem)


def box_picker(language: Language) -> gr.HTML:
    """The photo once more, to draw a box on it. Its value: ``{"src": ADDRESS, "box": [left, top, width, height] or None}``."""
    hints = {"empty": "web_box_needs_photo", "broken": "web_box_no_picture", "picture": "web_box_hint"}
    words = "".join(f'<p class="rs-soft rs-when-{state}">{say(code, language)}</p>' for state, code in hints.items())
    canvas = '<div class="rs-canvas"><img alt=""><span class="rs-frame" hidden></span></div>'
    return gr.HTML(
        {"src": "", "box": None},
        html_template=f'{words}{canvas}<button type="button" hidden>{say("web_box_clear", language)}</button>',
        js_on_load=(_FOLDER / "box.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_classes="rs-box",
        elem_id="rs-box",
    )
