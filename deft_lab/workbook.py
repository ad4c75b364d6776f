"""Workbook: the small language that the bundled models read and write.

A *problem* is one line, its *solution* the lines below it; the last of them gives the answer. What stands so
far settles the right next line (in a story, the form of it), so every line can be judged where it stands.
A word is one token, and a token carries the space before it: the texts of the tokens, joined, are the text.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import zip_longest
from random import Random

import numpy as np

from .errors import DeftLabError

ACTORS = ["fox", "king", "owl", "queen", "cat", "dog", "bear", "girl", "boy", "hen", "wolf", "mouse"]
THINGS = ["map", "boat", "key", "ring", "book", "lamp", "bell", "coat", "drum", "kite"]
LOOKS = ["big", "small", "red", "good", "new", "green", "cold", "dark", "long", "bright"]
DEEDS = ["sees", "finds", "has", "wants", "holds", "loses", "makes", "sells"]
PLACES = ["river", "hill", "house", "road", "tree", "gate", "sea", "wood"]
VERBS = ["sort", "take", "join", "done", "add", "column", "count", "seen", "copy", "turn", "know", "tell"]
SMALL = ["by", "in", "who", "lines", "of", "the", "a", "and", "near", "end"]
WORDS = (*"0123456789", *":+,;.", *VERBS, *SMALL, *ACTORS, *THINGS, *LOOKS, *DEEDS, *PLACES)

SPECIALS = ("<pad>", "<bos>", "<eos>", "<unk>")
PAD, BOS, EOS, UNK = range(4)
VOCABULARY = (*SPECIALS, "\n", " ", *WORDS, *(" " + word for word in WORDS))
NEWLINE = VOCABULARY.index("\n")
PIECE = r" ?[^ \n]+| |\n"  # the text of one token
_ID = {text: token for token, text in enumerate(VOCABULARY) if text not in SPECIALS}

_DIGITS = r"(?: [0-9])+"
_ANY = "|".join((*ACTORS, *THINGS, *LOOKS))
_FORM = {
    kind: re.compile(form)
    for kind, form in {
        "sort": rf"sort({_DIGITS}) by ([1-9])",
        "add": rf"add({_DIGITS}) \+({_DIGITS})",
        "count": rf"count ([0-9]) in({_DIGITS})",
        "copy": rf"copy((?: (?:{_ANY}))+)",
        "turn": rf"turn((?: (?:{_ANY}))+)",
        "know": rf"know((?: the (?:{'|'.join(ACTORS)}) has a (?:{'|'.join(THINGS)}) [,;])+) who has a (\w+)",
        "tell": rf"tell ([1-9]) lines of the ({'|'.join(ACTORS)}) and the ({'|'.join(ACTORS)})",
    }.items()
}
_SENTENCE = re.compile(
    rf"the (?:(?:{'|'.join(LOOKS)}) )?({'|'.join(ACTORS)}) (?:{'|'.join(DEEDS)}) "
    rf"a (?:(?:{'|'.join(LOOKS)}) )?(?:{'|'.join(THINGS)})(?: near the (?:{'|'.join(PLACES)}))? \."
)
KINDS = tuple(_FORM)
# how often a kind is drawn, and from which sizes; sorting has a law of its own
_WEIGHTS = {"sort": 10, "add": 2, "count": 2, "copy": 2, "turn": 1, "know": 2, "tell": 3}
_SIZES = {"add": (1, 8), "count": (4, 16), "copy": (2, 12), "turn": (2, 12), "know": (2, 6), "tell": (2, 5)}
TOKENS_PER_DIGIT = 14  # of the longest list and its solution, at most


# --- problems and their solutions


def draw(kind: str, size: int, rng: Random, part: int | None = None) -> str:
    """A problem with `size` digits, columns, words, facts or lines; `part` is the "by" of sort, else drawn.

    Raises:
        DeftLabError: there is no such kind, or it has no problem of this size.
    """
    most = {"know": len(THINGS), "tell": 9}.get(kind, size)
    if not 1 <= size <= most:
        raise DeftLabError(f"size={size}; {kind} takes 1 to {most if most != size else 'any number'}")
    if kind == "sort":
        return f"sort {_digits(size, rng)} by {part or rng.choice((4, 8))}"
    if kind == "add":
        return f"add {_digits(size, rng)} + {_digits(size, rng)}"
    if kind == "count":
        few = rng.sample("0123456789", 4)
        return f"count {rng.choice(few)} in {' '.join(rng.choices(few, k=size))}"
    if kind in ("copy", "turn"):
        return f"{kind} {' '.join(rng.choices((*ACTORS, *THINGS, *LOOKS), k=size))}"
    if kind == "know":
        things = rng.sample(THINGS, size)
        facts = [
            f"the {who} has a {what}" for who, what in zip(rng.sample(ACTORS, size), things, strict=True)
        ]
        return f"know {' , '.join(facts)} ; who has a {rng.choice(things)}"
    if kind == "tell":
        first, second = rng.sample(ACTORS, 2)
        return f"tell {size} lines of the {first} and the {second}"
    raise DeftLabError(f"no kind of problem {kind!r}; there are {', '.join(KINDS)}")


def next_line(problem: str, lines: Sequence[str], rng: Random) -> str:
    """The right line after `lines`, whatever they say; only a story's line is drawn.

    Raises:
        DeftLabError: the problem is not in the form of its kind.
    """
    kind = problem.partition(" ")[0]
    form = _FORM[kind].fullmatch(problem) if kind in _FORM else None
    if form is None:
        raise DeftLabError(
            f"{problem!r} is no problem of the workbook; it has one space between words, one digit a word, "
            f"and reads like {draw('sort', 6, Random(0), 4)!r} (kinds: {', '.join(KINDS)})"
        )
    if kind == "tell":
        return _story_line(form, lines, rng)
    return _NEXT[kind](*(words.strip() for words in form.groups()), lines)


def solve(problem: str, rng: Random) -> tuple[str, ...]:
    """The worked solution, line by line."""
    lines: list[str] = []
    while not is_last(lines):
        lines.append(next_line(problem, lines, rng))
    return tuple(lines)


def is_last(lines: Sequence[str]) -> bool:
    """Whether the last of `lines` ends a solution."""
    return bool(lines) and (lines[-1].startswith("done") or lines[-1] == "the end .")


def slips(problem: str, lines: Sequence[str], line: str) -> int:
    """How far `line` is from the right one: the words lost or doubled, or else those out of place."""
    right = next_line(problem, lines, Random(0))
    if problem.startswith("tell") and not right.startswith("the end"):
        told = _SENTENCE.fullmatch(line)
        return 0 if told and told[1] in problem.split() else 1
    count = Counter(right.split())
    count.subtract(line.split())
    lost = sum(map(abs, count.values()))
    return lost or sum(a != b for a, b in zip(right.split(), line.split(), strict=True))


def first_slip(problem: str, lines: Sequence[str]) -> int | None:
    """The number of the first wrong, missing or needless line; None if the solution is right to its end."""
    for at, line in enumerate(lines):
        if is_last(lines[:at]) or slips(problem, lines[:at], line):
            return at
    return None if is_last(lines) else len(lines)


def is_solved(problem: str, lines: Sequence[str]) -> bool:
    """Whether the answer is right, however it was found; a story has no answer but its lines."""
    if problem.startswith("tell"):
        return first_slip(problem, lines) is None
    return is_last(lines) and lines[-1] == solve(problem, Random(0))[-1]


def _digits(size: int, rng: Random) -> str:
    return " ".join(rng.choices("0123456789", k=size))


def _right_of(line: str) -> str:
    return line.partition(" : ")[2]


def _sort_line(digits: str, part: str, lines: Sequence[str]) -> str:
    """Take part after part, then join the two oldest lists until one is left."""
    untaken = digits.split()
    lists: list[str] = []
    for line in lines:
        if line.startswith("take"):
            untaken = untaken[len(line.partition(" : ")[0].split()) - 1 :]
        else:
            del lists[:2]
        lists.append(_right_of(line))
    if untaken:
        taken = untaken[: int(part)]
        return f"take {' '.join(taken)} : {' '.join(sorted(taken))}"
    if len(lists) > 1:
        return f"join {lists[0]} + {lists[1]} : {' '.join(sorted(f'{lists[0]} {lists[1]}'.split()))}"
    return f"done {lists[0]}"


def _add_line(first: str, second: str, lines: Sequence[str]) -> str:
    """Column by column from the right: two digits and the carry make a carry and a digit."""
    columns = list(zip_longest(first.split()[::-1], second.split()[::-1], fillvalue="0"))
    sums = [[word for word in _right_of(line).split() if word in "0123456789"] for line in lines]
    carry = sums[-1][0] if sums and sums[-1] else "0"
    if len(lines) >= len(columns):
        return " ".join(["done", carry, *(s[-1] for s in sums[::-1] if s)])
    a, b = columns[len(lines)]
    return f"column {a} + {b} + {carry} : {' '.join(f'{int(a) + int(b) + int(carry):02}')}"


def _count_line(digit: str, digits: str, lines: Sequence[str]) -> str:
    """Write down what is counted, then how often it stands there."""
    if not lines:
        return " ".join(["seen", *(d for d in digits.split() if d == digit)])
    return f"done {' '.join(str(len(lines[0].split()) - 1))}"


def _copy_line(words: str, lines: Sequence[str]) -> str:
    return f"done {words}"


def _turn_line(words: str, lines: Sequence[str]) -> str:
    return f"done {' '.join(words.split()[::-1])}"


def _know_line(facts: str, what: str, lines: Sequence[str]) -> str:
    owner = re.search(rf"the (\w+) has a {what} ", facts + " ")
    return f"done {'the ' + owner[1] if owner else '.'}"


_NEXT: dict[str, Callable[..., str]] = {
    "sort": _sort_line,
    "add": _add_line,
    "count": _count_line,
    "copy": _copy_line,
    "turn": _turn_line,
    "know": _know_line,
}


def _story_line(form: re.Match, lines: Sequence[str], rng: Random) -> str:
    """One sentence about one of the two; early words of each list are the frequent ones."""
    if len(lines) >= int(form[1]):
        return "the end ."
    look, what = ([*_zipf(LOOKS, rng)] if rng.random() < 0.5 else [] for _ in range(2))
    where = ["near", "the", *_zipf(PLACES, rng)] if rng.random() < 0.3 else []
    who = form[rng.choice((2, 3))]
    words = ["the", *look, who, *_zipf(DEEDS, rng), "a", *what, *_zipf(THINGS, rng), *where, "."]
    return " ".join(words)


def _zipf(words: Sequence[str], rng: Random) -> list[str]:
    return rng.choices(words, weights=[1 / rank for rank in range(1, len(words) + 1)])


# --- tokens and the corpus


def encode(text: str) -> list[int]:
    """The tokens of `text`, without begin and end.

    Raises:
        DeftLabError: a word is not in the vocabulary.
    """
    try:
        return [_ID[piece] for piece in re.findall(PIECE, text)]
    except KeyError as unknown:
        raise DeftLabError(
            f"the workbook has no word {unknown.args[0].strip()!r}; write digits one by one, with a space "
            f"before each and before every sign; it knows {' '.join(WORDS)}"
        ) from None


def text_of(problem: str, lines: Sequence[str] = ()) -> str:
    """Problem and lines as they are read and written, a line end after each."""
    return "".join(f"{line}\n" for line in (problem, *lines))


def draw_any(rng: Random, longest: int = 64) -> str:
    """A problem of the corpus: half of them sort lists of up to `longest` digits, most of them short."""
    (kind,) = rng.choices(KINDS, weights=[_WEIGHTS[kind] for kind in KINDS])
    if kind != "sort":
        return draw(kind, rng.randint(*_SIZES[kind]), rng)
    size = 4 + int(rng.expovariate(4 / longest))
    return draw(kind, size if size <= longest else rng.randint(4, longest), rng)


def corpus_rows(n_rows: int, length: int, seed: str, longest: int = 64) -> np.ndarray:
    """[n_rows, length] uint8: whole worked problems side by side, each in <bos> and <eos>, then padding.

    A problem goes into the first row that has room; the first that finds none ends the drawing.

    Raises:
        DeftLabError: a row is too short for the longest problem.
    """
    if length < max(256, TOKENS_PER_DIGIT * longest):
        raise DeftLabError(
            f"length={length} is too short: lists of {longest} digits need {TOKENS_PER_DIGIT * longest}, "
            "other problems 256"
        )
    rng = Random(seed)
    rows = np.full((n_rows, length), PAD, np.uint8)
    used = [0] * n_rows
    while True:
        problem = draw_any(rng, longest)
        tokens = [BOS, *encode(text_of(problem, solve(problem, rng))), EOS]
        at = next((row for row, n in enumerate(used) if n + len(tokens) <= length), None)
        if at is None:
            return rows
        rows[at, used[at] : used[at] + len(tokens)] = tokens
        used[at] += len(tokens)
