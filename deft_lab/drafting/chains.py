"""Chains: the plain draft of speculative decoding, one token after the other, and several of them."""

from ..chance import Chance
from ..errors import DraftError, check_counts
from ..token_tree import TokenTree, tree_from_paths
from .base import IID, WITHOUT_REPLACEMENT, Laws, Path
from .fill import fill
from .shapes import expansion_shape


def chain(laws: Laws, budget: int, chance: Chance) -> TokenTree:
    """`budget` tokens, each drawn from the law of what came before.

    Source: Leviathan et al., "Fast inference from transformers via speculative decoding" (2211.17192).
    """
    path: Path = ()
    q = {}
    scores: dict[Path, float] = {}
    for _ in range(budget):
        (law,) = laws([path])
        q[path] = law
        token = chance.choose(law)
        scores[(*path, token)] = scores.get(path, 1.0) * float(law[token])
        path += (token,)
    return tree_from_paths([path], scores=scores, q=q)


def chains(laws: Laws, budget: int, chance: Chance, n_chains: int = 4, depth: int = 8) -> TokenTree:
    """`n_chains` chains of `depth` tokens whose first tokens differ; fewer where the law holds fewer.

    Source: the k x d baseline of Sequoia (2402.12374).
    """
    return fill(laws, _shape(n_chains, depth, budget), chance, WITHOUT_REPLACEMENT, "chains")


def chains_iid(laws: Laws, budget: int, chance: Chance, n_chains: int = 4, depth: int = 8) -> TokenTree:
    """`n_chains` independent chains of `depth` tokens; they may begin alike.

    Source: SpecTr (2310.15141).
    """
    return fill(laws, _shape(n_chains, depth, budget), chance, IID, "chains_iid")


def _shape(n_chains: int, depth: int, budget: int) -> tuple[int, ...]:
    check_counts(DraftError, 1, n_chains=n_chains, depth=depth)
    return expansion_shape([n_chains] + [1] * (depth - 1), budget)
