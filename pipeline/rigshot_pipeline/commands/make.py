"""``rigshot make``: photos in, rigged and moving models out."""

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from .. import wording
from ..errors import RigshotError
from ..options import FORMATS, Box, Options
from ..stage import StageName
from ..terms import BODY_PLANS, VIEWS
from .command import Command

if TYPE_CHECKING:
    from ..run import Event, Record
    from .console import Console

__all__ = ["COMMAND"]

DONE, FAILED, REFUSED = 0, 1, 3  # 2 is argparse's own for a command line that makes no sense
PICTURES = frozenset({".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"Exit status: {DONE} all made, {FAILED} a stage broke, 2 wrong usage, {REFUSED} a photo was refused, 130 stopped."
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="a picture, or a folder of pictures")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the results go (default: out)")
    parser.add_argument(
        "--engine",
        default="auto",
        metavar="NAME",
        help="auto (the best that is installed), embedded, or the name of one (rigshot envs list)",
    )
    parser.add_argument(
        "--repose",
        action="store_true",
        help="let an engine redraw a subject that sits, lies or is cut off as standing (before and after are kept)",
    )
    parser.add_argument("--subject", choices=("auto", *BODY_PLANS), default="auto", help="the body plan")
    parser.add_argument("--view", choices=("auto", *VIEWS), default="auto", help="from where the photo shows the subject")
    parser.add_argument("--box", type=_box, metavar="X,Y,W,H", help="a rectangle around the subject, in the photo's pixels")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="a picture of the photo's size, white where the subject is")
    parser.add_argument("--turn", type=_turn, default="auto", metavar="DEGREES", help="turn the photo clockwise (0: leave it as it is)")
    parser.add_argument("--clip", default="auto", metavar="NAME", help="the clip that the preview plays (walk, idle, ...)")
    parser.add_argument("--formats", type=_formats, default=FORMATS, metavar="LIST", help="which files to write (default: glb,fbx,obj)")
    parser.add_argument("--redo", choices=get_args(StageName), metavar="STAGE", help="do this stage and all after it again")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another guess at what the photo does not show")
    parser.add_argument("--language", choices=wording.LANGUAGES, default="en", help="the language of sentences")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each photo on standard output")


def _run(arguments: argparse.Namespace) -> int:
    # The stages bring their numeric libraries: a second that --help need not wait for.
    from ..delivery import claim_folder
    from ..run import run_job
    from .console import Console

    status = DONE
    console = Console(sys.stderr if arguments.json else sys.stdout, arguments.language)
    photos = list(_photos(arguments.photos))
    if not photos:
        console.say(wording.sentence("no_pictures", {"place": ", ".join(map(str, arguments.photos))}, arguments.language))
        return REFUSED
    for photo in photos:
        folder = claim_folder(arguments.out, photo)
        options = _options(arguments, folder.name)

        def job(watch: Callable[["Event"], None], photo: Path = photo, folder: Path = folder, options: Options = options) -> Any:
            return run_job(photo, folder / "stages", options=options, watch=watch, redo=arguments.redo)

        result = _make(photo, folder, job, console)
        if arguments.json:
            print(json.dumps(result.words(arguments.language), ensure_ascii=False), flush=True)
        status = max(status, result.status)
    return status


@dataclass(frozen=True, kw_only=True)
class _Result:
    photo: Path
    status: int
    files: dict[str, Path]
    records: "tuple[Record, ...]" = ()
    error: RigshotError | None = None

    def words(self, language: wording.Language) -> dict[str, Any]:
        return {
            "photo": str(self.photo),
            "status": {DONE: "done", FAILED: "failed", REFUSED: "refused"}[self.status],
            "files": {kind: str(path) for kind, path in self.files.items()},
            "error": self.error and {"code": self.error.code, "sentence": wording.sentence(self.error.code, self.error.values, language)},
            "stages": {record.stage: _without_hashes(record) for record in self.records},
        }


def _without_hashes(record: "Record") -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name not in ("stage", "key", "inputs", "outputs", "options")}


def _make(photo: Path, folder: Path, job: "Callable[[Callable[[Event], None]], tuple[Record, ...]]", console: "Console") -> _Result:
    from ..delivery import deliver, give_back

    with console.photo(photo) as board:
        try:
            records = job(board.hear)
        except RigshotError as error:
            board.give_up(error)
            give_back(folder)
            status = REFUSED if error.kind == "bad_input" else FAILED
            return _Result(photo=photo, status=status, files={}, error=error)
        files = deliver(folder)
        board.finish(folder, files)
        return _Result(photo=photo, status=DONE, files=files, records=records)


def _photos(places: Iterable[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from sorted(file for file in place.iterdir() if file.suffix.lower() in PICTURES and not file.name.startswith("."))
        else:
            yield place


def _options(arguments: argparse.Namespace, name: str) -> Options:
    wishes = ("subject", "view", "box", "mask", "turn", "clip", "formats", "seed", "engine", "repose")
    return Options(name=name, **{wish: getattr(arguments, wish) for wish in wishes})


def _box(text: str) -> Box:
    try:
        left, top, width, height = (int(number) for number in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not four whole numbers such as 120,80,400,300") from None
    return Box(left=left, top=top, width=width, height=height)


def _turn(text: str) -> int | str:
    if text in ("auto", "0", "90", "180", "270"):
        return text if text == "auto" else int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not one of auto, 0, 90, 180, 270")


def _formats(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.lower().split(",")))
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: there are {', '.join(FORMATS)}")
    return tuple(name for name in FORMATS if name in chosen)


COMMAND = Command(help="turn photos into rigged, moving 3D models", configure=_configure, run=_run)
