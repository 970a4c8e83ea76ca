"""An asset's albedo as the bytes of a picture file."""

import io
from dataclasses import dataclass
from typing import Literal

import cv2
from PIL import Image

from ..asset import Pixels

__all__ = ["EncodedTexture", "encode_png", "encode_texture"]

_JPEG_QUALITY = 92
"""Below, blocks show on plain fur; above, files grow by half for nothing that is seen."""

_WORTH = 0.6
"""JPEG must shrink the PNG to this share; flat drawings stay lossless, for JPEG would smear their edges to save little."""

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 2, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH)
"""One filter for all rows and a low level: half the time of trying all filters, for 3 % more bytes on a photo's atlas."""


@dataclass(frozen=True, kw_only=True)
class EncodedTexture:
    """The bytes of a PNG or JPEG file."""

    data: bytes
    mime: Literal["image/png", "image/jpeg"]

    @property
    def suffix(self) -> str:
        """The file's suffix, with its dot."""
        return ".png" if self.mime == "image/png" else ".jpg"


def encode_texture(albedo: Pixels, *, lossless: bool, png: EncodedTexture | None = None) -> EncodedTexture:
    """``albedo`` (H, W, 3) sRGB as JPEG where that is much smaller, otherwise (and if ``lossless``) as PNG.

    ``png`` is the albedo as PNG if it is encoded already.
    """
    png = png or encode_png(albedo)
    if not lossless:
        jpeg = io.BytesIO()
        # 4:4:4, since halved colour would bleed across the borders of the atlas's charts
        Image.fromarray(albedo).save(jpeg, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
        if len(jpeg.getvalue()) < _WORTH * len(png.data):
            return EncodedTexture(data=jpeg.getvalue(), mime="image/jpeg")
    return png


def encode_png(albedo: Pixels) -> EncodedTexture:
    """``albedo`` (H, W, 3) sRGB, without loss."""
    _, data = cv2.imencode(".png", cv2.cvtColor(albedo, cv2.COLOR_RGB2BGR), _PNG)
    return EncodedTexture(data=data.tobytes(), mime="image/png")
