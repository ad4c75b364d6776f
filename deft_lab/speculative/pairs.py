"""Which builder goes with which verifier and which options, for builders in the registry and others."""

from ..drafting import TOKEN_BUILDERS, TokenBuilder
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
