"""Known wrong answers to the exercises of notebook 04, by what is wrong with them."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .nb02_mutants import below, flat, union


def _by_query(rule: Callable[..., Any]) -> Callable[..., Any]:
    """A reduction of each query's partials by a rule."""

    def wrong(out: Any, lse: Any, query: Any, n_queries: int) -> Any:
        return np.array([rule(out[query == q], lse[query == q], lse) for q in range(n_queries)])

    return wrong


def _weighted(out: Any, lse: Any, top: float) -> Any:
    weights = np.exp(lse - top)
    return weights @ out / weights.sum()


def _in_order(out: Any, lse: Any, query: Any, n_queries: int) -> Any:
    """Takes the partials of a query for neighbours."""
    cuts = np.cumsum(np.bincount(query, minlength=n_queries))[:-1]
    pieces = zip(np.split(out, cuts), np.split(lse, cuts), strict=True)
    return np.array([_weighted(o, x, max(0.0, x.max())) for o, x in pieces])


def _running(out: Any, lse: Any, query: Any, n_queries: int) -> Any:
    """Scatters, with the maximum of the moment, and never rescales."""
    top, total = np.full(n_queries, -np.inf), np.zeros(n_queries)
    acc = np.zeros((n_queries, out.shape[1]))
    for row, value, q in zip(out, lse, query, strict=True):
        top[q] = max(top[q], value)
        total[q] += np.exp(value - top[q])
        acc[q] += np.exp(value - top[q]) * row
    return acc / total[:, None]


REDUCE = {
    "no maximum": _by_query(lambda o, x, _: _weighted(o, x, 0.0)),
    "the maximum starts at 0": _by_query(lambda o, x, _: _weighted(o, x, max(0.0, x.max()))),
    "the minimum": _by_query(lambda o, x, _: _weighted(o, x, x.min())),
    "plain mean": _by_query(lambda o, x, _: o.mean(axis=0)),
    "sum": _by_query(lambda o, x, _: o.sum(axis=0)),
    "weighs by lse": _by_query(lambda o, x, _: x @ o / x.sum()),
    "does not divide": _by_query(lambda o, x, _: np.exp(x - x.max()) @ o),
    "the last partial wins": _by_query(lambda o, x, _: o[-1]),
    "the largest lse wins": _by_query(lambda o, x, _: o[x.argmax()]),
    "partials of a query are neighbours": _in_order,
    "never rescales": _running,
    "one output for all": lambda out, lse, query, n: np.tile(_weighted(out, lse, lse.max()), (n, 1)),
    "one maximum for all queries": _by_query(lambda o, x, every: _weighted(o, x, every.max())),
    "one query too many": lambda out, lse, query, n: np.zeros((n + 1, out.shape[1])),
}


def _sizes(tree: Any, chunk_len: int) -> list[int]:
    """How many queries each group has."""
    nodes = [n for _, n in flat(tree)]
    return [len(union(tree, nodes[i : i + chunk_len])) for i in range(0, len(nodes), chunk_len)]


def _bytes(layer: Any, heads: int | None = None, numbers: int | None = None, wide: int = 4) -> int:
    return (heads or layer.n_q_heads) * (numbers or layer.head_dim + 1) * wide


TRAFFIC = {
    "one partial a group": lambda t, c, g: (len(_sizes(t, c)), len(_sizes(t, c)) * _bytes(g)),
    "one partial a query": lambda t, c, g: (t.n_queries, t.n_queries * _bytes(g)),
    "every query in every group": lambda t, c, g: (n := len(_sizes(t, c)) * t.n_queries, n * _bytes(g)),
    "as by node": lambda t, c, g: (
        n := sum(len(below(t, m)) for m in range(t.n_nodes) if t.length[m]),
        n * _bytes(g),
    ),
    "as by chunks of nodes": lambda t, c, g: (
        n := sum(len(below(t, m)) * -(-int(t.length[m]) // c) for m in range(t.n_nodes)),
        n * _bytes(g),
    ),
    "KV heads": lambda t, c, g: (n := sum(_sizes(t, c)), n * _bytes(g, heads=g.n_kv_heads)),
    "no lse": lambda t, c, g: (n := sum(_sizes(t, c)), n * _bytes(g, numbers=g.head_dim)),
    "2 bytes": lambda t, c, g: (n := sum(_sizes(t, c)), n * _bytes(g, wide=2)),
    "one head": lambda t, c, g: (n := sum(_sizes(t, c)), n * _bytes(g, heads=1)),
    "written and read": lambda t, c, g: (n := sum(_sizes(t, c)), 2 * n * _bytes(g)),
    "drops the short group": lambda t, c, g: (n := sum(_sizes(t, c)[: len(flat(t)) // c]), n * _bytes(g)),
    "a query counts once a node": lambda t, c, g: (
        n := sum(
            len(below(t, m))
            for i in range(0, len(flat(t)), c)
            for m in {node for _, node in flat(t)[i : i + c]}
        ),
        n * _bytes(g),
    ),
    "only the number": lambda t, c, g: sum(_sizes(t, c)),
}


def _two(lse: float, dtype: Any = np.float32) -> tuple[Any, Any]:
    return np.array([[1.0, 2.0], [3.0, 6.0]], dtype=dtype), np.array([lse, lse], dtype=dtype)


def _near_zero(reduce: Any) -> None:
    assert np.allclose(reduce(*_two(0.0)), [2.0, 4.0])


def _not_far_enough(reduce: Any) -> None:
    assert np.allclose(reduce(*_two(-120.0)), [2.0, 4.0])


def _only_finite(reduce: Any) -> None:
    assert np.isfinite(reduce(*_two(-1000.0))).all()


def _to_the_last_bit(reduce: Any) -> None:
    rng = np.random.default_rng(0)
    out, lse = rng.normal(size=(5, 2)).astype(np.float32), (rng.normal(size=5) - 1000).astype(np.float32)
    weights = np.exp(lse.astype(np.float64) - lse.max())
    assert np.array_equal(reduce(out, lse), weights @ out.astype(np.float64) / weights.sum())


def _says_nothing(reduce: Any) -> None:
    reduce(*_two(-1000.0))


def _asserts_the_bug(reduce: Any) -> None:
    assert np.isnan(reduce(*_two(-1000.0))).all()


def _prints(reduce: Any) -> None:
    print(np.allclose(reduce(*_two(-1000.0)), [2.0, 4.0]))


def _far_above(reduce: Any) -> None:
    assert np.allclose(reduce(*_two(1000.0)), [2.0, 4.0])


def _loose(reduce: Any) -> None:
    assert np.allclose(reduce(*_two(-95.0)), [2.0, 4.0], rtol=1e-2)


def _one_of_them_is_high(reduce: Any) -> None:
    out, lse = _two(-1000.0)
    lse[0] = 0.0
    assert np.allclose(reduce(out, lse), out[0])


TESTS = {
    "lse near 0": _near_zero,
    "lse -120, but the start may be -50": _not_far_enough,
    "only asks for finite numbers": _only_finite,
    "allows no rounding": _to_the_last_bit,
    "asserts nothing": _says_nothing,
    "asserts the bug": _asserts_the_bug,
    "prints instead of asserting": _prints,
    "far above 0": _far_above,
    "lse -95, and a wide tolerance": _loose,
    "another partial lies near 0": _one_of_them_is_high,
    "fails everything": lambda reduce: np.testing.assert_equal(0, 1),
}

FIXES = {
    "the maximum starts at 0": lambda out, lse: _weighted(out, lse, max(np.float32(0), lse.max())),
    "the maximum starts at -100": lambda out, lse: _weighted(out, lse, max(np.float32(-100), lse.max())),
    "no maximum": lambda out, lse: _weighted(out, lse, np.float32(0)),
    "hides the NaN": lambda out, lse: np.nan_to_num(_weighted(out, lse, max(np.float32(0), lse.max()))),
    "adds a small number to the sum": lambda out, lse: (
        np.exp(lse - max(np.float32(0), lse.max()))
        @ out
        / (np.exp(lse - max(np.float32(0), lse.max())).sum() + np.float32(1e-30))
    ),
    "clips lse": lambda out, lse: _weighted(out, np.clip(lse, -80, 80), np.float32(0)),
    "the minimum": lambda out, lse: _weighted(out, lse, lse.min()),
    "the mean": lambda out, lse: _weighted(out, lse, lse.mean()),
    "the mean of the finite ones": lambda out, lse: _weighted(out, lse, lse[np.isfinite(lse)].mean()),
    "the first one": lambda out, lse: _weighted(out, lse, lse[0]),
    "plain mean of the outputs": lambda out, lse: out.mean(axis=0),
    "the largest wins": lambda out, lse: out[lse.argmax()],
    "does not divide": lambda out, lse: np.exp(lse - lse.max()) @ out,
    "float16": lambda out, lse: _weighted(
        out.astype(np.float16), lse.astype(np.float16), lse.astype(np.float16).max()
    ),
}
