"""The page itself: which parts it has, and which of the desk's answers each click brings."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rigshot_queue import FORMATS, REPOSES, SUBJECTS, VIEWS, EngineSeen

from ..panels import ENGINES, redraws
from ..results import clip_name
from ..texts import LANGUAGES, Language, codes, say
from .desk import Again, Desk, Wanted
from .form import Upload, box_picker, photo_field
from .pieces import Pieces
from .samples import SAMPLES
from .shown import Shown
from .telling import GALLERY_PATH

__all__ = ["UPLOADS_KEPT", "Page"]

UPLOADS_KEPT = 1800
"""Seconds for which a photo lies here after it was put on the page, in case of a second click."""
_SWEEP_EVERY = 300
_FOLDER = Path(__file__).parent
# Every call is short and asynchronous, so none needs Gradio's own queue (the line of photos is ours), and none is an API.
_QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}

_TRIES = 3
_CAMERA = (50, 75, None)  # degrees around and from above, as Babylon counts: half from the front; the distance is the view's own choice

Update = dict[Any, Any]


class Page:
    """The page in one language; ``blocks`` is what Gradio serves."""

    def __init__(self, desk: Desk, language: Language, *, days: float) -> None:
        self._desk = desk
        self._language: Language = language
        self._pieces = Pieces(language)
        with gr.Blocks(title=self._say("web_title"), analytics_enabled=False, delete_cache=(_SWEEP_EVERY, UPLOADS_KEPT)) as self.blocks:
            self._job = gr.Textbox(visible="hidden", elem_id="rs-job")
            self._glb = gr.Textbox(visible="hidden", elem_id="rs-glb")
            self._timer = gr.Timer(active=False)
            other = next(each for each in LANGUAGES if each != language)
            _html(self._pieces("header", other=self._say("web_other_language"), other_path=other), elem_id="rs-top")
            with gr.Row(elem_id="rs-desk"):
                with gr.Column(elem_id="rs-give", min_width=280):
                    self._build_form()
                with gr.Column(elem_id="rs-get", min_width=280):
                    self._notice = _html(visible=False, elem_id="rs-notice")
                    self._build_panel()
            self._mine = _html(visible=False, elem_id="rs-mine")
            samples = self._pieces("samples", all=SAMPLES, place=GALLERY_PATH)
            self._samples = _html(samples, js_on_load=_script("samples.js"), elem_id="rs-samples")
            self._build_foot(days)
            self._connect()

    def _say(self, code: str, **values: object) -> str:
        return say(code, self._language, **values)

    # --- parts ------------------------------------------------------------------------------------------------------

    def _build_form(self) -> None:
        self._photo = photo_field(self._language)
        _html(self._pieces("soft", text=self._say("web_unseen")), elem_id="rs-unseen")
        self._make = gr.Button(self._say("web_make"), variant="primary", size="lg", elem_id="rs-make")
        _html(self._pieces("soft", text=self._say("web_best")), elem_id="rs-best")
        with gr.Accordion(self._say("web_more"), open=False, elem_id="rs-more"):
            _html(self._pieces("heading", text=self._say("web_box")))
            self._box = box_picker(self._language)
            self._subject = self._choice("web_subject", [(self._say(f"plan_{word}"), word) for word in SUBJECTS])
            self._view = self._choice("web_view", [(self._say(f"web_view_{word}"), word) for word in VIEWS])
            clips = [code.removeprefix("clip_") for code in codes() if code.startswith("clip_")]
            self._clip = self._choice(
                "web_clip", [(self._say("web_clip_auto"), "auto"), *((clip_name(clip, self._language), clip) for clip in clips)]
            )
            self._engine = _unchecked(self._choice("web_engine", self._engines(()), visible=False))
            repose = [(self._say(f"settings_repose_{word}"), word) for word in REPOSES]
            self._repose = self._choice("web_repose", repose, info=self._say("web_repose_hint"), visible=False)
            self._formats = gr.CheckboxGroup(
                [(word.upper(), word) for word in FORMATS], value=["glb", "fbx"], label=self._say("web_formats"), elem_id="rs-formats"
            )
            self._seed = gr.Number(0, label=self._say("web_seed"), info=self._say("web_seed_hint"), elem_id="rs-seed")

    def _choice(self, code: str, choices: list[tuple[str, str]], **wishes: Any) -> gr.Dropdown:
        place = code.replace("web_", "rs-")
        return gr.Dropdown(choices, value=choices[0][1], label=self._say(code), filterable=False, elem_id=place, **wishes)

    def _engines(self, engines: Sequence[EngineSeen]) -> list[tuple[str, str]]:
        """What there is to choose from, as a person reads it and as it is called."""
        return [*((self._say(f"settings_engine_{name}"), name) for name in ENGINES), *((engine.title, engine.name) for engine in engines)]

    def _build_panel(self) -> None:
        self._html = _html(elem_id="rs-state")
        self._stop = gr.Button(self._say("web_stop"), visible=False, size="sm", elem_id="rs-stop")
        self._repeat = gr.Button(self._say("web_try_again"), visible=False, size="sm", elem_id="rs-repeat")
        with gr.Column(visible=False, elem_id="rs-result") as self._result:
            self._headline = _html(elem_id="rs-headline")
            with gr.Tabs(elem_id="rs-views", selected="film") as self._tabs:
                with gr.Tab(self._say("web_tab_film"), id="film"):
                    self._film = _html(elem_id="rs-film")
                with gr.Tab(self._say("web_tab_model"), id="model") as self._model_tab:
                    self._model = gr.Model3D(
                        interactive=False, show_label=False, container=False, camera_position=_CAMERA, height="30rem", elem_id="rs-model"
                    )
                    self._under_model = _html()
                with gr.Tab(self._say("web_tab_steps"), id="steps"):
                    self._steps = _html(elem_id="rs-steps")
            with gr.Column(visible=False, elem_id="rs-pose") as self._pose:
                self._posed = _html()
                self._as_it_is = gr.Button(self._say("button_as_it_is"), size="sm", elem_id="rs-as-it-is")
                self._redraw = gr.Button(self._say("button_redraw"), size="sm", elem_id="rs-redraw")
            self._downloads = _html(elem_id="rs-downloads")
            self._advice = _html(elem_id="rs-advice")
            _html(self._pieces("heading", text=self._say("web_again")))
            self._clips = gr.Radio([], label=self._say("web_another_clip"), elem_id="rs-clips")
            with gr.Row(elem_id="rs-again"):
                self._guess = gr.Button(self._say("web_another_guess"), size="sm", elem_id="rs-guess")
                self._rig = gr.Button(self._say("web_another_rig"), size="sm", elem_id="rs-rig")
            _html(self._pieces("soft", text=self._say("web_another_hint")))

    def _build_foot(self, days: float) -> None:
        with gr.Column(elem_id="rs-foot"):
            _html(self._pieces("privacy", days=f"{days:g}"))
            self._wipe = gr.Button(self._say("web_wipe"), size="sm", elem_id="rs-wipe")
            with gr.Column(visible=False, elem_id="rs-sure") as self._sure:
                _html(self._pieces("soft", text=self._say("web_wipe_ask")))
                with gr.Row():
                    self._wipe_yes = gr.Button(self._say("wipe_sure"), variant="stop", size="sm", elem_id="rs-wipe-yes")
                    self._wipe_no = gr.Button(self._say("wipe_keep"), size="sm", elem_id="rs-wipe-no")

    # --- clicks -----------------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        form = [self._photo, self._box, self._subject, self._view, self._clip, self._engine, self._repose, self._formats, self._seed]
        self.blocks.load(self._on_load, self._job, self._answers, js="() => [rigshot.job()]", **_QUIET)
        self._job.change(None, self._job, None, js="(job) => rigshot.remember(job)", **_QUIET)
        self._photo.change(None, self._photo, self._box, js="(photo) => ({src: photo?.url || '', box: null})", **_QUIET)
        self._timer.tick(self._on_job(self._desk.look), self._job, self._answers, **_QUIET)
        self._make.click(self._on_make, form, self._answers, **_QUIET)
        self._samples.pick(self._on_sample, None, self._answers, **_QUIET)
        self._connect_view()
        self._stop.click(self._on_job(self._desk.stop), self._job, self._answers, **_QUIET)
        wishes = {self._repeat: Again(), self._guess: Again(guess=True), self._rig: Again(rig=True)}
        wishes |= {self._as_it_is: Again(repose="never"), self._redraw: Again(repose="always")}
        for button, wish in wishes.items():
            button.click(self._on_again(wish), self._job, self._answers, **_QUIET)
        self._clips.input(self._on_clip, [self._job, self._clips], self._answers, **_QUIET)
        self._wipe.click(lambda: (gr.Button(visible=False), gr.Column(visible=True)), None, [self._wipe, self._sure], **_QUIET)
        self._wipe_no.click(lambda: (gr.Button(visible=True), gr.Column(visible=False)), None, [self._wipe, self._sure], **_QUIET)
        self._wipe_yes.click(self._on_wipe, None, [*self._answers, self._wipe, self._sure, self._photo], **_QUIET)

    def _connect_view(self) -> None:
        """Show the model in 3D when its tab is opened for the first time.

        Gradio's view loses a model that comes while the view's own scripts are still loading; then it is given the model again.
        """
        step = self._model_tab.select(None, self._model, self._model, js="(shown) => rigshot.shows() ? shown : null", **_QUIET)
        for _ in range(_TRIES):
            step = step.then(None, [self._glb, self._model], self._model, js="(path, shown) => shown ?? rigshot.model(path)", **_QUIET)
            step = step.then(None, self._model, self._model, js="async (shown) => (await rigshot.stands()) ? shown : null", **_QUIET)

    @property
    def _answers(self) -> list[Any]:
        around = [self._job, self._timer, self._notice, self._mine, self._html, self._stop, self._repeat, self._result, self._tabs]
        told = [self._headline, self._film, self._under_model, self._steps, self._downloads, self._advice]
        pose = [self._pose, self._posed, self._as_it_is, self._redraw, self._engine, self._repose]
        return [*around, *told, *pose, self._glb, self._model, self._clips]

    async def _on_load(self, job: str, request: gr.Request) -> Update:
        return self._update(await self._desk.arrive(_person(request), job))

    async def _on_make(  # one argument for each field of the form
        self,
        photo: Upload | None,
        box: Any,
        subject: str,
        view: str,
        clip: str,
        engine: str,
        repose: str,
        formats: list[str],
        seed: float | None,
        request: gr.Request,
    ) -> Update:
        wanted = Wanted(
            photo=photo.path if photo else None,
            title=photo.name if photo else "",
            box=box.get("box") if isinstance(box, dict) else None,
            subject=subject,
            view=view,
            clip=clip,
            formats=tuple(formats),
            seed=seed,
            engine=engine,
            repose=repose,
        )
        return self._update(await self._desk.make(_person(request), wanted, known=_known(request)))

    async def _on_sample(self, request: gr.Request, event: gr.EventData) -> Update:
        return self._update(await self._desk.sample(_person(request), str(event.name), known=_known(request)))

    async def _on_clip(self, job: str, clip: str, request: gr.Request) -> Update:
        return self._update(await self._desk.again(_person(request), job, Again(clip=clip)))

    async def _on_wipe(self, request: gr.Request) -> Update:
        update = self._update(await self._desk.wipe(_person(request)))
        return {**update, self._wipe: gr.Button(visible=True), self._sure: gr.Column(visible=False), self._photo: None}

    def _on_job(self, act: Callable[[str, str], Awaitable[Shown]]) -> Callable[..., Awaitable[Update]]:
        async def handle(job: str, request: gr.Request) -> Update:
            return self._update(await act(_person(request), job))

        return handle

    def _on_again(self, wish: Again) -> Callable[..., Awaitable[Update]]:
        async def handle(job: str, request: gr.Request) -> Update:
            return self._update(await self._desk.again(_person(request), job, wish))

        return handle

    # --- answers ----------------------------------------------------------------------------------------------------

    def _update(self, shown: Shown) -> Update:
        """What changes on the page; whatever is not named stays as it is."""
        notice = gr.HTML(self._pieces("notice", text=shown.notice), visible=True) if shown.notice else gr.HTML(visible=False)
        update: Update = {self._notice: notice}
        if shown.mine is not None:
            update[self._mine] = gr.HTML(shown.mine, visible=bool(shown.mine))
        if shown.engines is not None:
            update[self._engine] = gr.Dropdown(self._engines(shown.engines), visible=bool(shown.engines))
            update[self._repose] = gr.Dropdown(visible=redraws(shown.engines))
        if (panel := shown.panel) is None:
            return update
        update |= {
            self._job: panel.job,
            self._timer: gr.Timer(panel.pause, active=True) if panel.pause else gr.Timer(active=False),
            self._html: gr.HTML(panel.html, visible=bool(panel.html)),
            self._stop: gr.Button(visible=panel.stoppable),
            self._repeat: gr.Button(visible=panel.repeatable),
            self._result: gr.Column(visible=panel.result is not None),
        }
        if (result := panel.result) is not None:
            update |= {
                self._tabs: gr.Tabs(selected="film"),
                self._headline: result.headline,
                self._film: result.film,
                self._glb: result.model,
                self._model: None,
                self._under_model: result.under_model,
                self._steps: result.steps,
                self._downloads: result.downloads,
                self._advice: gr.HTML(result.advice, visible=bool(result.advice)),
                self._pose: gr.Column(visible=bool(result.pose)),
                self._posed: result.pose,
                self._as_it_is: gr.Button(visible=result.redrawn),
                self._redraw: gr.Button(visible=result.redrawable),
                self._clips: gr.Radio(list(result.clips), value=None, visible=len(result.clips) > 1),
            }
        return update


def _unchecked(field: gr.Dropdown) -> gr.Dropdown:
    """Gradio knows the choices with which the page was built, the desk those of the workers that are alive: it decides."""
    vars(field)["preprocess"] = str
    return field


def _html(value: str = "", **wishes: Any) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, **wishes)


def _script(name: str) -> str:
    return (_FOLDER / name).read_text(encoding="utf-8")


def _person(request: gr.Request) -> str:
    return str(request.request.state.person) if request.request else ""


def _known(request: gr.Request) -> bool:
    return bool(request.request and request.request.state.known)
