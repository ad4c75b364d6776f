"""Known wrong answers to the exercises of notebook 07, by what is wrong with them."""

from typing import Any


class _Language:
    """triton.language, imported when a mutant runs."""

    def __getattr__(self, name: str) -> Any:
        import triton.language

        return getattr(triton.language, name)


tl: Any = _Language()


def merged(s: Any, v: Any, m: Any, total: Any, acc: Any, **wrong: Any) -> Any:
    """One step of the online softmax, with some parts replaced."""
    m_new = wrong.get("m_new", lambda: tl.maximum(m, tl.max(s, 1)))()
    p = wrong.get("p", lambda new: tl.exp(s - new[:, None]))(m_new)
    decay = tl.exp(m - m_new)
    decay_total, decay_acc = wrong.get("decays", lambda d, new: (d, d))(decay, m_new)
    return m_new, total * decay_total + tl.sum(p, 1), acc * decay_acc[:, None] + tl.dot(p, v)


def stored(pointers: Any, sums: Any, at: Any, ok: Any, dim: Any, **wrong: Any) -> None:
    """The store, with some parts replaced."""
    (out_ptr, lse_ptr), (m, total, acc) = pointers, sums
    d = tl.arange(0, dim)
    out = wrong.get("out", lambda: acc / total[:, None])()
    lse = wrong.get("lse", lambda: m + tl.log(total))()
    tl.store(lse_ptr + at, lse, mask=ok)
    tl.store(out_ptr + at[:, None] * dim + d[None, :], out, mask=ok[:, None])


def ones(x: Any) -> Any:
    return x * 0.0 + 1.0


KV_OFFSET = {
    "query head in the place of KV head": lambda slot, h, nq, nkv, dim: (slot * nkv + h) * dim,
    "heads dealt in turn": lambda slot, h, nq, nkv, dim: (slot * nkv + h % nkv) * dim,
    "always the first KV head": lambda slot, h, nq, nkv, dim: slot * nkv * dim,
    "divides by the number of KV heads": lambda slot, h, nq, nkv, dim: (slot * nkv + h // nkv) * dim,
    "rows, not numbers": lambda slot, h, nq, nkv, dim: slot * nkv + h // (nq // nkv),
    "an array [kv_head, slot, dim]": lambda slot, h, nq, nkv, dim: (h // (nq // nkv) * 7 + slot) * dim,
    "as many rows a slot as query heads": lambda slot, h, nq, nkv, dim: (slot * nq + h // (nq // nkv)) * dim,
    "bytes, not numbers": lambda slot, h, nq, nkv, dim: (slot * nkv + h // (nq // nkv)) * dim * 2,
    "one head too far": lambda slot, h, nq, nkv, dim: (slot * nkv + (h + 1) // (nq // nkv)) * dim,
    "first half and second half swapped": lambda slot, h, nq, nkv, dim: (
        (slot * nkv + nkv - 1 - h // (nq // nkv)) * dim
    ),
}

SCORES = {
    "no mask": lambda q, k, inside, scale: tl.dot(q, tl.trans(k)) * scale,
    "no scale": lambda q, k, inside, scale: tl.where(inside[None, :], tl.dot(q, tl.trans(k)), float("-inf")),
    "masked with zero": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.dot(q, tl.trans(k)) * scale, 0.0
    ),
    "masked with a low score": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.dot(q, tl.trans(k)) * scale, -100.0
    ),
    "the mask the wrong way round": lambda q, k, inside, scale: tl.where(
        inside[None, :], float("-inf"), tl.dot(q, tl.trans(k)) * scale
    ),
    "scaled twice": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.dot(q * scale, tl.trans(k * scale)), float("-inf")
    ),
    "divided by the scale": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.dot(q, tl.trans(k)) / scale, float("-inf")
    ),
    "masked with one": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.dot(q, tl.trans(k)) * scale, 1.0
    ),
    "the first score of all": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.sum(q, 1)[:, None] * scale, float("-inf")
    ),
    "weights, not scores": lambda q, k, inside, scale: tl.where(
        inside[None, :], tl.exp(tl.dot(q, tl.trans(k)) * scale), 0.0
    ),
    "drops the last token": lambda q, k, inside, scale: tl.where(
        inside[None, :] & (tl.arange(0, 16) < 15)[None, :], tl.dot(q, tl.trans(k)) * scale, float("-inf")
    ),
}

MEET = {
    "no rescale": lambda *a: merged(*a, decays=lambda d, new: (ones(d), ones(d))),
    "rescales the output only": lambda *a: merged(*a, decays=lambda d, new: (ones(d), d)),
    "rescales the sum only": lambda *a: merged(*a, decays=lambda d, new: (d, ones(d))),
    "the factor upside down": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, decays=lambda d, new: (tl.exp(new - m), tl.exp(new - m))
    ),
    "the maximum of this tile only": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, m_new=lambda: tl.max(s, 1)
    ),
    "keeps the old maximum": lambda s, v, m, total, acc: merged(s, v, m, total, acc, m_new=lambda: m),
    "the smallest score": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, m_new=lambda: tl.maximum(m, tl.min(s, 1))
    ),
    "the new terms relative to the old maximum": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, p=lambda new: tl.exp(s - tl.maximum(m, -4.0)[:, None])
    ),
    "forgets what was": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, decays=lambda d, new: (d * 0.0, d * 0.0)
    ),
    "base 2": lambda s, v, m, total, acc: merged(
        s, v, m, total, acc, p=lambda new: tl.exp2(s - new[:, None])
    ),
    "one maximum for all rows": lambda s, v, m, total, acc: (
        m * 0.0 + 1.0,
        total * tl.exp(tl.minimum(m, 1.0) - 1.0) + tl.sum(tl.exp(s - 1.0), 1),
        acc + tl.dot(tl.exp(s), v),
    ),
}

STORE = {
    "no division": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, out=lambda: a
    ),
    "no maximum in the LSE": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, lse=lambda: tl.log(t)
    ),
    "no logarithm": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, lse=lambda: m + t
    ),
    "the maximum for the LSE": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, lse=lambda: m
    ),
    "a logarithm of base 2": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, lse=lambda: m + tl.log2(t)
    ),
    "no mask": lambda o, e, m, t, a, h, p, ok, n, d: stored((o, e), (m, t, a), h * n + p, ok | True, d),
    "forgets the head": lambda o, e, m, t, a, h, p, ok, n, d: stored((o, e), (m, t, a), h * 0 + p, ok, d),
    "an array [place, q_head]": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), p * 2 + h, ok, d
    ),
    "divides twice": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok, d, out=lambda: a / t[:, None] / t[:, None]
    ),
    "the first row only": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok & (tl.arange(0, 32) < 1), d
    ),
    "stores nothing": lambda o, e, m, t, a, h, p, ok, n, d: stored(
        (o, e), (m, t, a), h * n + p, ok & False, d
    ),
}
