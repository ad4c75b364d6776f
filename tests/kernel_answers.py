"""Answers to exercises of notebook 07 as a learner may write them who knows Triton: jitted."""

import triton
import triton.language as tl


@triton.jit
def scores(q, k, inside, scale):
    s = tl.dot(q, tl.trans(k)) * scale
    return tl.where(inside[None, :], s, float("-inf"))


@triton.jit
def scores_without_mask(q, k, inside, scale):
    return tl.dot(q, tl.trans(k)) * scale


@triton.jit
def raises(q, k, inside, scale):
    return q + no_such_name  # noqa: F821
