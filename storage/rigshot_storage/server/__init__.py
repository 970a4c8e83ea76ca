"""The HTTP server that hands out models: their pages, files and posters, behind signed links."""

from .app import CannotListen, build_app, serve

__all__ = ["CannotListen", "build_app", "serve"]
