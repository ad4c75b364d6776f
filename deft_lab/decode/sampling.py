"""Choosing tokens from logits: greedy, or sampled with temperature, top-k and top-p, from a seed."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..errors import DecodeError, check_counts, check_kind, check_numbers

A_TENSOR = "torch.as_tensor makes one"


@dataclass(eq=False)
class Sampler:
    """Draws tokens; two samplers with the same seed draw the same from the same logits.

    Args:
        temperature: logits are divided by it; 0 is greedy.
        top_k: only the so many likeliest tokens; None: all.
        top_p: only the likeliest tokens that together hold this probability (at least one); 1: all.
        seed: of the draws.

    Raises:
        DecodeError: a negative temperature or seed, top_k below 1, or top_p outside (0, 1].
    """

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float = 1.0
    seed: int = 0
    _generators: dict[torch.device, torch.Generator] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_numbers(DecodeError, 0, temperature=self.temperature)
        check_numbers(DecodeError, 0, 1, top_p=self.top_p)
        if not self.top_p:
            raise DecodeError(f"top_p={self.top_p}; it must lie above 0")
        if self.top_k is not None:
            check_counts(DecodeError, 1, top_k=self.top_k)
        check_counts(DecodeError, 0, seed=self.seed)

    def law(self, logits: Tensor) -> Tensor:
        """[.., vocabulary] log-probabilities that tokens are drawn with; -inf: never.

        The order is that of Hugging Face: temperature, then top-k, then top-p. At temperature 0 the law
        gives all to the likeliest token.
        """
        check_kind(DecodeError, Tensor, A_TENSOR, logits=logits)
        scores = logits.float()
        if self.temperature == 0:
            best = scores.argmax(-1, keepdim=True)
            return torch.full_like(scores, float("-inf")).scatter(-1, best, 0.0)
        scores = scores / self.temperature
        if self.top_k is not None and self.top_k < scores.shape[-1]:
            least = scores.topk(self.top_k).values[..., -1:]
            scores = scores.masked_fill(scores < least, float("-inf"))
        if self.top_p < 1:
            ordered, order = scores.sort(descending=True)
            before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
            hidden = (before >= self.top_p).scatter(-1, order, before >= self.top_p)
            scores = scores.masked_fill(hidden, float("-inf"))
        return scores.log_softmax(-1)

    def draw(self, logits: Tensor) -> Tensor:
        """[row] one token for each row of logits [row, vocabulary]."""
        check_kind(DecodeError, Tensor, A_TENSOR, logits=logits)
        if self.temperature == 0:
            return logits.argmax(-1)
        if self.top_k is None and self.top_p == 1:
            # what normalizes a row shifts all of its scores alike, and does not change the winner
            return self._race(logits if self.temperature == 1 else logits.float() / self.temperature).argmax(
                -1
            )
        return self._race(self.law(logits)).argmax(-1)

    def draw_several(self, logits: Tensor, k: int) -> list[int]:
        """`k` different tokens for one row of logits [vocabulary], without replacement; greedy: the best `k`.

        Raises:
            DecodeError: the law allows fewer than `k` tokens, or there are several rows.
        """
        check_kind(DecodeError, Tensor, A_TENSOR, logits=logits)
        check_counts(DecodeError, 0, k=k)
        if logits.ndim != 1:
            raise DecodeError(f"logits have shape {tuple(logits.shape)}; give one row of them")
        law = logits.float() if self.temperature == 0 else self.law(logits)
        allowed = int((law > float("-inf")).sum())
        if k > allowed:
            raise DecodeError(
                f"cannot draw {k} different tokens: top_k, top_p and the vocabulary leave {allowed}"
            )
        race = law if self.temperature == 0 else self._race(law)
        return [int(token) for token in race.topk(k).indices]

    def _race(self, law: Tensor) -> Tensor:
        """Gumbel noise on log-probabilities: the largest is a draw, the k largest are k draws."""
        device = law.device  # a row has as many scores as the vocabulary has words: few passes, in place
        if device not in self._generators:
            self._generators[device] = torch.Generator(device).manual_seed(self.seed)
        noise = torch.empty_like(law, dtype=torch.float32)
        noise.exponential_(generator=self._generators[device]).log_()
        return torch.sub(law, noise, out=noise)
