"""The skeleton network at work: a mesh's points in, tokens out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList

from .decoding import Decoder
from .grammar import Grammar, State
from .mesh import Samples
from .networks import Network
from .settings import Sampling

__all__ = ["GrammarProcessor", "encode", "generate"]


class GrammarProcessor(LogitsProcessor):
    """Leaves of every beam's next tokens those that the grammar allows within the budget.

    Beams change places at every step; a beam's state is found again by its tokens, so that a step costs one token's work
    for every beam, however long the skeleton is. Beams that a sampler pushed outside the language, for want of enough
    sound candidates, may only end; they have no probability and never win.
    """

    def __init__(self, grammar: Grammar, budget: int, tick: Callable[[int], None]) -> None:
        self._grammar = grammar
        self._budget = budget
        self._tick = tick
        self._states: dict[bytes, State | None] = {b"": grammar.start}

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """``scores`` (B, vocabulary) with minus infinity for what may not follow ``input_ids`` (B, L)."""
        rows = input_ids.cpu().numpy()
        length = rows.shape[1]
        self._tick(length)
        states: dict[bytes, State | None] = {}
        masks = np.empty((len(rows), self._grammar.vocabulary.size), bool)
        for place, row in enumerate(rows):
            key = row.tobytes()
            if key not in states:
                before = self._states.get(row[:-1].tobytes()) if length else self._grammar.start
                states[key] = before if not length or before is None else self._grammar.step(before, int(row[-1]))
            state = states[key]
            kinds = () if state is None else self._grammar.kinds(state, self._budget - length)
            masks[place] = self._grammar.mask(kinds or ("eos",))
        self._states = states
        return scores.masked_fill(torch.from_numpy(~masks).to(scores.device), -torch.inf)


@dataclass(frozen=True, kw_only=True)
class _Conditions:
    """(1, L, C) what the mesh is to the language model."""

    embedding: Tensor


@torch.no_grad()
def encode(network: Network, samples: Samples) -> _Conditions:
    """The mesh's latents. On a GPU in bf16, which costs a third of the memory; the result is float32."""
    device = next(network.parameters()).device
    points, normals = (torch.from_numpy(array).to(device) for array in (samples.points, samples.normals))
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        latents = network.encode_mesh_cond(vertices=points, normals=normals)
    return _Conditions(embedding=latents.float())


@torch.no_grad()
def generate(
    network: Network,
    conditions: _Conditions,
    grammar: Grammar,
    sampling: Sampling,
    *,
    beams: int,
    most_tokens: int,
    seed: int,
    tick: Callable[[int], None],
) -> list[int]:
    """The tokens of a skeleton, from bos to eos. ``tick`` hears how many tokens there are before each and may raise."""
    device = conditions.embedding.device
    start = torch.tensor([grammar.prefix], device=device)
    embedded = network.transformer.get_input_embeddings()(start).float()
    torch.manual_seed(seed)
    with Decoder(network.transformer, beams).at_work() as cache:
        found = network.transformer.generate(
            inputs_embeds=torch.cat([conditions.embedding, embedded], 1),
            past_key_values=cache,
            bos_token_id=grammar.vocabulary.bos,
            eos_token_id=grammar.vocabulary.eos,
            pad_token_id=grammar.vocabulary.pad,
            logits_processor=LogitsProcessorList([GrammarProcessor(grammar, most_tokens, tick)]),
            num_beams=beams,
            max_new_tokens=most_tokens,
            **sampling.extra,
        )
    return [*grammar.prefix, *found[0].tolist()]
