"""Exhibits: attention that is not attention, and reductions that lose numbers."""

import numpy as np

from .exhibit import Exhibit

RELEASED = "the released DeFT code (commit 728525e)"

# --- row_max


def reduce_from_zero(out, lse):
    largest = np.float32(0)  # the running maximum starts here
    for value in lse:
        largest = max(largest, value)
    weight = np.exp(lse - largest)
    return (weight[:, None] * out).sum(axis=0) / weight.sum()


def reduce_from_largest(out, lse):
    weight = np.exp(lse - lse.max())
    return (weight[:, None] * out).sum(axis=0) / weight.sum()


def reduce_one_by_one(out, lse):
    total, at = out[0], lse[0]
    for partial, value in zip(out[1:], lse[1:], strict=True):
        both = np.logaddexp(at, value)
        total, at = total * np.exp(at - both) + partial * np.exp(value - both), both
    return total


def test_row_max(reduce):
    out = np.array([[1, 2], [3, 4]], dtype=np.float32)
    lse = np.array([-120, -120], dtype=np.float32)
    assert np.allclose(reduce(out, lse), [2, 3])


def partials(*lse, dtype=np.float32):
    rng = np.random.default_rng(0)
    return rng.normal(size=(len(lse), 3)).astype(dtype), np.array(lse, dtype=dtype)


def close_at(*lse):
    """A test at these LSE."""

    def test(reduce):
        out, values = partials(*lse)
        weight = np.exp(values.astype(float) - values.max())
        assert np.allclose(reduce(out, values), weight @ out / weight.sum(), rtol=1e-3, atol=1e-5)

    return test


def has_the_shape(reduce):
    assert np.shape(reduce(*partials(-120, -120))) == (3,)


def to_the_bit(reduce):
    out, lse = partials(-120.5, -119.25, -118.1)
    weight = np.exp(lse - lse.max())
    assert ((weight[:, None] * out).sum(axis=0) / weight.sum() == reduce(out, lse)).all()


ROW_MAX = Exhibit(
    key="row_max",
    title="the row maximum starts at 0",
    found=f"{RELEASED}, in the reduction and in the row maxima of its kernels.",
    did="""
        The softmax subtracts the largest LSE, so that no exponential overflows. If the search for the largest
        begins at 0, a query whose LSE are all below 0 gets no help: at -95 the output is off in the fourth
        decimal, and below about -104 it is 0 / 0, not a number.
    """,
    gets="Your test gets `reduce(out, lse)`: partials `[n, dim]`, their LSE `[n]`, float32, to one output.",
    defect=reduce_from_zero,
    right=reduce_from_largest,
    also_right=(reduce_one_by_one,),
    test=test_row_max,
    wrong_tests={
        "LSE around zero": close_at(0.1, -0.5, 2.0),
        "large LSE only": close_at(200.0, 201.0),
        "not far enough down": close_at(-20.0, -21.0),
        "looks at the shape": has_the_shape,
        "asks for the same bits": to_the_bit,
    },
)

# --- half_sum


def reduce_in_half(out, lse):
    total, weights = np.zeros(out.shape[1], np.float16), np.float16(0)
    for partial, value in zip(out, lse, strict=True):
        weight = np.float16(np.exp(value))  # added up as they come, not brought to a common size
        total, weights = total + weight * partial.astype(np.float16), weights + weight
    return total / weights


def test_half_sum(reduce):
    out = np.array([[1, 2], [3, 4]], dtype=np.float32)
    lse = np.array([-17, -18], dtype=np.float32)
    assert np.allclose(reduce(out, lse), [1.538, 2.538], rtol=0.01)  # weights 0.731 and 0.269


HALF_SUM = Exhibit(
    key="half_sum",
    title="sums in half precision that underflow",
    found=f"{RELEASED}: its reduction adds with atomics, in float16, before dividing.",
    did="""
        Weights of exp(lse) are added up un-normalised, in 16 bits. Where a query's true LSE is -12 the result
        has a mean error of a third; at -16 the sum is zero. And because programs add in the order in which
        they happen to arrive, two runs differ.
    """,
    gets="Your test gets `reduce(out, lse)`, as in `row_max`.",
    defect=reduce_in_half,
    right=reduce_from_largest,
    also_right=(reduce_one_by_one,),
    test=test_half_sum,
    wrong_tests={
        "LSE around zero": lambda reduce: _near(reduce, 0.0, 0.01),
        "a tolerance as large as the error": lambda reduce: _near(reduce, -12.0, 1.0),
        "looks at the shape": has_the_shape,
        "more digits than float32 has": lambda reduce: _near(reduce, -12.0, 1e-12),
    },
)


def _near(reduce, level, tolerance):
    out, lse = partials(level, level - 0.3, level + 0.2)
    weight = np.exp(lse.astype(float) - lse.max())
    assert np.allclose(reduce(out, lse), weight @ out / weight.sum(), rtol=tolerance, atol=tolerance / 3)


# --- dummy_baseline


def returns_the_query(q, k, v):
    return q.copy()


def softmax_attention(q, k, v):
    score = q @ k.T / q.shape[1] ** 0.5
    weight = np.exp(score - score.max(axis=1, keepdims=True))
    return weight @ v / weight.sum(axis=1, keepdims=True)


def attention_in_two_parts(q, k, v):
    half = (len(k) + 1) // 2
    parts = [slice(0, half), slice(half, None)] if len(k) > 1 else [slice(0, None)]
    score = [q @ k[part].T / q.shape[1] ** 0.5 for part in parts]
    lse = [np.logaddexp.reduce(s, axis=1, keepdims=True) for s in score]
    out = [np.exp(s - at) @ v[part] for s, at, part in zip(score, lse, parts, strict=True)]
    both = np.logaddexp.reduce(np.stack(lse), axis=0)
    return sum(np.exp(at - both) * o for at, o in zip(lse, out, strict=True))


def test_dummy_baseline(attend):
    q, k = np.ones((2, 4)), np.zeros((3, 4))  # equal scores: the plain mean of the values
    v = np.array([[1.0] * 4, [2.0] * 4, [6.0] * 4])
    assert np.allclose(attend(q, k, v), 3.0)


def one_token_that_is_the_query(attend):
    q = np.ones((1, 4))
    assert np.allclose(attend(q, q, q), q)


def right_shape_and_finite(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 5, 4))
    assert attend(q, k, v).shape == q.shape and np.isfinite(attend(q, k, v)).all()


def the_nearest_value(attend):
    q, k, v = np.random.default_rng(0).normal(size=(3, 5, 4))
    assert np.allclose(attend(q, k, v), v[(q @ k.T).argmax(axis=1)])


DUMMY_BASELINE = Exhibit(
    key="dummy_baseline",
    title="a baseline that does not compute",
    found=f"{RELEASED}: its Flash-Decoding path returns the query.",
    did="""
        A baseline is timed, and nobody reads its output. This one skipped attention altogether, so what was
        measured was not what the table says. A baseline needs the same test as the method.
    """,
    gets="Your test gets `attend(q, k, v)`, arrays `[queries, dim]`, `[tokens, dim]` twice.",
    defect=returns_the_query,
    right=softmax_attention,
    also_right=(attention_in_two_parts,),
    test=test_dummy_baseline,
    wrong_tests={
        "one token, equal to the query": one_token_that_is_the_query,
        "shape, and no NaN": right_shape_and_finite,
        "takes attention for a search": the_nearest_value,
    },
)

EXHIBITS = (ROW_MAX, HALF_SUM, DUMMY_BASELINE)
