"""enhance: more pixels, made by a network in tiles.

Swin2SR (Conde et al., 2022) trained on real photos' blur, noise and JPEG blocks, or Real-ESRGAN (Wang et al., 2021). Both enlarge four
times; twice is four times halved, which also takes the edge off what a network invents.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from PIL import Image

from .places import weights_folder
from .residency import Loaded, Shelf, first_that_fits
from .tiling import Weave, tiles_of
from .wishes import Pixels

__all__ = ["TILES", "enlarge", "load_realesrgan", "load_swin2sr"]

FACTOR = 4
TILES = (384, 192, 96)
"""Sides of a tile in pixels of the small picture, tried from the largest when memory runs out."""
OVERLAP = 24
"""Of neighbouring tiles: three of Swin2SR's windows of 8, beyond which a pixel hardly counts."""
_WINDOW = 8
_WORK = 3 << 30
"""Bytes that a tile of 384 may need: attention of 2304 windows and features of 1536 squared at 64 channels, twice."""

Progress = Callable[[float], None]


def load_swin2sr() -> Loaded:
    """Swin2SR from its folder as on the hub."""
    from transformers import Swin2SRForImageSuperResolution

    model = Swin2SRForImageSuperResolution.from_pretrained(weights_folder("swin2sr"), local_files_only=True, dtype=torch.float32)
    if model.config.upscale != FACTOR:
        raise ValueError(f"the weights swin2sr enlarge {model.config.upscale} times, not {FACTOR}")
    model.eval()
    return Loaded(value=lambda batch: model(pixel_values=batch).reconstruction, modules=(model,), work=_WORK)


def load_realesrgan() -> Loaded:
    """Real-ESRGAN by spandrel, which knows the architecture by the names of the weights."""
    from spandrel import ImageModelDescriptor, ModelLoader

    found = ModelLoader(device="cpu").load_from_file(weights_folder("realesrgan") / "RealESRGAN_x4plus.safetensors")
    if not isinstance(found, ImageModelDescriptor) or found.scale != FACTOR or (found.input_channels, found.output_channels) != (3, 3):
        raise ValueError(f"the weights realesrgan are no model that enlarges colours {FACTOR} times")
    found.model.eval()
    return Loaded(value=found.model, modules=(found.model,), work=_WORK)


LOADERS: dict[str, Callable[[], Loaded]] = {"swin2sr": load_swin2sr, "realesrgan": load_realesrgan}


def enlarge(shelf: Shelf, picture: Pixels, *, scale: int, model: str, progress: Progress, tiles: tuple[int, ...] = TILES) -> Pixels:
    """The picture (H, W, 3) or (H, W, 4) ``scale`` (2 or 4) times as large. An alpha channel is enlarged by interpolation: a network
    for colours would invent edges in it. Smaller tiles are tried where memory does not do."""
    colours = np.ascontiguousarray(picture[..., :3])
    with shelf.use(model, LOADERS[model]) as network:
        sides = dict.fromkeys(min(side, max(colours.shape[:2])) for side in tiles)
        attempts = [partial(_woven, network, colours, shelf.device, side, progress) for side in sides]
        made = first_that_fits(attempts, between=shelf.clear)
    size = (picture.shape[1] * scale, picture.shape[0] * scale)
    large = made if scale == FACTOR else np.asarray(Image.fromarray(made).resize(size, Image.Resampling.BOX))
    if picture.shape[2] == 3:
        return large
    alpha = np.asarray(Image.fromarray(picture[..., 3]).resize(size, Image.Resampling.BICUBIC))
    return np.dstack([large, alpha])


@torch.inference_mode()
def _woven(network: Callable[[torch.Tensor], Any], colours: Pixels, device: torch.device, side: int, progress: Progress) -> Pixels:
    height, width = colours.shape[:2]
    overlap = min(OVERLAP, side - 1)  # one tile alone may be smaller than what tiles share
    weave = Weave(height, width, scale=FACTOR, overlap=overlap)
    tiles = list(tiles_of(height, width, tile=side, overlap=overlap))
    for number, tile in enumerate(tiles):
        progress(number / len(tiles))
        part = colours[tile.rows, tile.columns].astype(np.float32) / 255
        padding = [(0, -length % _WINDOW) for length in part.shape[:2]]
        batch = torch.from_numpy(np.pad(part, [*padding, (0, 0)], mode="symmetric").transpose(2, 0, 1)[None].copy()).to(device)
        made = network(batch)[0, :, : tile.height * FACTOR, : tile.width * FACTOR]
        weave.lay(tile, made.float().permute(1, 2, 0).cpu().numpy())
    return (np.clip(weave.picture(), 0, 1) * 255 + 0.5).astype(np.uint8)
