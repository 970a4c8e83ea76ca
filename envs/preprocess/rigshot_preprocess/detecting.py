"""detect: what subjects a picture shows, of which species, in what pose, and whether a person wants to keep such pictures out.

Boxes come from RT-DETR v2 (Lv et al., 2024; COCO's classes): fast, exact, a fixed list of labels and no text to be tricked with. Of
pets it knows cats, dogs, birds and horses; a rabbit is found as the likest of them. Its name then comes from CLIP, which compares the
cut-out box with the words of a list of species; without CLIP's weights COCO's label stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from .places import has_weights, weights_folder
from .posture import Point
from .residency import Loaded, Shelf, first_that_fits
from .species import AP10K_POINTS, COCO_POINTS, COCO_SUBJECTS, SPECIES
from .wishes import Pixels

__all__ = ["Found", "find_subjects", "gate_score", "key_points", "name_species"]

_LEAST = 0.3
"""Scores below this are mostly no subject."""
_SAME = 0.7
"""Two boxes that share more of their union are one subject under two labels: a cat that may be a dog."""
_MOST = 8
_WORK = 1 << 30

_UNWANTED = ("a sexually explicit picture", "a photo of a naked person", "a picture of blood, gore or a mutilated body")
_WANTED = ("a photo of an animal", "a photo of a dressed person", "a photo of a toy", "a drawing of an animal", "a photo of a thing")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A subject: ``box`` left, top, width, height in pixels; ``label`` COCO's; ``score`` 0..1."""

    box: tuple[float, float, float, float]
    label: str
    score: float


def find_subjects(shelf: Shelf, picture: Pixels) -> list[Found]:
    """The subjects of a picture (H, W, 3), the surest first."""
    with shelf.use("rtdetr", lambda: _load_detector(shelf.device)) as (model, processor):

        def look() -> list[dict[str, Any]]:
            inputs = processor(images=Image.fromarray(picture), return_tensors="pt").to(shelf.device)
            with torch.inference_mode():
                outputs = model(**inputs)
            return processor.post_process_object_detection(outputs, threshold=_LEAST, target_sizes=[picture.shape[:2]])

        (result,) = first_that_fits([look, look], between=shelf.clear)
        names: Mapping[int, str] = model.config.id2label
    found: list[Found] = []
    rows = zip(result["boxes"].tolist(), result["labels"].tolist(), result["scores"].tolist(), strict=True)
    for (left, top, right, bottom), label, score in sorted(rows, key=lambda row: -row[2]):
        left, right = (min(max(edge, 0.0), picture.shape[1]) for edge in (left, right))
        top, bottom = (min(max(edge, 0.0), picture.shape[0]) for edge in (top, bottom))
        box = (left, top, right - left, bottom - top)
        if names[label] in COCO_SUBJECTS and min(box[2:]) >= 2 and not any(_shared(box, other.box) > _SAME for other in found):
            found.append(Found(box=box, label=names[label], score=score))
    return found[:_MOST]


def key_points(shelf: Shelf, picture: Pixels, found: Sequence[Found]) -> list[dict[str, Point]]:
    """The key points of each subject by name, in pixels; none for a subject whose network is not here, or that has none (a bird)."""
    points: list[dict[str, Point]] = [{} for _ in found]
    for kind, names, labels in (
        ("vitpose-animal", AP10K_POINTS, COCO_SUBJECTS - {"person", "bird", "teddy bear"}),
        ("vitpose-person", COCO_POINTS, {"person"}),
    ):
        places = [place for place, subject in enumerate(found) if subject.label in labels]
        if places and has_weights(kind):
            poses = _poses(shelf, kind, picture, [found[place].box for place in places])
            for place, pose in zip(places, poses, strict=True):
                rows = zip(names, pose["keypoints"].tolist(), pose["scores"].tolist(), strict=True)
                points[place] = {name: Point(x=x, y=y, score=min(max(score, 0.0), 1.0)) for name, (x, y), score in rows}
    return points


def name_species(shelf: Shelf, picture: Pixels, found: Sequence[Found]) -> list[tuple[str, float]]:
    """For each subject the species that CLIP takes it for, and its share among all of the list; COCO's label without CLIP."""
    if not found or not has_weights("clip"):
        return [(subject.label, subject.score) for subject in found]
    names = list(SPECIES)
    crops = [_crop(picture, subject.box) for subject in found]
    shares = _shares(shelf, crops, [f"a photo of a {name}" for name in names])
    return [(names[int(row.argmax())], float(row.max())) for row in shares]


def gate_score(shelf: Shelf, picture: Pixels) -> float:
    """How much rather a picture is one of nakedness or gore than one of an animal, person or thing, 0..1, by CLIP's comparison with
    a few sentences. No trained classifier: it errs both ways, and is for an operator who wants a first sieve. Raises MissingWeights."""
    return float(_shares(shelf, [Image.fromarray(picture)], [*_UNWANTED, *_WANTED])[0, : len(_UNWANTED)].sum())


def _load_detector(device: torch.device) -> Loaded:
    from transformers import AutoImageProcessor, RTDetrV2ForObjectDetection

    del device  # full precision everywhere: boxes are to be exact, and it is small
    folder = weights_folder("rtdetr")
    model = RTDetrV2ForObjectDetection.from_pretrained(folder, local_files_only=True, dtype=torch.float32).eval()
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    return Loaded(value=(model, processor), modules=(model,), work=_WORK)


def _load_clip(device: torch.device) -> Loaded:
    from transformers import AutoImageProcessor, AutoTokenizer, CLIPModel

    folder = weights_folder("clip")
    dtype = torch.float16 if device.type == "cuda" else torch.float32
    model = CLIPModel.from_pretrained(folder, local_files_only=True, dtype=dtype).eval()
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
    return Loaded(value=(model, processor, AutoTokenizer.from_pretrained(folder, local_files_only=True)), modules=(model,), work=_WORK)


def _shares(shelf: Shelf, pictures: Sequence[Image.Image], sentences: Sequence[str]) -> Any:
    """(pictures, sentences): CLIP's likeness as a share among the sentences."""
    with shelf.use("clip", lambda: _load_clip(shelf.device)) as (model, processor, tokenizer), torch.inference_mode():
        pixels = processor(images=list(pictures), return_tensors="pt")["pixel_values"].to(shelf.device, model.dtype)
        words = tokenizer(list(sentences), padding=True, truncation=True, return_tensors="pt").to(shelf.device)
        logits = model(pixel_values=pixels, input_ids=words["input_ids"], attention_mask=words["attention_mask"]).logits_per_image
        return logits.float().softmax(-1).cpu().numpy()


def _poses(shelf: Shelf, kind: str, picture: Pixels, boxes: Sequence[tuple[float, ...]]) -> list[dict[str, torch.Tensor]]:
    from .vitpose import load_vitpose

    with shelf.use(kind, partial(load_vitpose, kind)) as (model, processor, experts):
        inputs = processor(images=Image.fromarray(picture), boxes=[[list(box) for box in boxes]], return_tensors="pt")
        pixels = inputs["pixel_values"].to(shelf.device, torch.float32)
        index = torch.zeros(len(boxes), dtype=torch.long, device=shelf.device) if experts else None
        with torch.inference_mode():
            outputs = model(pixel_values=pixels, dataset_index=index)
        outputs.heatmaps = outputs.heatmaps.float().cpu()
        (poses,) = processor.post_process_pose_estimation(outputs, boxes=[[np.array(box) for box in boxes]])
        return poses


def _crop(picture: Pixels, box: tuple[float, float, float, float]) -> Image.Image:
    left, top, width, height = (round(side) for side in box)
    return Image.fromarray(np.ascontiguousarray(picture[top : top + max(height, 1), left : left + max(width, 1)]))


def _shared(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    return both / (one[2] * one[3] + other[2] * other[3] - both)
