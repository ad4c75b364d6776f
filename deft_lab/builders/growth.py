"""Growth of the decodes that need no template: few-shot branches, the speculative star, beam search."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from ..errors import TraceError, TreeError, check_counts
from ..trace import Event, Trace
from ..tree import Tree
from .shapes import check_size


def few_shot_growth(prompt: int = 4000, width: int = 20, n_steps: int = 399) -> Trace:
    """A prompt forks once into `width` branches; each gains a token a step (the runner's Simple_Tree)."""
    check_counts(TreeError, 1, prompt=prompt, width=width, n_steps=n_steps)
    check_size(width)
    branches = tuple(range(1, width + 1))
    events = [Event(1, "fork", 0, children=branches)]
    if n_steps > 1:
        events += [Event(2, "append", branch, n_steps=n_steps - 1) for branch in branches]
    return Trace(Tree([-1], [prompt]), tuple(events), n_steps, {"task": "few_shot"})


def star_growth(
    accept_length: Sequence[int], width: int = 64, prompt: int = 1016, max_seq_len: int = 6000
) -> Trace:
    """The released speculative mock: `width` one-token leaves that stay, a root that gains what is accepted.

    After decode i = 1, 2, ... the root gains `accept_length[i]` tokens (entry 0 is unused), from the end
    of the list on uniform draws of 1 .. 5 (`random.seed(0)`, as released). It is cut at max_seq_len - 1
    tokens, and the decode at that length is the last.
    """
    check_counts(TreeError, 1, width=width, prompt=prompt, max_seq_len=max_seq_len)
    check_size(width)
    if max_seq_len <= prompt:
        raise TraceError(f"max_seq_len={max_seq_len} leaves no room after a prompt of {prompt}; raise it")
    if min(accept_length[1:], default=1) < 1:
        raise TraceError("an accept length is below 1; every verification yields at least one token")
    events = [Event(1, "fork", 0, children=tuple(range(1, width + 1)))]
    room = max_seq_len - 1 - prompt
    for step, count in enumerate(_accepted(accept_length), start=2):
        if room <= 0:
            break
        events.append(Event(step, "accept", 0, count=min(count, room)))
        room -= count
    return Trace(Tree([-1], [prompt]), tuple(events), len(events), {"task": "speculative_star"})


def _accepted(accept_length: Sequence[int]) -> Iterator[int]:
    yield from accept_length[1:]
    rng = random.Random(0)
    while True:
        yield rng.randint(1, 5)


def beam_search_growth(prompt: int = 1000, width: int = 4, n_steps: int = 64, seed: int = 0) -> Trace:
    """Beam search over random laws: which beams survive is drawn, how the tree follows is exact.

    At each step every beam offers its continuations; the `width` best by sum of log-probability stay.
    A beam with none of them is pruned, with every ancestor that is left without a beam; with one it
    appends a token, with several it forks.
    """
    check_counts(TreeError, 1, prompt=prompt, width=width, n_steps=n_steps)
    check_counts(TreeError, 0, seed=seed)
    check_size(width)
    rng = np.random.default_rng(seed)
    parent: dict[int, int] = {0: -1}
    alive_below: dict[int, int] = {0: 0}
    beams, score = [0], np.zeros(1)
    events: list[Event] = []
    for step in range(1, n_steps + 1):
        law = np.log(rng.dirichlet(np.full(4 * width, 0.3), size=len(beams)) + 1e-12)
        total = (score[:, None] + law).ravel()
        best = np.sort(np.argsort(-total, kind="stable")[:width])
        owner = best // law.shape[1]
        new_beams: list[int] = []
        for i, beam in enumerate(beams):
            wins = int((owner == i).sum())
            if wins == 0:
                top = beam
                while parent[top] >= 0:
                    alive_below[parent[top]] -= 1
                    if alive_below[parent[top]]:
                        break
                    top = parent[top]
                events.append(Event(step, "prune", top))
            elif wins == 1:
                events.append(Event(step, "append", beam))
                new_beams.append(beam)
            else:
                children = tuple(range(len(parent), len(parent) + wins))
                events.append(Event(step, "fork", beam, children=children))
                parent.update(dict.fromkeys(children, beam))
                alive_below.update(dict.fromkeys(children, 0))
                alive_below[beam] = wins
                new_beams.extend(children)
        beams, score = new_beams, total[best]
    return Trace(Tree([-1], [prompt]), tuple(events), n_steps, {"task": "beam_search", "seed": seed})


def beam_search(prompt: int = 1000, width: int = 4, n_steps: int = 64, seed: int = 0) -> Tree:
    """The tree after `n_steps` of `beam_search_growth`."""
    return beam_search_growth(prompt, width, n_steps, seed).tree_at(n_steps)
