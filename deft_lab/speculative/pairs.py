"""Which builder goes with which verifier and which options, for builders in the registry and others."""

import inspect
from collections.abc import Mapping
from typing import Any

from ..drafting import TOKEN_BUILDERS, TokenBuilder, check_values
from ..errors import DraftError
from ..verifying import VERIFIERS, check_pair, find_verifier


def check_builder(
    builder: TokenBuilder, verifier: str, temperature: float, allow_lossy: bool = False
) -> bool:
    """`check_pair` for a builder that need not be in the registry."""
    if TOKEN_BUILDERS.get(builder.name) is builder:
        return check_pair(builder.name, verifier, temperature, allow_lossy)
    found = find_verifier(verifier)
    lossless = found.greedy if temperature == 0 else builder.children in found.lossless
    if not lossless and not allow_lossy:
        raise DraftError(
            f"verifier {verifier!r} is not lossless at temperature {temperature:g} for the "
            f"{builder.children} children of {builder.name!r}; choose one of "
            f"{', '.join(sound_verifiers(builder, temperature))}, or set allow_lossy=True to see what it does"
        )
    return lossless


def sound_verifiers(builder: TokenBuilder, temperature: float) -> list[str]:
    """Verifiers that are lossless for it, the most particular first: it uses most of what is known."""
    sound = [
        verifier
        for verifier in VERIFIERS.values()
        if (verifier.greedy if temperature == 0 else builder.children in verifier.lossless)
    ]
    return [verifier.name for verifier in sorted(sound, key=lambda v: len(v.lossless))]


def check_options(builder: TokenBuilder, options: Mapping[str, Any]) -> None:
    """Refuse options that a builder does not take, and values that it cannot.

    Raises:
        DraftError: it does not take one of them.
    """
    taken = list(inspect.signature(builder.build).parameters.values())[3:]
    if any(p.kind is p.VAR_KEYWORD for p in taken):
        return
    names = [p.name for p in taken]
    for name in options:
        if name not in names:
            raise DraftError(
                f"builder {builder.name!r} takes no option {name!r}; it takes {', '.join(names) or 'none'}"
            )
    check_values(builder, options)
