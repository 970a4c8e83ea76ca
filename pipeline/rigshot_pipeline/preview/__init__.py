"""Renders the asset: turntable, poster, sheets."""
