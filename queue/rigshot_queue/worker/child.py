"""``python -m rigshot_queue.worker.child PARENT PLAN MEMORY_MB``: the warm process in which photos go through the pipeline.

The only place of this room that imports the pipeline. A line of JSON on standard input is an order, lines of JSON on standard
output are what becomes of it: ``ready``, ``stage`` for every step, and ``made``, ``failed`` or ``cancelled`` at the end. The line
``{"cancel": true}`` gives the last order up: at the next step of its stage the process is free again, warm and with its engines. Logs go
to standard error. It dies with its parent, however that ends.
"""

import ctypes
import importlib
import json
import logging
import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from rigshot_pipeline import wording
from rigshot_pipeline.delivery import safe_stem
from rigshot_pipeline.errors import Cancelled, ErrorKind, RigshotError
from rigshot_pipeline.offers import engines_on_offer
from rigshot_pipeline.options import Box, Options
from rigshot_pipeline.redrawn import comparison, pose_of
from rigshot_pipeline.run import Event, Record, run_job
from rigshot_pipeline.stage import Stage

from .products import products

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
_LOG = logging.getLogger("rigshot.pipeline")


def main(parent: int, plan: Sequence[Stage]) -> int:
    """Carry out orders until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)  # whatever a library prints is a log and no answer
    _say(answers, ready=[stage.name for stage in plan], engines=_engines(plan))
    orders: queue.Queue[_Order | None] = queue.Queue()
    threading.Thread(target=_listen, args=(orders,), name="listen", daemon=True).start()
    while (order := orders.get()) is not None:
        _carry_out(order, answers, plan, parent)
    return 0


@dataclass(frozen=True)
class _Order:
    words: Mapping[str, Any]
    given_up: threading.Event


def _listen(orders: "queue.Queue[_Order | None]") -> None:
    """Take orders in while another one is carried out, and hear that it is given up."""
    last = threading.Event()
    for line in sys.stdin:
        words = json.loads(line)
        if "cancel" in words:
            last.set()
        else:
            last = threading.Event()
            orders.put(_Order(words, last))
    orders.put(None)


def _carry_out(given: _Order, answers: TextIO, plan: Sequence[Stage], parent: int) -> None:
    order = given.words
    source, folder = order["source"], Path(order["folder"])
    try:
        options = _options(order["wishes"], safe_stem(Path(order["title"]).stem))
        run_job(
            Path(source) if source else None,
            folder,
            options=options,
            watch=lambda event: _say(answers, stage=_event(event)),
            cancelled=lambda: given.given_up.is_set() or os.getppid() != parent,
            redo=order["redo"],
            plan=plan,
        )
        made: dict[str, Any] = products(folder, options.name, order["language"]) | {"pose": pose_of(folder, options)}
        if (picture := comparison(folder)) is not None:
            made["files"].append({"kind": picture.name, "path": str(picture), "name": f"{options.name}_{picture.name}"})
        _say(answers, made=made, engines=_engines(plan))
    except RigshotError as error:
        if "log" in error.values:
            _LOG.error("%s", Path(str(error.values["log"])).read_text(encoding="utf-8"))
        _say(answers, failed={"kind": _kind(error), "code": error.code, "sentences": _sentences(error.code, error.values)})
    except Cancelled:
        _say(answers, cancelled=True)
    except Exception:  # the parent answers for it with a sentence, and this process lives on
        _LOG.exception("a job broke outside its stages")
        _say(answers, failed={"kind": "internal", "code": "internal", "sentences": {}})


def _engines(plan: Sequence[Stage]) -> list[dict[str, Any]]:
    return [asdict(offer) for offer in engines_on_offer([stage.name for stage in plan])]


def _options(wishes: dict[str, Any], name: str) -> Options:
    box = wishes.pop("box")
    frame = Box(**dict(zip(("left", "top", "width", "height"), box, strict=True))) if box else None
    formats = tuple(wishes.pop("formats"))
    repose = wishes.pop("repose") == "always"
    return Options(**wishes, formats=formats, repose=repose, box=frame, name=name)


def _event(event: Event) -> dict[str, Any]:
    return {"name": event.stage, "what": event.what, "fraction": event.fraction} | (_facts(event.record) if event.record else {})


def _facts(record: Record) -> dict[str, Any]:
    said = [{"code": advice.code, "level": advice.level, "sentences": _sentences(advice.code, advice.values)} for advice in record.advice]
    return {"seconds": record.seconds, "engine": record.engine, "advice": said}


def _kind(error: RigshotError) -> ErrorKind:
    return "out_of_memory" if error.code == "no_memory" else error.kind


def _sentences(code: str, values: Mapping[str, object]) -> dict[str, str]:
    return {language: wording.sentence(code, values, language) for language in wording.LANGUAGES}


def _say(answers: TextIO, **words: Any) -> None:
    answers.write(json.dumps(words, ensure_ascii=False) + "\n")


def _confine(parent: int, memory_mb: int) -> None:
    """Private memory is limited, not address space: libraries map far more than they touch.

    Only the soft limit: engines' workers, which this process starts, may have more (``rigshot_pipeline.engines``).
    """
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 2**20, most))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the worker that started this process is gone")


def _load_plan(name: str) -> Sequence[Stage]:
    module, _, attribute = name.partition(":")
    plan: Sequence[Stage] = getattr(importlib.import_module(module), attribute)
    return plan


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    _confine(int(sys.argv[1]), int(sys.argv[3]))
    sys.exit(main(int(sys.argv[1]), _load_plan(sys.argv[2])))
