"""Any of Pillow's modes to 8-bit sRGB or sRGB with alpha. Runs in the decoding child."""

import io
from typing import Any

from PIL import Image

__all__ = ["is_blank", "is_clear", "shrink", "to_srgb"]

_OPAQUE = 250
"""An alpha channel that never goes below this is an encoder's rounding, not a cutout."""
_CLEAR = 8
"""Alpha up to this is invisible."""
_SAME = 8
"""The largest spread of a channel that still is one colour: JPEG noise on a blank sheet."""


def shrink(image: Image.Image, longest: int) -> Image.Image:
    """The picture with its longest side at most ``longest`` pixels, resampled with a Lanczos filter."""
    if max(image.size) <= longest:
        return image
    if image.mode in ("1", "P", "PA"):
        image = _unpacked(image)
    factor = longest / max(image.size)
    size = (max(round(image.width * factor), 1), max(round(image.height * factor), 1))
    profile = image.info.get("icc_profile")
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    image.info["icc_profile"] = profile
    return image


def to_srgb(image: Image.Image) -> Image.Image:
    """The picture as RGB, or as RGBA where some pixel is not opaque; colours brought to sRGB where a profile tells how."""
    profile = image.info.get("icc_profile")
    image = _unpacked(_eight_bit(image))
    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA") else None
    if alpha is not None and _extrema(alpha)[0][0] >= _OPAQUE:
        alpha = None
    colours = _colours(image.convert("L" if image.mode == "LA" else "RGB") if "A" in image.mode[1:] else image, profile)
    if alpha is not None:
        colours.putalpha(alpha)
    return colours


def is_clear(image: Image.Image) -> bool:
    """Whether nothing of an RGB or RGBA picture can be seen."""
    return image.mode == "RGBA" and _extrema(image.getchannel("A"))[0][1] <= _CLEAR


def is_blank(image: Image.Image) -> bool:
    """Whether an RGB picture is of one colour. A figure of one colour on a transparent ground is not blank."""
    return image.mode == "RGB" and all(high - low <= _SAME for low, high in _extrema(image))


def _eight_bit(image: Image.Image) -> Image.Image:
    """16-bit, 32-bit and float greys as 8-bit grey; ``convert`` alone would clip them."""
    if not image.mode.startswith(("I", "F")):
        return image
    if image.mode.startswith("I;"):
        image = image.convert("I")
    high = _extrema(image)[0][1]
    if image.mode == "F" and high <= 1:
        scale = 255.0
    elif high <= 255:
        scale = 1.0
    else:
        scale = 1 / 257 if high <= 65535 else 255 / high
    return image.point(lambda value: value * scale + 0).convert("L")


def _unpacked(image: Image.Image) -> Image.Image:
    """Palettes looked up, bits widened, a transparent colour turned into an alpha channel, premultiplied colours divided."""
    if image.mode in ("RGBA", "LA"):
        return image
    if image.mode in ("PA", "RGBa", "La") or image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert({"1": "L", "P": "RGB", "RGBX": "RGB"}.get(image.mode, image.mode))


def _colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB from L, RGB, CMYK, YCbCr, LAB or HSV, through its profile where it has one that fits."""
    if profile or image.mode == "LAB":
        try:
            return _through_profile(image, profile)
        except Exception:  # littlecms raises whatever a damaged profile makes it raise; the colours as they are will do
            if image.mode == "LAB":
                raise
    return image.convert("RGB")


def _through_profile(image: Image.Image, profile: bytes | None) -> Image.Image:
    from PIL import ImageCms  # most pictures have no profile: spare them the import

    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        source: Any = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    else:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile or b""))
        space = source.profile.xcolor_space.strip()
        if {"RGB": "RGB", "CMYK": "CMYK", "L": "GRAY"}.get(image.mode) != space:
            return image.convert("RGB")
        if "sRGB" in (source.profile.profile_description or ""):
            return image.convert("RGB")
    converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
    return converted if converted is not None else image.convert("RGB")


def _extrema(image: Image.Image) -> list[tuple[float, float]]:
    found: Any = image.getextrema()  # one pair for one band, a tuple of pairs for several
    return [found] if len(image.getbands()) == 1 else list(found)
