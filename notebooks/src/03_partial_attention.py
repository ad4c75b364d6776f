# %% [markdown]
# # 3. Partial attention, and what makes it whole
#
# A softmax divides by a sum over *all* tokens. So how can one program attend to a piece of the KV, and
# another to the next piece, without knowing of each other? The answer is one number that each of them keeps
# beside its output, and a rule to merge. It is exact, it needs no order, and every fast attention kernel
# rests on it. Here you derive it, write it, and find the numbers on which it breaks.
#
# - **Goals:** write a numerically safe softmax; compute a partial `(out, lse)`; merge partials; follow the
#   online softmax step by step; say why kernels keep their sums in 32 bits.
# - **Prerequisites:** notebook 1. You have seen `softmax(q @ k.T) @ v` and know what `exp` does.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights.
# - **Time to read:** 25 minutes, and 50 more for the exercises. **Time to run:** under 15 seconds.
#
# **Run the cell below**, click into it, and press the space bar: one step at a time, forth; with Shift, back.

# %%
from deft_lab.widgets import play_partial

play_partial()

# %% [markdown]
# What you see is one program at work: three queries of a real decode, and eight tokens in two tiles, with
# every number that it holds. At the end it has an output for each query, and a number called *lse*. Step
# through it once without worrying; then read on, and come back.

# %% [markdown]
# ## A softmax in two sums
#
# For one query, each token has a **score** s, the scaled product of query and key. Attention weighs the value
# of each token by exp(s), and divides by the sum of these weights:
#
# > out = Σ exp(s) v / Σ exp(s)
#
# A numerator and a denominator, and both are plain *sums over tokens*. Here they are, with six scores:

# %%
import numpy as np

scores = np.array([1.0, 3.0, 2.0, 0.5, 4.0, 1.5])
values = np.array([10.0, 20.0, 30.0, 40.0, 50.0, 60.0])  # one number a token, to see more
weights = np.exp(scores)
whole = (weights * values).sum() / weights.sum()
print(f"weights {weights.round(2)}\nout {whole:.4f}, from a denominator of {weights.sum():.4f}")

# %% [markdown]
# Now two programs: the first has the first three tokens, the second has the others. Each computes its own
# softmax. What do we do with the two outputs? The mean of them is wrong. But if each program also keeps its
# *denominator*, we know how much its output weighs:

# %%
first, second = slice(0, 3), slice(3, 6)
outs = [(weights[part] * values[part]).sum() / weights[part].sum() for part in (first, second)]
sums = [weights[part].sum() for part in (first, second)]
print(f"plain mean:    {np.mean(outs):.4f}")
print(f"weighted mean: {np.dot(outs, sums) / np.sum(sums):.4f}")
print(f"the whole:     {whole:.4f}")
assert np.isclose(np.dot(outs, sums) / np.sum(sums), whole)

# %% [markdown]
# That is all there is to it. An output times its denominator is its numerator again; numerators add up,
# denominators add up. The rest of this notebook is about doing it with numbers of finite size.

# %% [markdown]
# ## Too large for exp
#
# Scores of trained models may lie far beyond the six above. What does `exp` make of them? A float32 holds
# numbers up to about 3e38, a float16 up to 65504:

# %%
with np.errstate(over="ignore"):
    for dtype, score in ((np.float32, 88), (np.float32, 89), (np.float16, 11), (np.float16, 12)):
        print(f"exp({score}) in {np.dtype(dtype).name}: {np.exp(dtype(score)):.4g}")

# %% [markdown]
# The remedy: [subtract the largest score](../deft_lab/attention/grouped.py#attend_group.weights), `top`, from
# all of them. Every weight then has a factor exp(-top) too much, in the numerator and in the denominator, so
# it cancels. The largest weight is exactly 1, and none can overflow.
#
# But the denominator, which we want to keep, has lost that factor too. So we keep its logarithm and add `top`
# again. This is the **lse**, the *log-sum-exp*:
#
# > lse = log Σ exp(s) = top + log Σ exp(s - top)
#
# It has about the size of the largest score, however large the sum itself would be. The pair **(out, lse)**
# is a **partial**: what a program leaves for one query.

# %%
shifted = scores + 1000  # the same softmax: only differences between scores matter
top = shifted.max()
small = np.exp(shifted - top)
print(f"out {(small * values).sum() / small.sum():.4f}, lse {top + np.log(small.sum()):.4f}")

# %% [markdown]
# ### Your turn

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("03.1")


# %%
def partial(q, k, v):
    # return out, lse
    ...


check("03.1", partial)

# %%
hint("03.1")  # three of them; run the cell again for the next
solution("03.1")

# %% [markdown]
# In a group of DeFT-Flatten a query need not see every token (notebook 1), and it may be that it sees none
# of a tile. What is the softmax of nothing?

# %%
exercise("03.2")


# %%
def masked_partial(q, k, v, sees):
    # return out, lse
    ...


check("03.2", masked_partial)

# %%
hint("03.2")
solution("03.2")

# %% [markdown]
# ## Merge
#
# Two partials of the same query, over different tokens. Their exp(lse) are the denominators, so:
#
# > out = (exp(lse₁) out₁ + exp(lse₂) out₂) / (exp(lse₁) + exp(lse₂)), and lse = log(exp(lse₁) + exp(lse₂))
#
# And again nothing may overflow: subtract the larger lse first.

# %%
exercise("03.3")


# %%
def merge(a, b):
    # return out, lse
    ...


check("03.3", merge)

# %%
hint("03.3")
solution("03.3")

# %% [markdown]
# ### In any order
#
# Sums do not care about order, so merging should not either: it should be *commutative* (a with b is b with
# a) and *associative* (first a with b, then c, or first b with c). That matters: programs on a GPU finish in
# any order. We try it on a recorded decode, in which our own small model sorts a list. A query has a partial
# from each group that it is in, and the function below merges them one after the other:


# %%
def fold(partials, dtype=np.float64):
    out, lse = (np.asarray(part, dtype) for part in partials[0])
    for next_out, next_lse in partials[1:]:
        top = max(lse, dtype(next_lse))
        a, b = np.exp(lse - top), np.exp(dtype(next_lse) - top)
        out = (a * out + b * np.asarray(next_out, dtype)) / (a + b)
        lse = top + np.log(a + b)
    return out


# %%
from deft_lab import plan_tree
from deft_lab.attention import dense_attention, partial_attention
from deft_lab.trace import load_recording, read_sample

recording = load_recording("tree_of_thoughts")
tree, sample = recording.trace.tree_at(40), read_sample(recording.samples[40])
plan = plan_tree(tree, "deft_flatten", chunk_len=16)
out, lse = partial_attention(sample.q, sample.k, sample.v, plan)  # [partial, head, dim], [partial, head]
exact = dense_attention(sample.q, sample.k, sample.v, tree)  # as defined: each query with its whole path
mine = np.flatnonzero(plan.query_of_partial() == 0)
print(f"query 0 has {len(mine)} partials, with lse {lse[mine, 0].round(2)} in head 0")

# %%
from itertools import permutations

head = 0
partials = [(out[i, head], lse[i, head]) for i in mine]
orders = list(permutations(partials))
results = np.array([fold(order) for order in orders])
print(f"{len(orders)} orders, apart from each other by at most {np.ptp(results, axis=0).max():.0e}")
print(f"and from the definition by at most {np.abs(results - exact[0, head]).max():.0e}")
assert np.abs(results - exact[0, head]).max() < 1e-6

# %% [markdown]
# ## Online: one tile after the other
#
# A program has more tokens in its group than fit on the chip, so it takes them in *tiles*, one after the
# other. It cannot know the largest score in advance. The **online softmax** goes on with the largest score
# *so far*, and whenever a tile brings a larger one, it makes up for it: all that was summed until then was
# scaled by exp(-old maximum), and should have been by exp(-new maximum). One factor mends both sums, the
# [*rescale factor*](../kernels/attend.py#meet.decay):
#
# > decay = exp(old maximum - new maximum)
#
# ### Predict
#
# Here is a group of another recording: six queries, and two tiles of four tokens. The model has the geometry
# of Llama-3-8B. (Its weights are random, so it says nothing sensible, but its numbers have the real shapes.)

# %%
from deft_lab.lessons import predict

llama = load_recording("few_shot_llama3_8b")
last = max(llama.samples)
answers, s = llama.trace.tree_at(last), read_sample(llama.samples[last])
eights = plan_tree(answers, "deft_flatten", chunk_len=8)
player = play_partial(s.q, s.k, s.v, eights, group=8, tile=4, dtype_bytes=s.dtype_bytes)
at_decay = [step.state.get("stage") for step in player.script].index("decay", 8)  # of tile 2
now = player.script[at_decay].state

# %%
decay = predict(
    "03.decay",
    f"For the first query, the first tile's largest score is {now['m'][0]:.2f}, the second tile's is "
    f"{now['m_new'][0]:.2f}. By which factor is the first tile's sum multiplied?",
    typical=0.5,
)
player.hold(at_decay, until=lambda: decay.truth is not None or decay.guess is not None)

# %% tags=["reveal"]
decay.reveal(now["decay"][0])

# %% tags=["reveal"]
player.go(at_decay)
player

# %% [markdown]
# A difference of a few units in the score is a large factor in the weight: a tile can be almost forgotten by
# the next. Where the maximum stays the same the factor is 1, and in the first tile, where nothing was summed
# yet, it is exp(-∞) = 0.

# %%
exercise("03.4")


# %%
def online(q, tiles):
    # return out, lse
    ...


check("03.4", online)

# %%
hint("03.4")
solution("03.4")

# %% [markdown]
# Notice that a tile in the loop and a partial in the merge are the same thing: a piece of a softmax. The
# [loop](../kernels/attend.py#meet) merges inside a program, the
# [reduction](../kernels/reduce.py#reduce_kernel.place) merges between programs. FlashAttention is the first;
# Flash-Decoding and DeFT add the second.

# %% [markdown]
# ## How many bits does a sum need?
#
# Queries, keys and values have 16 bits in most models. Why do kernels keep their sums in 32? Predict what
# this loop gives:

# %%
n_equal = 4096
stalled = predict(
    "03.float16",
    f"A query has the same score with {n_equal:,} tokens, so each has the weight 1. A float16 adds up these "
    "ones, one by one. What is its sum in the end?",
    typical=n_equal,
)

# %% tags=["reveal"]
total = np.float16(0)
for _ in range(n_equal):
    total += np.float16(1)
stalled.reveal(float(total))

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

Markdown(
    f"A float16 has 11 significant bits, so from {total:,.0f} on its neighbours are 2 apart, and "
    f"{total:,.0f} + 1 is rounded to {np.float16(total + np.float16(1)):,.0f} again. The second half of the "
    "tokens is lost without a warning. A float32 has 24 bits and comes to that point at "
    f"{2**24:,} tokens."
)

# %% [markdown]
# It is the same with merges. The real partials from above are harmless; some that you can think of are not:

# %%
from deft_lab.viz import Table

rows = []
for dtype in (np.float64, np.float32, np.float16):
    both = [fold(partials, dtype), fold(partials[::-1], dtype)]
    apart, wrong = np.abs(both[0] - both[1]).max(), np.abs(both[0] - exact[0, head]).max()
    rows.append((np.dtype(dtype).name, f"{apart:.0e}", f"{wrong:.0e}"))
Table(("numbers", "forwards and backwards differ by", "off by"), tuple(rows))

# %%
exercise("03.5")

# %%
my_partials = ...  # a list of pairs (out, lse)

check("03.5", my_partials)

# %%
hint("03.5")
solution("03.5")

# %% [markdown]
# ## A whole decode of Llama-3-8B's size
#
# So far, one query and one head. Now all of them, in the recording of Llama-3-8B's geometry: one KV head was
# kept, with the four query heads that share it, in the first, the middle and the last layer.

# %%
from deft_lab.attention import reduce_partials

rows = []
for layer in (0, 16, 31):
    s = read_sample(llama.samples[last], layer)
    truth = dense_attention(s.q, s.k, s.v, answers)
    for method in ("deft_node", "deft_flatten"):
        p = plan_tree(answers, method)
        reduced = reduce_partials(*partial_attention(s.q, s.k, s.v, p), p)
        rows.append((layer, method, p.n_partials, s.q.shape[1], f"{np.abs(reduced - truth).max():.0e}"))
Table(("layer", "method", "partials", "heads", "largest difference from the definition"), tuple(rows))

# %% [markdown]
# The method changes which partials there are, and nothing else. What remains is rounding.

# %% [markdown]
# ## What you can do now
#
# - **Write** a softmax that does not overflow, and say why only differences between scores matter.
# - **Compute** a partial `(out, lse)`, with and without a mask, also of nothing: zeros and -∞.
# - **Merge** partials in any order, and say why it is exact: numerators add up, denominators add up.
# - **Step** through the online softmax and predict its rescale factor.
# - **Say** where 16 bits are not enough.
#
# The files behind this notebook: the definition in
# [attention/dense.py](../deft_lab/attention/dense.py#dense_attention), partials and their reduction in
# [attention/grouped.py](../deft_lab/attention/grouped.py#attend_group), which you have now written yourself;
# the same loop in Triton, function `meet`, in [kernels/attend.py](../kernels/attend.py#meet).
#
# **Next:** in notebook 4 every query has many partials, from many programs. Who merges them, and what does
# it cost?
