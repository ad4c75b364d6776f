"""transformers on the un-shared batch: a prompt for each branch in a static cache, one forward a step.

The decode loop of `generate(cache_implementation="static")`, written out, so that a step can be timed without
the prefill: the prompt is run once and its KV copied to every branch. The steps are the last ones of the
decode; the static cache makes every other one as long. Captured as a CUDA graph unless graphs are off.
"""

from typing import Any

import torch
from torch import Tensor
from transformers import DynamicCache, StaticCache

from ...decode.stopwatch import Stopwatch
from ..attention.timing import Call, capture
from ..attention.trial import first_line
from .cases import Case
from .measure import TEMPERATURE, Lab, Runner, TimedSampler
from .model import SEED, random_prompt

STEPS = 50
WARM_STEPS = 3  # of a capture, before it rewinds: a write beyond the cache would lose the GPU


class StaticBatch:
    """The batch and its cache; each call decodes one token a branch."""

    def __init__(self, lab: Lab, case: Case, n_steps: int) -> None:
        self._twin, device = lab.twin, lab.model.device
        room = case.n_prompt + max(case.n_steps, WARM_STEPS)
        self._cache = StaticCache(config=self._twin.config, max_cache_len=room)
        self._first = case.n_prompt + case.n_steps - n_steps
        self._fill(torch.tensor([random_prompt(lab.model, case.n_prompt)], device=device), case.n_branches)
        self.tokens = torch.zeros(case.n_branches, 1, dtype=torch.int64, device=device)
        self._forward = torch.compile(self._twin.forward) if lab.setup.compiled else self._twin.forward
        self.watch = Stopwatch(device)
        self.sampler = TimedSampler(TEMPERATURE, seed=SEED, watch=self.watch)
        self.replay: Call | None = None
        self.graph_failure: str | None = None
        self.logits = self._warm_up()
        if lab.machine.captures and lab.setup.graphs is not False:
            self._capture()

    @torch.inference_mode()
    def step(self) -> bool:
        """Draw from the last logits, and decode what was drawn: the forward comes last, as in every case."""
        self.tokens.copy_(self.sampler.draw(self.logits)[:, None])
        with self.watch.part("decode"):
            if self.replay is None:
                self.logits = self._run()
            else:
                self.replay()  # into the same logits
        return True

    def _run(self) -> Tensor:
        return self._forward(self.tokens, past_key_values=self._cache, use_cache=True).logits[:, -1]

    @torch.inference_mode()
    def _warm_up(self) -> Tensor:
        """The first logits. Where there is too little memory for a step, it shows now."""
        logits = self._run()
        self._rewind()
        return logits

    @torch.inference_mode()
    def _capture(self) -> None:
        try:
            self.replay, self.logits = capture(self._run)
            self.replay()
        except torch.OutOfMemoryError:
            raise
        except Exception as failure:
            self.replay, self.graph_failure = None, first_line(failure)
            torch.cuda.synchronize()
        self._rewind()

    @torch.inference_mode()
    def _fill(self, prompt: Tensor, n_branches: int) -> None:
        """Run the prompt once; every branch gets a copy of its KV."""
        once = DynamicCache(config=self._twin.config)
        self._twin(prompt, past_key_values=once, use_cache=True, logits_to_keep=1)
        for layer, of_prompt in zip(self._cache.layers, once.layers, strict=True):
            k, v = (x.expand(n_branches, -1, -1, -1) for x in (of_prompt.keys, of_prompt.values))
            layer.lazy_initialization(k, v)
            layer.keys[:, :, : k.shape[2]].copy_(k)
            layer.values[:, :, : v.shape[2]].copy_(v)
        self._rewind()

    def _rewind(self) -> None:
        for layer in self._cache.layers:
            layer.cumulative_length.fill_(self._first)


def batch_runner(lab: Lab, case: Case) -> Runner:
    """The last STEPS steps of a few-shot case as a batch.

    Raises:
        torch.OutOfMemoryError: the batch finds no room.
    """
    n_steps = min(STEPS, case.n_steps)
    batch = StaticBatch(lab, case, n_steps)
    seen = case.n_branches * (case.n_prompt + case.n_steps)  # copies, and what is not filled yet

    def alone() -> dict[str, Any]:
        return {"graph_failure": batch.graph_failure} if batch.graph_failure else {}

    return Runner(batch.step, batch.watch, n_steps, lambda: (case.n_branches, seen), alone)
