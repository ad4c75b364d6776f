"""Verifiers: which drafted tokens a target commits. Pairs that are not lossless are refused unless asked for.

To add one: write it in a file here and add its line to VERIFIERS; the shared tests enumerate its law.
"""

from ..drafting import CHILDREN, find_token_builder
from ..errors import DraftError
from .base import Verdict, Verifier
from .naive import naive

VERIFIERS: dict[str, Verifier] = {
    verifier.name: verifier
    for verifier in (
        Verifier(
            "naive", naive, frozenset(CHILDREN), True, "draw from the target; descend while it is there"
        ),
    )
}


def find_verifier(name: str) -> Verifier:
    """The verifier of that name.

    Raises:
        DraftError: there is none.
    """
    if name not in VERIFIERS:
        raise DraftError(f"no verifier {name!r}; choose one of {', '.join(VERIFIERS)}")
    return VERIFIERS[name]


def is_lossless(builder: str, verifier: str, temperature: float = 1.0) -> bool:
    """Whether committed tokens have the target's law."""
    found = find_verifier(verifier)
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
