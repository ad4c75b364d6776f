# %% [markdown]
# # 4. Tree reduction: putting the pieces together
#
# The programs of notebook 2 have finished (*phase 1*), and each has left partials, one for each of its
# queries. Now every query must collect what belongs to it, from all over the tree, and make one output of
# it. This is the *reduction*. It looks like a detail. It moves more bytes than the KV when it is done
# carelessly, and in the released code of DeFT it hides a bug that you will find, prove with a test, and
# mend.
#
# - **Goals:** say who is reduced with whom; reduce by query; count the bytes of partials; tell a gather from
#   atomic additions; write a test that fails, then the fix.
# - **Prerequisites:** notebooks 2 and 3: groups, partials, the merge.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights. One cell runs a kernel where Triton is installed
#   (Linux).
# - **Time to read:** 25 minutes, and 35 more for the exercises. **Time to run:** under 15 seconds.
#
# **Run the cell below**, click into it, and press the space bar: the reduction of four queries of a real
# decode, one after the other.

# %%
from deft_lab.widgets import play_reduction

play_reduction()

# %% [markdown]
# A query sits on a node, and its partials lie along the path above: one from each group that served it. They
# are [weighted by exp(lse - max)](../deft_lab/attention/grouped.py#reduce_partials.weights), as in the merge
# of notebook 3, all at once instead of one by one.

# %% [markdown]
# ## Who is reduced with whom
#
# The same decode as a matrix: a row for each query, a column for each group. Where they meet there is a
# partial, and the colour fills it as far as it weighs in the output of its query. (One query head of one
# layer; the recording keeps what the model really computed.)

# %%
from deft_lab import plan_tree
from deft_lab.attention import dense_attention, partial_attention, reduce_partials
from deft_lab.trace import load_recording, read_sample
from deft_lab.viz import draw_reduction

recording = load_recording("reasoning")
tree, sample = recording.trace.tree_at(40), read_sample(recording.samples[40])
by_node = plan_tree(tree, "deft_node")
out, lse = partial_attention(sample.q, sample.k, sample.v, by_node)
draw_reduction(by_node, lse[:, 0])

# %% [markdown]
# The first column is the prompt, which all queries see. How much of their attention does it get? By node, the
# matrix is the tree itself: a query has as many partials as its path has nodes. Now the same tree, flattened
# and cut after every 32 tokens. There is one group less, and yet most queries have more partials, because a
# cut falls into the middle of what they see:

# %%
flat = plan_tree(tree, "deft_flatten", chunk_len=32)
draw_reduction(flat, partial_attention(sample.q, sample.k, sample.v, flat)[1][:, 0])

# %% [markdown]
# Both give the same output, and both give what the definition gives:

# %%
import numpy as np

exact = dense_attention(sample.q, sample.k, sample.v, tree)
for plan in (by_node, flat):
    reduced = reduce_partials(*partial_attention(sample.q, sample.k, sample.v, plan), plan)
    print(f"{plan.method:13} {plan.n_partials} partials, off by at most {np.abs(reduced - exact).max():.0e}")

# %% [markdown]
# ### A segment for each query
#
# Partials are numbered group by group, as the programs write them. The reduction wants them query by query.
# [`plan.reduction()`](../deft_lab/plan.py#Plan.reduction) sorts their numbers: the query in row r of the
# matrix owns a *segment* of the sorted list, from `start[r]` up to `start[r + 1]`. (Rows of different
# lengths, laid end to end: the form that you know from notebook 2. Rows count depth first, so the third one
# is q5.)

# %%
start, partial = by_node.reduction()
for row in range(3):
    name, mine = f"q{tree.query_order[row]}", partial[start[row] : start[row + 1]]
    print(f"row {row}: {name} is reduced from partials {mine}")

# %% [markdown]
# ### Your turn

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("04.1")


# %%
def reduce_by_query(out, lse, query, n_queries):
    # return an array [n_queries, dim]
    ...


check("04.1", reduce_by_query)

# %%
hint("04.1")  # three of them; run the cell again for the next
solution("04.1")

# %% [markdown]
# ## Predict: how many partials?
#
# Back to the tree of notebook 1: a prompt of 4,000 tokens and twenty answers of 20 tokens each. DeFT-Node
# makes a group of each node, so every query has two partials, forty in all. DeFT-Flatten cuts after every 128
# tokens.

# %%
from deft_lab import LLAMA3_8B, build_tree
from deft_lab.lessons import predict

few_shot = build_tree("few_shot", prompt=4000, width=20, length=20)
node = plan_tree(few_shot, "deft_node")
partials = predict(
    "04.partials",
    f"DeFT-Node leaves {node.n_partials} partials. How many does DeFT-Flatten leave, for one query head?",
    unit="partials",
    typical=80,
)

# %% tags=["reveal"]
even = plan_tree(few_shot, "deft_flatten")
partials.reveal(even.n_partials)

# %% tags=["reveal"]
draw_reduction(even)

# %% [markdown]
# ### Explain the gap
#
# Every piece of the prompt is served to all twenty queries, so each piece leaves twenty partials. And a
# partial is not small: an output of 128 numbers of 4 bytes, for each query head. It is written once by the
# first kernel, and read once by the second.

# %% tags=["reveal"]
from deft_lab import traffic
from deft_lab.viz import Table

layer = LLAMA3_8B.layer
rows = []
for plan in (node, even):
    one_way = plan.n_partials * layer.n_q_heads * layer.head_dim * 4
    counted = traffic(plan, layer, "requested", pack_heads=True)
    assert counted.partials == 2 * one_way  # written once and read once
    rows.append((plan.method, plan.n_partials, one_way / 1e6, counted.partials / 1e6, counted.kv / 1e6))
Table(("method", "partials", "MB written", "MB both ways", "MB of KV"), tuple(rows))

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

few, many = rows
Markdown(
    f"By node, {few[2]:.2f} MB go each way, next to {few[4]:.1f} MB of KV: hardly worth a word. Flattened it "
    f"is {many[2]:.1f} MB each way, {many[3]:.1f} MB in all, and that is **more than the KV itself**. "
    f"Sharing divides the KV reads by {few_shot.sharing:.0f}, and an even cut gives a part of that back."
)

# %% [markdown]
# So the length of a chunk is a trade. Short chunks give many programs and an even load; long ones leave few
# partials. Here is the whole range, for one layer and one step. (A *role* is what bytes are moved for: KV,
# partials, queries, outputs and so on.)

# %% tags=["reveal"]
from deft_lab.viz import Axis, draw_lines

lengths = [16, 32, 64, 128, 256, 512, 1024, 2048]
cut = {n: plan_tree(few_shot, "deft_flatten", chunk_len=n) for n in lengths}
moved = {n: traffic(plan, layer, "requested", pack_heads=True) for n, plan in cut.items()}
lines = {
    "all roles": [(n, moved[n].total / 1e6) for n in lengths],
    "partials": [(n, moved[n].partials / 1e6) for n in lengths],
    "KV": [(n, moved[n].kv / 1e6) for n in lengths],
}
x, y = Axis("tokens of a chunk", log=True), Axis("MB of a layer and step", log=True)
draw_lines("What an even cut costs, by the length of a chunk", lines, x, y)

# %%
exercise("04.2")


# %%
def partial_traffic(tree, chunk_len, layer):
    # return partials, n_bytes
    ...


check("04.2", partial_traffic)

# %%
hint("04.2")
solution("04.2")

# %% [markdown]
# ## Gather or scatter
#
# There are two ways to reduce on a GPU. **Gather:** a program for each query walks over its segment and
# adds up, always in the same order. **Scatter:** a program for each partial adds it to the output of its
# query. Several programs then add to one place at the same time, so it takes *atomic* additions: each one is
# indivisible, but nobody knows in which order they happen.
#
# Addition of floating-point numbers is not associative: each sum is rounded. So a scatter may give another
# result every time it runs. Here one query's partials are added in two hundred random orders:

# %%
rng = np.random.default_rng(seed=0)
many_out, many_lse = rng.normal(size=33), rng.normal(size=33)  # as many as a query of the few-shot tree has
weights = np.exp(many_lse - many_lse.max())
rows = []
for dtype in (np.float64, np.float32, np.float16):
    terms, results = (weights * many_out).astype(dtype), set()
    for _ in range(200):
        total = dtype(0)
        for term in rng.permutation(terms):
            total = total + term
        results.add(float(total))
    rows.append((np.dtype(dtype).name, len(results), f"{max(results) - min(results):.0e}"))
Table(("sum kept in", "different results of 200", "largest minus smallest"), tuple(rows))

# %% [markdown]
# The released code scatters, with its sums in the type of the output, 16 bits. Our kernels
# [gather](../kernels/reduce.py#reduce_kernel.place), with sums in 32 bits: two runs agree to the last bit,
# and nothing has to be set to zero before. The price is a small table that says where the partials of a query
# lie, which the first kernel uses to store them side by side.
#
# ### The kernel itself
#
# This is the loop of our reduction. It is written in *Triton*, a language for GPU kernels inside Python.
# There is a program for each query and query head; `first` and `stop` are the segment of its query. `place`
# walks over it, a tile of partials at a time, and `ok` says which places of the tile are inside. What does
# the kernel do when a tile brings a larger lse?

# %%
from deft_lab.kernel_run import load_kernel_run
from deft_lab.lessons import source_of

source_of(load_kernel_run("deft_node"), "reduce_kernel", begin="m = NOTHING_SEEN", end="m = m_new")

# %% [markdown]
# It is the online softmax of notebook 3, with partials in the place of tokens: `decay` brings the old sums to
# the new maximum. (`exp2` is the power of two, which a GPU computes fastest; the factor `LOG2_E` makes up for
# it. The `else` is for heads whose size is no power of two.) Notebook 7 goes through such a kernel line by
# line.
#
# Triton also has an *interpreter*, which runs kernels on a CPU. So we can give this one the partials of the
# decode above, side by side as it wants them, and hold it against NumPy:

# %%
from importlib import import_module, util

has_triton = all(util.find_spec(name) for name in ("torch", "triton"))


# %%
def reduce_in_triton(out, lse, plan):
    torch, kernel = import_module("torch"), import_module("deft_lab.kernels.reduce").reduce_kernel
    (start, partial), (n_partials, n_heads, dim) = plan.reduction(), out.shape
    # [head, place, ...], the segments of the queries end to end
    placed = [torch.tensor(np.moveaxis(x[partial], 1, 0).copy()).float() for x in (out, lse)]
    index = [torch.tensor(x, dtype=torch.int32) for x in (start, plan.tree.query_order)]
    result = torch.empty(plan.tree.n_queries, n_heads, dim)
    shape = {"N_Q_HEADS": n_heads, "D": dim, "D_PAD": dim, "BLOCK_P": 16, "PERMUTED": True, "PDL": False}
    with import_module("deft_lab.interpret").interpreted():
        kernel[(plan.tree.n_queries * n_heads,)](*placed, *index, result, n_partials, **shape)
    return result.numpy()


# %%
for plan in (by_node, flat) if has_triton else ():
    out, lse = partial_attention(sample.q, sample.k, sample.v, plan)
    apart = np.abs(reduce_in_triton(out, lse, plan) - reduce_partials(out, lse, plan)).max()
    print(f"{plan.method:13} Triton and NumPy differ by at most {apart:.0e}")
    assert apart < 1e-5
if not has_triton:
    print("Triton is not installed here, so this kernel is not run. Notebook 7 plays a recording of it.")

# %% [markdown]
# What is left is the rounding of 32 bits.

# %% [markdown]
# ## Bug museum: a maximum that starts at zero
#
# To scatter, the released code first finds the largest lse of each query, with an atomic maximum. Such a
# maximum must start somewhere, and it starts at 0, because fresh memory is set to 0. So what it computes is
# `max(0, lse of all partials)`. Is that wrong? Only differences matter, so any number may be subtracted:


# %%
def reduce_as_released(out, lse):
    top = np.maximum(lse.dtype.type(0), lse.max())  # the bug
    weights = np.exp(lse - top)
    return weights @ out / weights.sum()


# %%
def error_at(lse_size, dtype):
    """Largest error of 25 queries with eight partials each, whose lse all lie around `lse_size`."""
    rng, errors = np.random.default_rng(seed=0), []
    for _ in range(25):
        out, lse = rng.normal(size=(8, 4)).astype(dtype), (lse_size + rng.normal(size=8) / 2).astype(dtype)
        weights = np.exp(lse.astype(np.float64) - lse.max())
        right = weights @ out.astype(np.float64) / weights.sum()
        with np.errstate(invalid="ignore"):
            errors.append(np.abs(reduce_as_released(out, lse) - right).max())
    return float(max(errors))


# %%
sizes = (0, -40, -80, -95, -100, -120)
Table(("lse around", "error in float32"), tuple((n, f"{error_at(n, np.float32):.0e}") for n in sizes))

# %% [markdown]
# In exact arithmetic, yes, any number. But where all lse are far below 0, all weights are tiny. At -95 they
# are smaller than the smallest *normal* float32, and what is left of them are *subnormal* numbers, with fewer
# and fewer bits: the result is wrong in the fifth decimal, without a warning. At -120 all weights are 0, and
# 0 / 0 is NaN.
#
# ### Predict
#
# Somewhere between lies the point at which float32 gives up:

# %%
gives_up = predict(
    "04.fp32",
    "All lse of a query are equal, and are -x. From which whole number x on does the released reduction give "
    "NaN in float32?",
    typical=110,
)


# %% tags=["reveal"]
def is_nan_at(x, dtype):
    with np.errstate(invalid="ignore"):
        equal = np.full(2, -x, dtype=dtype)
        return bool(np.isnan(reduce_as_released(np.ones((2, 1), dtype=dtype), equal)).any())


limit = next(x for x in range(1, 2000) if is_nan_at(x, np.float32))
gives_up.reveal(limit)

# %% jupyter={"source_hidden": true} tags=["reveal"]
tiny, least = np.finfo(np.float32).tiny, np.finfo(np.float32).smallest_subnormal
half = next(x for x in range(1, 200) if is_nan_at(x, np.float16))
Markdown(
    f"The smallest normal float32 is {tiny:.0e}, whose logarithm is {np.log(float(tiny)):.1f}; from there on "
    f"bits are lost. The smallest subnormal one is {least:.0e}, with the logarithm "
    f"{np.log(float(least)):.1f}, and from {limit} on the weights are 0. A GPU that flushes subnormals "
    f"to 0 gives up at the first of the two already. In float16, which the released code uses for its sums, "
    f"it is over at {half}."
)

# %% tags=["reveal"]
points = range(limit)
lines = {
    np.dtype(dtype).name: [(x, e) for x in points if np.isfinite(e := error_at(-x, dtype)) and e > 0]
    for dtype in (np.float16, np.float32)
}
x, y = Axis("x, where all lse are around -x"), Axis("largest error", log=True)
draw_lines("The error of a maximum that starts at 0", lines, x, y)

# %% [markdown]
# ### Does it ever happen?
#
# Look before you judge. These are the lse of all partials in our recordings:

# %%
from deft_lab.trace import bundled_recordings

rows = []
for name in bundled_recordings():
    found = load_recording(name)
    for step, file in found.samples.items():
        s, t = read_sample(file), found.trace.tree_at(step)
        values = partial_attention(s.q, s.k, s.v, plan_tree(t, "deft_flatten"))[1]
        values = values[np.isfinite(values)]
        rows.append((name, step, float(values.min()), float(values.max())))
Table(("recording", "step", "smallest lse", "largest lse"), tuple(rows))

# %% [markdown]
# All near or above 0: here the bug sleeps. It wakes where scores are large and negative. Queries and keys
# that point away from each other do that, or a bias that punishes distance, as some models have. Nothing in
# the definition of attention forbids it, so a kernel must be right there too.
#
# ### Find it, prove it, mend it
#
# First the proof. A test is worth something if it fails on what is wrong *and* passes on all that is right.
# Yours will be given several reductions of both kinds.

# %%
exercise("04.3")


# %%
def test_far_below_zero(reduce):
    # make out and lse, call reduce, assert what it returns
    ...


check("04.3", test_far_below_zero)

# %%
hint("04.3")
solution("04.3")

# %% [markdown]
# And the fix. One line is enough.

# %%
exercise("04.4")


# %%
def reduce_safely(out, lse):
    # return the output [dim]
    ...


check("04.4", reduce_safely)

# %%
hint("04.4")
solution("04.4")

# %% [markdown]
# ## How good are your guesses?
#
# You have guessed numbers since notebook 1. Here they all are, each beside what was measured:

# %% tags=["reveal"]
from deft_lab.lessons import calibration

calibration()

# %% [markdown]
# ## What you can do now
#
# - **Say** who is reduced with whom: `draw_reduction(plan, lse)`, `plan.reduction()`.
# - **Reduce** many partials of many queries, in one pass and safely.
# - **Count** what partials cost, and say when an even cut moves more of them than KV.
# - **Tell** a gather from a scatter, and why only one of them gives the same bits twice.
# - **Write** a test that fails on a numerical bug and on nothing else.
#
# The files behind this notebook: `reduce_partials` in
# [attention/grouped.py](../deft_lab/attention/grouped.py#reduce_partials); the segments in
# [plan.py](../deft_lab/plan.py), method `reduction`; our kernel in
# [kernels/reduce.py](../kernels/reduce.py#reduce_kernel), which starts its maximum [at minus infinity, or
# nearly](../kernels/reduce.py#NOTHING_SEEN); and its test in
# [tests/test_kernels.py](../tests/test_kernels.py).
#
# **Next:** notebook 5 adds up all bytes of a method, KV and partials and the rest, in closed form.
