"""Measure the bundled models on held-out problems, beside what their card says; --write puts them into it.

    PYTHONPATH=. python tools/evaluate_models.py --models data/models

Answers: greedy on short lists; then, at the length where greedy solves about half, greedy against a vote over
sampled solutions and against a tree of thoughts, each with its tokens and McNemar's exact test. Speculation:
the target's tokens per call when it verifies static trees of the draft's most likely tokens.
"""

import argparse
import json
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any

import torch
from many_rows import (
    SHORT,
    Outcome,
    Written,
    greedy,
    held_out,
    lines_of,
    prompt_of,
    room_for,
    share_solved,
    write,
)
from model_files import load
from transformers import LlamaForCausalLM

from deft_lab import workbook
from deft_lab.data import data_path
from deft_lab.workbook import EOS, NEWLINE

LENGTHS = range(12, 45, 4)  # of the longer lists, from which one is chosen
WIDTH = 8  # solutions that vote; thoughts between which a tree chooses
TEMPERATURE = 0.8
BUDGET = 64  # nodes of a speculation tree, its root among them

Paths = frozenset[tuple[int, ...]]


# --- ways of decoding


def self_consistency(model: LlamaForCausalLM, problems: list[str]) -> Outcome:
    """Sample solutions and take the answer that most of them give."""
    most = max(map(room_for, problems))
    prompts = [prompt_of(p) for p in problems for _ in range(WIDTH)]
    written = write(model, prompts, EOS, most, TEMPERATURE, 1)
    solved = []
    for at, problem in enumerate(problems):
        ballots = [lines_of(w.tokens) for w in written[at * WIDTH : (at + 1) * WIDTH]]
        votes = Counter(lines[-1] for lines in ballots if workbook.is_last(lines))
        solved.append(bool(votes) and workbook.is_solved(problem, [votes.most_common(1)[0][0]]))
    return Outcome(solved, sum(len(w.tokens) for w in written))


Judge = Callable[[str, list[str], str, float], float]


def by_checker(problem: str, lines: list[str], line: str, log_probability: float) -> float:
    """Fewest digits lost, doubled or misplaced on the line; the likelier of equals."""
    return -workbook.slips(problem, lines, line) + 1e-3 * max(log_probability, -500)


def by_likelihood(problem: str, lines: list[str], line: str, log_probability: float) -> float:
    """The model's own opinion: no checker."""
    return log_probability


def tree_of_thoughts(model: LlamaForCausalLM, problems: list[str], judge: Judge) -> Outcome:
    """Sample candidates for the next line, keep the one that the judge likes best, go on below it."""
    kept: list[list[int]] = [[] for _ in problems]
    most_lines = max(len(workbook.solve(p, Random(0))) for p in problems) + 2
    n_tokens = 0
    for depth in range(most_lines):
        live = [at for at, tokens in enumerate(kept) if not workbook.is_last(lines_of(tokens))]
        if not live:
            break
        room = 16 + max(len(_next_words(problems[at], kept[at])) for at in live)
        prompts = [prompt_of(problems[at]) + kept[at] for at in live for _ in range(WIDTH)]
        written = write(model, prompts, NEWLINE, room, TEMPERATURE, 2 + depth)
        n_tokens += sum(len(w.tokens) for w in written)
        for row, at in enumerate(live):
            thoughts = written[row * WIDTH : (row + 1) * WIDTH]
            kept[at] += max(thoughts, key=partial(_worth, judge, problems[at], kept[at])).tokens
    solved = [workbook.is_solved(p, lines_of(tokens)) for p, tokens in zip(problems, kept, strict=True)]
    return Outcome(solved, n_tokens)


def _next_words(problem: str, tokens: list[int]) -> list[str]:
    return workbook.next_line(problem, lines_of(tokens), Random(0)).split()


def _worth(judge: Judge, problem: str, kept: list[int], thought: Written) -> float:
    """What the judge says of a thought; one without its end is worth nothing."""
    if thought.tokens[-1:] != [NEWLINE]:
        return -math.inf
    return judge(problem, lines_of(kept), lines_of(thought.tokens)[0], thought.log_probability)


def mcnemar(before: list[bool], after: list[bool]) -> float:
    """Two-sided exact p of the pairs in which only one of the two is right."""
    pairs = Counter(zip(before, after, strict=True))
    few, many = sorted((pairs[True, False], pairs[False, True]))
    tail = sum(math.comb(few + many, k) for k in range(few + 1))
    return min(1.0, 2 * tail / 2 ** (few + many))


def scan(model: LlamaForCausalLM, n: int) -> dict[int, float]:
    """Length -> share that greedy solves; lengths in between are tried where none is between 30 and 70 %."""
    shares: dict[int, float] = {}
    lengths = list(LENGTHS)
    while lengths:
        problems = [p for length in lengths for p in held_out(length, n, "scan")]
        solved = greedy(model, problems).solved
        shares |= {size: sum(solved[i * n : (i + 1) * n]) / n for i, size in enumerate(lengths)}
        above = max((size for size, share in shares.items() if share > 0.7), default=4)
        below = min((size for size, share in shares.items() if share < 0.3 and size > above), default=above)
        found = any(0.3 <= share <= 0.7 for share in shares.values())
        lengths = [] if found else [s for s in range(above + 1, below) if s not in shares]
    return dict(sorted(shares.items()))


def answers(model: LlamaForCausalLM, n: int, n_scan: int, figures: dict) -> Iterator[None]:
    """How often each way of decoding is right, at which length, for how many tokens.

    Puts them into `figures`, and yields whenever there is something new.
    """
    figures["short"] = {"digits": SHORT, "problems": n, "greedy": share_solved(model, held_out("short", n))}
    shares = scan(model, n_scan)
    length = min(shares, key=lambda size: abs(shares[size] - 0.5))
    problems = held_out(length, n)
    base = greedy(model, problems)
    ways = {
        "greedy": lambda: base,
        "self_consistency": lambda: self_consistency(model, problems),
        "tree_of_thoughts_checker": lambda: tree_of_thoughts(model, problems, by_checker),
        "tree_of_thoughts_likelihood": lambda: tree_of_thoughts(model, problems, by_likelihood),
    }
    figures["scan"] = {"problems": n_scan, "greedy": shares}
    figures["long"] = {"digits": length, "problems": n, "width": WIDTH, "temperature": TEMPERATURE}
    for name, run in ways.items():
        begun = time.monotonic()
        outcome = run()
        figures["long"][name] = {
            "solved": sum(outcome.solved) / n,
            "tokens_per_problem": round(outcome.n_tokens / n),
            "mcnemar_p": mcnemar(base.solved, outcome.solved),
        }
        print(name, figures["long"][name], f"{time.monotonic() - begun:.0f} s", flush=True)
        yield


# --- speculation


@torch.inference_mode()
def ranks_of(draft: LlamaForCausalLM, prompts: list[list[int]], written: list[Written]) -> list[list[int]]:
    """For each written token, how many tokens the draft found likelier at its place."""
    found = []
    for prompt, text in zip(prompts, written, strict=True):
        ids = torch.tensor([[*prompt, *text.tokens]], device=draft.device)
        logits = draft(ids).logits[0, len(prompt) - 1 : -1]
        own = logits.gather(1, ids[0, len(prompt) :, None])
        found.append((logits > own).sum(1).tolist())
    return found


def calls_for(ranks: list[int], tree: Paths) -> int:
    """Calls of the target that write these tokens: each keeps the longest path in the tree, and one more."""
    at = calls = 0
    while at < len(ranks):
        path: tuple[int, ...] = ()
        while at + len(path) < len(ranks) and (*path, ranks[at + len(path)]) in tree:
            path = (*path, ranks[at + len(path)])
        at += len(path) + 1
        calls += 1
    return calls


def best_tree(ranks: list[list[int]]) -> Paths:
    """The static tree that keeps most if each place met each rank as often as these did."""
    count = Counter(rank for text in ranks for rank in text)
    share = [count[rank] / count.total() for rank in range(16)]
    paths: set[tuple[int, ...]] = set()
    heap = [(-share[0], (0,))]
    while len(paths) < BUDGET - 1:
        worth, path = heappop(heap)
        paths.add(path)
        heappush(heap, (worth * share[0], (*path, 0)))
        if path[-1] + 1 < len(share) and share[path[-1]]:
            sibling = path[-1] + 1
            heappush(heap, (worth / share[path[-1]] * share[sibling], (*path[:-1], sibling)))
    return frozenset(paths)


def medusa_tree() -> Paths:
    """Medusa's published 63 choices."""
    published = json.loads(data_path("topologies.json").read_text())["medusa"]["mc_sim_7b_63"]
    return frozenset(map(tuple, published))


def speculation(target: LlamaForCausalLM, draft: LlamaForCausalLM, n: int, into: dict) -> Iterator[None]:
    """Temperature -> tokens per call of the target, on its own texts; the best tree is fitted on others.

    Puts them into `into`, and yields whenever there is something new.
    """
    rng = Random("held out/speculation")
    problems = [workbook.draw_any(rng) for _ in range(2 * n)]
    prompts = [prompt_of(p) for p in problems]
    figures = into["speculation"] = {"problems": n, "nodes": BUDGET}
    for temperature in (0, 0.8, 1.0):
        written = write(target, prompts, EOS, 900, temperature, 3)
        ranks = ranks_of(draft, prompts, written)
        trees = {
            "best": best_tree(ranks[n:]),
            "medusa": medusa_tree(),
            "chain_4": frozenset({(0,) * d for d in range(1, 5)}),
        }
        row: dict = {"draft_agrees": _mean([rank == 0 for text in ranks[:n] for rank in text])}
        row |= {name: _tokens_per_call(ranks[:n], tree) for name, tree in trees.items()}
        row["best_by_kind"] = {
            kind: _tokens_per_call(
                [r for p, r in zip(problems[:n], ranks[:n], strict=True) if p.startswith(kind)], trees["best"]
            )
            for kind in workbook.KINDS
        }
        row["deepest"] = max(map(len, trees["best"]))
        figures[f"temperature {temperature}"] = row
        print("temperature", temperature, row, flush=True)
        yield


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3)


def _tokens_per_call(ranks: list[list[int]], tree: Paths) -> float:
    """tau: accepted tokens and the one that the target adds."""
    return round(sum(map(len, ranks)) / max(1, sum(calls_for(text, tree) for text in ranks)), 2)


def in_rows(figures: Any, name: str = "") -> dict[str, Any]:
    """Nested figures as rows: {"answers, greedy, solved": 0.5}."""
    if not isinstance(figures, dict):
        return {name: figures}
    return {
        row: value
        for key, part in figures.items()
        for row, value in in_rows(part, f"{name}, {key}" if name else str(key)).items()
    }


def main() -> None:
    """Measure, print beside the card, and write into the card where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--models", type=Path, required=True, help="folder with target/, draft/ and card.json"
    )
    parser.add_argument("--problems", type=int, default=500)
    parser.add_argument("--scan", type=int, default=64, help="problems for each length that is tried")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--write", action="store_true", help="put the figures into card.json, as they come")
    chosen = parser.parse_args()
    target, draft = (load(chosen.models / name, chosen.device) for name in ("target", "draft"))
    path = chosen.models / "card.json"
    card = json.loads(path.read_text())
    figures: dict = {}
    for _ in chain(
        speculation(target, draft, min(chosen.problems, 200), figures),
        answers(target, chosen.problems, chosen.scan, figures),
    ):
        if chosen.write:
            kind = str(target.dtype).removeprefix("torch.")
            new = {"evaluation": figures | {"note": f"measured on {target.device.type} in {kind}"}}
            path.write_text(json.dumps(card | new, indent=1) + "\n")
    said = in_rows(card["evaluation"])
    print(f"{'':70} measured | the card says")
    for name, value in in_rows(figures).items():
        print(f"{name:70} {value} | {said.get(name, 'nothing')}")


if __name__ == "__main__":
    main()
