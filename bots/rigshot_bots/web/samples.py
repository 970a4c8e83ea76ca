"""The gallery: pictures that anybody may use, and the films of the models they became. ``scripts/web_gallery.py`` makes them."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["GALLERY", "SAMPLES", "Sample"]

GALLERY = Path(__file__).parent / "gallery"


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A picture of the gallery with its film and the film's still, as names of files."""

    name: str
    photo: str
    pixels: bool = False

    @property
    def film(self) -> str:
        """The turntable of the model."""
        return f"{self.name}.mp4"

    @property
    def still(self) -> str:
        """A picture of the model."""
        return f"{self.name}.webp"


SAMPLES = (
    Sample(name="dog_in_the_park", photo="dog_in_the_park.jpg"),
    Sample(name="teddy_on_the_lawn", photo="teddy_on_the_lawn.jpg"),
    Sample(name="cat_on_the_sofa", photo="cat_on_the_sofa.jpg"),
    Sample(name="drawing", photo="drawing.jpg"),
    Sample(name="sprite", photo="sprite.png", pixels=True),
)
