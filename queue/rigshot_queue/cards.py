"""The graphics cards that workers of this machine may use, for who starts a worker on each."""

import importlib.util

__all__ = ["card_uuids"]


def card_uuids() -> tuple[str, ...]:
    """Their UUIDs in the order of CUDA_VISIBLE_DEVICES; none where the pipeline, which asks the driver for them, is not installed."""
    if importlib.util.find_spec("rigshot_pipeline") is None:
        return ()
    from rigshot_pipeline.engines.gpu import visible_cards

    return tuple(card.uuid for card in visible_cards())
