"""Verifiers: which drafted tokens the target commits. Pairs that are not lossless are refused, unless asked.

To add one: write it in a file here and add its line to VERIFIERS; the shared tests enumerate its law.
"""

from ..drafting import CHILDREN, DEDUPLICATED, IID, WITHOUT_REPLACEMENT, find_token_builder
from ..errors import DraftError, check_choice, check_numbers
from .base import Verdict, Verifier
from .etv import etv, etv_right_bonus
from .greedy import greedy
from .naive import naive
from .nucleus import nucleus
from .one_hot import one_hot
from .sequoia import sequoia
from .specinfer import specinfer
from .traversal import traversal, traversal_iid
from .typical import typical, typical_fast

ANY = frozenset(CHILDREN)
NONE: frozenset[str] = frozenset()
DISTINCT = frozenset({WITHOUT_REPLACEMENT, DEDUPLICATED})

# the third column is what enumeration finds, no more and no less: tests/test_verifying.py
VERIFIERS: dict[str, Verifier] = {
    verifier.name: verifier
    for verifier in (
        Verifier("greedy", greedy, NONE, True, "the longest path of arg-maxes; for temperature 0"),
        Verifier("naive", naive, ANY, True, "draw from the target; descend while it is there"),
        Verifier("one_hot", one_hot, ANY, True, "accept x with probability p(x), as if q were 1"),
        Verifier("specinfer", specinfer, frozenset({IID}), True, "try the draws in turn; q stays"),
        Verifier("sequoia", sequoia, DISTINCT, True, "try the draws in turn; q loses each"),
        Verifier("traversal", traversal, DISTINCT, True, "from the leaves upwards; q loses each draw"),
        Verifier("traversal_iid", traversal_iid, frozenset({IID}), True, "from the leaves upwards; q stays"),
        Verifier("typical", typical, NONE, True, "whatever the target finds plausible; lossy"),
        Verifier("typical_fast", typical_fast, NONE, True, "the same, then the likeliest token; lossy"),
        Verifier("nucleus", nucleus, NONE, True, "every path draws for itself, the longest wins; lossy"),
        Verifier("etv", etv, NONE, True, "the longest of all that pass, another's bonus; lossy"),
        Verifier("etv_right_bonus", etv_right_bonus, NONE, True, "the longest of all that pass; lossy"),
    )
}


def find_verifier(name: str) -> Verifier:
    """The verifier of that name.

    Raises:
        DraftError: there is none.
    """
    check_choice(DraftError, VERIFIERS, verifier=name)
    return VERIFIERS[name]


def is_lossless(builder: str, verifier: str, temperature: float = 1.0) -> bool:
    """Whether committed tokens have the target's law."""
    found = find_verifier(verifier)
    check_numbers(DraftError, 0, temperature=temperature)
    if temperature == 0:
        return found.greedy
    return find_token_builder(builder).children in found.lossless


def check_pair(builder: str, verifier: str, temperature: float = 1.0, allow_lossy: bool = False) -> bool:
    """Refuse a pair that changes the target's law.

    Returns:
        whether the pair is lossless.

    Raises:
        DraftError: it is not, and `allow_lossy` is not set; or a name is unknown.
    """
    lossless = is_lossless(builder, verifier, temperature)
    if not lossless and not allow_lossy:
        kind = find_token_builder(builder).children
        sound = [name for name in VERIFIERS if is_lossless(builder, name, temperature)]
        raise DraftError(
            f"verifier {verifier!r} is not lossless at temperature {temperature:g} for the {kind} children "
            f"of {builder!r}; choose one of {', '.join(sound)}, or set allow_lossy=True to see what it does"
        )
    return lossless


__all__ = ["VERIFIERS", "Verdict", "Verifier", "check_pair", "find_verifier", "is_lossless"]
