"""What one node accepts: the probability that one of a node's children is committed, in closed form.

p: the target's law, q: the draft's, k: children that were drawn. Exact, no sampling. Each raises DraftError
where a law is none or k no count.
"""

from collections.abc import Collection

import numpy as np

from ..errors import DraftError, check_counts, check_kind
from .base import Law, check_laws, ratio, residual, without


def iid_acceptance(p: Law, q: Law, k: int) -> float:
    """Of `k` independent draws that are tried in turn: 1 - prod (1 - sum_x min(p_i(x), q(x))).

    Source: SpecInfer's multi-step speculative sampling (2305.09781).
    """
    p, q = _given(p, q, k)
    refused = 1.0
    for _ in range(k):
        refused *= 1.0 - np.minimum(p, q).sum()
        p = residual(p, q)
    return 1.0 - float(refused)


def without_replacement_acceptance(p: Law, q: Law, k: int) -> float:
    """Of `k` different draws that are tried in turn; 1 where they are the whole vocabulary.

    A(p, q, k) = sum_x q(x) (a_x + (1 - a_x) A(norm((p - q)+), q without x, k - 1)),
    where a_x = min(1, p(x) / q(x)).
    Its cost grows as vocabulary to the power k.

    Source: Sequoia (2402.12374).
    """
    p, q = _given(p, q, k)
    return _without_replacement(p, q, k)


def _without_replacement(p: Law, q: Law, k: int) -> float:
    if k == 0:
        return 0.0
    total, rest = 0.0, residual(p, q)
    for x in np.flatnonzero(q).tolist():
        accepted = min(1.0, ratio(p[x], q[x]))
        later = _without_replacement(rest, without(q, x), k - 1) if accepted < 1 else 0.0
        total += q[x] * (accepted + (1.0 - accepted) * later)
    return float(total)


def set_acceptance(p: Law, tokens: Collection[int]) -> float:
    """Of children with these tokens, without a q: p(tokens). `naive` and `one_hot` reach it."""
    (p,) = check_laws("[vocabulary]", p=p)
    check_kind(DraftError, Collection, "list tokens", tokens=tokens)
    for token in tokens:
        check_counts(DraftError, 0, token=token)
        if token >= len(p):
            raise DraftError(f"token {token} lies beyond the {len(p)} tokens of the law")
    return float(p[sorted(set(tokens))].sum())


def top_k_acceptance(p: Law, q: Law, k: int) -> float:
    """Of the draft's `k` likeliest tokens: `set_acceptance` of them."""
    p, q = _given(p, q, k)
    return set_acceptance(p, np.argsort(-q, kind="stable")[:k].tolist())


def transport_bound(p: Law, q: Law, k: int) -> float:
    """What no lossless verifier of `k` independent draws can exceed: 1 + min over sets H of p(H) - q(H)^k.

    p(H) - q(H)^k is concave in (p(H), q(H)), so that only the sets {p/q <= c} need a look.

    Source: SpecTr (2310.15141), by optimal transport.
    """
    p, q = _given(p, q, k)
    order = np.argsort([ratio(a, b) for a, b in zip(p, q, strict=True)], kind="stable")
    p_of_set, q_of_set = p[order].cumsum(), q[order].cumsum()
    return 1.0 + min(0.0, float((p_of_set - q_of_set**k).min()))


def _given(p: Law, q: Law, k: int) -> list[Law]:
    check_counts(DraftError, 0, k=k)
    return check_laws("[vocabulary]", p=p, q=q)
