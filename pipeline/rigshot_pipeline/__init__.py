"""What happens to a photo: the stages from a picture to a rigged, moving 3D model."""

from importlib.metadata import version

__all__ = ["__version__"]

__version__ = version("rigshot-pipeline")
