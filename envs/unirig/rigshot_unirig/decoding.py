"""The language model at one token a step for all beams: the mesh is remembered once, and on a GPU a step is one graph.

transformers' own way keeps a copy of everything read so far for every beam, lays it all out anew at every token, and starts
some six hundred kernels one by one: on an H100 it waits for the host nine tenths of the time. Here what all beams share,
the mesh and what precedes the first token, lies there once; only the beams' own tokens are kept beam by beam, in room that
is doubled when it is full; and the kernels of a step are recorded as one CUDA graph.

Which tokens are drawn is still transformers' affair: `Shared` takes the place of its cache, `Decoder.forward` that of the
model's forward pass, within `Decoder.at_work`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import Cache
from transformers.modeling_outputs import CausalLMOutputWithPast

__all__ = ["ROOM", "Decoder", "Shared"]

ROOM = 256
"""Tokens of a beam that fit before the room is doubled: a skeleton takes some two hundred."""
_WARM_UPS = 2  # steps before a graph is recorded: libraries allocate their workspaces in the first


class Shared(Cache):
    """What transformers' beam search holds for a cache: it is told which beam goes on from which, and nothing else."""

    def __init__(self, reorder: Callable[[Tensor], None]) -> None:
        super().__init__(layers=[])
        self._reorder = reorder

    def reorder_cache(self, beam_idx: Tensor) -> None:
        """``beam_idx`` (B,): for every beam the one whose tokens it continues."""
        self._reorder(beam_idx)


class Decoder:
    """One sequence's decoding in ``beams`` beams by an OPT model with normalisation before its layers."""

    def __init__(self, transformer: Any, beams: int, *, room: int = ROOM, graphs: bool = True) -> None:
        """``graphs``: record the steps on a GPU."""
        opt = transformer.model.decoder
        if not transformer.config.do_layer_norm_before or opt.project_in is not None or opt.project_out is not None:
            raise ValueError("this is not the kind of OPT model that UniRig has")
        self._transformer = transformer
        self._opt = opt
        self._device = opt.embed_tokens.weight.device
        self._beams = beams
        self._room = room
        self._graphs = graphs and self._device.type == "cuda"
        self._graph: torch.cuda.CUDAGraph | None = None
        self._shared: list[tuple[Tensor, Tensor]] = []  # a layer's keys (H, C, P) and values (H, P, C) of what all beams begin with
        self._own: list[tuple[Tensor, Tensor]] = []  # a layer's keys and values (B, H, room, C) of the beams' tokens
        self._filled = 0
        # what a step reads and writes, always at the same places
        self._tokens = torch.zeros(beams, dtype=torch.long, device=self._device)
        self._same = torch.arange(beams, device=self._device)
        self._order = self._same.clone()
        self._place = torch.zeros(1, dtype=torch.long, device=self._device)
        self._logits = torch.zeros(0)
        self.cache = Shared(self._order.copy_)

    @contextmanager
    def at_work(self) -> Iterator[Shared]:
        """Within, the transformer's ``generate`` decodes here if it is given what this yields as ``past_key_values``."""
        self._transformer.forward = self.forward  # the module's call takes it from the object before the class
        try:
            yield self.cache
        finally:
            del self._transformer.forward

    def forward(
        self,
        input_ids: Tensor | None = None,
        past_key_values: Shared | None = None,
        inputs_embeds: Tensor | None = None,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        """The logits (B, 1, vocabulary) behind the beginning (``inputs_embeds`` (B, P, C), the same for every beam) or behind the
        last of ``input_ids`` (B, L)."""
        if inputs_embeds is not None:
            logits = self.begin(inputs_embeds[:1]).expand(len(inputs_embeds), -1)
        elif input_ids is not None:
            logits = self.step(input_ids[:, -1])
        else:
            raise ValueError("neither tokens nor their embeddings")
        return CausalLMOutputWithPast(logits=logits[:, None], past_key_values=past_key_values)

    @torch.no_grad()
    def begin(self, embedded: Tensor) -> Tensor:
        """The logits (1, vocabulary) behind ``embedded`` (1, P, C), which is remembered for all beams."""
        found = type(self._transformer).forward(self._transformer, inputs_embeds=embedded, use_cache=True)
        self._shared = [(keys[0].transpose(1, 2).contiguous(), values[0].contiguous()) for keys, values in found.past_key_values]
        heads, length, width = self._shared[0][1].shape
        self._length = length
        self._own = [self._new_room(heads, width) for _ in self._shared]
        self._filled = 0
        self._place.zero_()
        self._order.copy_(self._same)
        self._graph = None
        logits: Tensor = found.logits[:, -1]
        return logits

    @torch.no_grad()
    def step(self, tokens: Tensor) -> Tensor:
        """The logits (B, vocabulary) behind one more token (B,) of every beam; the cache was told before who continues whom."""
        if self._filled == self._room:
            self._double()
        self._tokens.copy_(tokens)
        if not self._graphs:
            self._run()
        else:
            if self._graph is None:
                self._record()
            assert self._graph is not None
            self._graph.replay()
        self._filled += 1
        self._order.copy_(self._same)
        return self._logits

    def _run(self) -> None:
        """One step in plain kernels, from and to the fixed places."""
        opt = self._opt
        positions = opt.embed_positions
        hidden = opt.embed_tokens(self._tokens) + positions.weight[self._place + (self._length + positions.offset)]
        unused = torch.arange(self._room, device=self._device) > self._place
        for layer, shared, own in zip(opt.layers, self._shared, self._own, strict=True):
            attended = self._attend(layer.self_attn, layer.self_attn_layer_norm(hidden), shared, own, unused)
            hidden = hidden + attended
            hidden = hidden + layer.fc2(layer.activation_fn(layer.fc1(layer.final_layer_norm(hidden))))
        if opt.final_layer_norm is not None:
            hidden = opt.final_layer_norm(hidden)
        self._logits = self._transformer.lm_head(hidden)
        self._place += 1

    def _attend(self, attention: Any, hidden: Tensor, shared: tuple[Tensor, Tensor], own: tuple[Tensor, Tensor], unused: Tensor) -> Tensor:
        """(B, C): attention of the beams' newest tokens to what they share and to their own tokens, these included."""
        heads = (self._beams, attention.num_heads, attention.head_dim)
        query = (attention.q_proj(hidden) * attention.scaling).view(heads)
        keys, values = own[0].index_select(0, self._order), own[1].index_select(0, self._order)
        keys.index_copy_(2, self._place, attention.k_proj(hidden).view(heads)[:, :, None])
        values.index_copy_(2, self._place, attention.v_proj(hidden).view(heads)[:, :, None])
        own[0].copy_(keys)
        own[1].copy_(values)
        to_shared = torch.bmm(query.transpose(0, 1), shared[0])  # (H, B, P)
        to_own = (keys @ query[..., None])[..., 0].masked_fill(unused, -torch.inf)  # (B, H, room)
        weights = torch.softmax(torch.cat([to_shared.transpose(0, 1), to_own], -1), -1)
        from_shared = torch.bmm(weights[..., : self._length].transpose(0, 1), shared[1]).transpose(0, 1)
        from_own = (weights[..., None, self._length :] @ values)[..., 0, :]
        result: Tensor = attention.out_proj((from_shared + from_own).reshape(self._beams, -1))
        return result

    def _record(self) -> None:
        """The step as a graph. What trial runs leave behind is where the next real step writes."""
        order = self._order.clone()
        self._order.copy_(self._same)
        stream = torch.cuda.Stream(self._device)
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream):
            for _ in range(_WARM_UPS):
                self._run()
                self._place.fill_(self._filled)
        torch.cuda.current_stream(self._device).wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            self._run()
        self._graph = graph
        self._order.copy_(order)

    def _double(self) -> None:
        self._graph = None  # its memory may be used again
        self._room *= 2
        for number, (keys, values) in enumerate(self._own):
            room = self._new_room(keys.shape[1], keys.shape[3])
            for new, old in zip(room, (keys, values), strict=True):
                new[:, :, : old.shape[2]] = old
            self._own[number] = room  # at once, so that of the smaller one no more than a layer lies beside

    def _new_room(self, heads: int, width: int) -> tuple[Tensor, Tensor]:
        """Zeros, for what is masked must be finite all the same."""
        shape = (self._beams, heads, self._room, width)
        like = self._shared[0][0]
        return like.new_zeros(shape), like.new_zeros(shape)
