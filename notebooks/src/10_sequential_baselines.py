# %% [markdown]
# # 10. Baselines: what does each of them share?
#
# A new method looks good beside a weak opponent. So here the opponents are looked at as closely as the
# method: Flash-Decoding, Radix attention and Medusa's tree mask, beside DeFT, on the same tree, with the
# same result. Each of them shares something. You will say exactly what, and find trees on which DeFT does
# not win.
#
# - **Goals:** say what each baseline shares: storage, reads, computation; build Medusa's mask; show that
#   Radix saves memory and not reads; find where tree attention does not pay, and say why.
# - **Prerequisites:** notebook 1. A GPU *launch* is a call that starts many programs at once; its *SMs* are
#   the processors that run them (notebook 6).
# - **Needs:** CPU, with PyTorch for one cell. No GPU, no model weights.
# - **Time to read:** 30 minutes, and 32 more for the exercises. **Time to run:** under 20 seconds.

# %%
from deft_lab.widgets import compare

compare("few_shot_20x20", methods=["flash_decoding", "radix", "tree_mask", "deft_flatten"])

# %% [markdown]
# One tree (a prompt of 4,000 tokens, twenty answers of 20) and four ways to compute the same attention. For
# each you see its bytes, who meets whom (*mask*), where the KV lies (*memory*), and which program runs where
# and when on a model of an H200 (*timeline*). Two questions to take along. Does a method that stores less
# also read less? And the tree mask moves less than twice the bytes of DeFT-Flatten: why does it take more
# than twice as long?
#
# ## The four
#
# Let us take a tree that fits on the screen: a prompt of 600 tokens and four answers of 60.

# %%
from deft_lab import METHODS, build_tree, plan_tree
from deft_lab.viz import draw_kv_memory, draw_mask

tree = build_tree("few_shot", prompt=600, width=4, length=60)
plans = {name: plan_tree(tree, name) for name in ("flash_decoding", "radix", "tree_mask", "deft_flatten")}
draw_kv_memory(tree)

# %% [markdown]
# **Flash-Decoding** knows *sequences*: four texts that have nothing to do with each other, each with a copy
# of the prompt. Its idea is another one: with one query there is only one program a head, and most of the GPU
# idles. So it [cuts the text into chunks](../deft_lab/methods/_paths.py#chunked_paths), lets many programs
# work on them, and puts the partial results together. That *split* is exact, and every method after it uses
# it. (For sequences that share nothing, it is a very good method.)

# %%
draw_mask(plans["flash_decoding"])

# %% [markdown]
# **Radix attention** keeps the texts in a *radix tree*: whatever two texts have in common is stored once, in
# *pages* (pieces of memory for a fixed number of tokens) that both point to. That is a saving of *memory*:
# more texts fit, and nothing is computed twice in prefill. But in a decode step, each query still [walks
# through its own path](../kernels/radix.py#radix_kernel), page by page.

# %%
draw_mask(plans["radix"])

# %%
from deft_lab.lessons import predict

reads = predict(
    "10.radix",
    f"Flash-Decoding stores {tree.n_path_tokens:,} tokens for this tree, Radix {tree.n_tokens:,}. How many "
    "times fewer KV tokens does Radix read in a step?",
    unit="x",
    typical=tree.sharing,
)

# %% tags=["reveal"]
reads.reveal(plans["flash_decoding"].kv_len.sum() / plans["radix"].kv_len.sum())

# %% [markdown]
# Not a token fewer. What is stored once is *read* once for every query that sees it.
#
# **Medusa's tree mask** is the first that shares reads. All queries and all KV go into one matrix product,
# and a *mask* hides what a query must not see. The price: every query is multiplied with every token, seen or
# not, and the scores go through memory from one launch to the next. There are five launches, because the mask
# is [added in one of its own](../kernels/tree_mask.py#mask_kernel).

# %%
draw_mask(plans["tree_mask"])

# %% [markdown]
# Grey is computed for nothing. Here it is the smaller part; with many branches that are long, it is nearly
# all:

# %%
from deft_lab.viz import Table

shapes = {
    "prompt 600, 4 x 60": (600, 4, 60),
    "prompt 600, 20 x 200": (600, 20, 200),
    "no prompt": (1, 20, 200),
}
rows = []
for name, (prompt, width, length) in shapes.items():
    t = build_tree("few_shot", prompt=prompt, width=width, length=length)
    pairs = t.n_queries * t.n_tokens
    rows.append((name, pairs, t.n_path_tokens, f"{1 - t.n_path_tokens / pairs:.0%}"))
Table(("tree", "pairs computed", "pairs seen", "for nothing"), tuple(rows))

# %% [markdown]
# **DeFT** [groups by KV](../deft_lab/methods/deft_flatten.py#plan_deft_flatten): a piece of the tree meets
# exactly the queries that see it. What is left to mask lies in pieces that cross the borders of nodes.

# %%
draw_mask(plans["deft_flatten"])

# %%
from IPython.display import Markdown


def for_nothing(tree):
    """Pairs that (the dense mask, DeFT-Flatten) compute for nothing."""
    plan = plan_tree(tree, "deft_flatten")
    computed = tree.n_queries * tree.n_tokens, int((plan.kv_len * plan.q_len).sum())
    return [pairs - tree.n_path_tokens for pairs in computed]


# %% jupyter={"source_hidden": true}
here, wide = for_nothing(tree), for_nothing(build_tree("few_shot", prompt=600, width=20, length=200))
Markdown(
    f"On this tree that is not little: {here[1]} pairs for nothing, where the dense mask has {here[0]}. Its "
    "answers are shorter than the pieces of 128 tokens, so a piece spans several of them. What matters is "
    f"how it grows. With 20 answers of 200 tokens it is {wide[1]:,} pairs against {wide[0]:,}: a piece of "
    "DeFT-Flatten meets only the few answers that it spans, however many there are."
)

# %% [markdown]
# ### Your turn
#
# Three things can be shared, and each independently: memory, reads, computation.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("10.1")


# %%
def ledger(tree):
    # return {method: (stored, read, computed), ...}
    ...


check("10.1", ledger)

# %%
hint("10.1")
solution("10.1")

# %% [markdown]
# And the mask itself. Medusa's tree holds guesses about the next tokens, below the end of the text, and
# every guess has a query. A guess is named by its *rank path*, the way down to it: `[0, 2]` is the third
# choice of what follows the first choice. The list of paths is all that Medusa is given; it [makes the mask
# from it](../deft_lab/tree/convert.py#from_medusa).

# %%
from deft_lab.builders import topologies

choices = topologies()["eagle1_default_25"]  # a list in Medusa's notation, from EAGLE-1
print(len(choices), "guesses:", choices[:8], "...")
draw_mask(
    build_tree("medusa", topology="eagle1_default_25", prompt=40), title="Who sees what in EAGLE-1's tree"
)

# %%
exercise("10.2")


# %%
def medusa_mask(choices):
    # return rows of 0 and 1
    ...


check("10.2", medusa_mask)

# %%
hint("10.2")
solution("10.2")

# %% [markdown]
# ## The same result
#
# Whoever compares speeds must first show that all compute the same. Random queries, keys and values in a
# pool of KV pages; every method with its own groups and its own memory layout; beside them the plain
# definition, in float64.

# %%
import numpy as np
import torch

from deft_lab import Geometry, Pool, tree_attention
from deft_lab.attention import dense_attention

small = Geometry(n_q_heads=4, n_kv_heads=2, head_dim=32)
pool = Pool(n_pages=80, page_size=16, geometry=small, dtype=torch.float32, device="cpu")
torch.manual_seed(0)
q, k = torch.randn(tree.n_queries, 4, 32), torch.randn(tree.n_tokens, 2, 32)
v = torch.randn(tree.n_tokens, 2, 32)
pool.write(pool.take_tree(tree), k, v)

# %%
exact = dense_attention(*(x.double().numpy() for x in (q, k, v)), tree)
for name in METHODS:
    out = tree_attention(q, plan_tree(tree, name), pool)
    error = np.abs(out.numpy() - exact).max()
    print(f"{METHODS[name].title:24} largest difference {error:.0e}")
    assert error < 1e-5

# %% [markdown]
# All eight are exact. So nothing but cost tells them apart.
#
# ## Bytes are not yet time
#
# Count bytes on the few-shot tree, and DeFT needs a fraction of what Radix does. Here is the time, from a
# model that was fitted to measurements on an H200 (notebook 12 opens it):

# %%
from deft_lab import LLAMA3_8B, load_tree
from deft_lab.cost import predict as predict_time
from deft_lab.hardware import H200


def microseconds(tree, method, pack_heads=None):
    plan = plan_tree(tree, method)
    return 1e6 * predict_time(plan, LLAMA3_8B.layer, H200, pack_heads=pack_heads).seconds


# %%
few_shot, short = load_tree("few_shot_20x20"), build_tree("few_shot", prompt=100, width=2, length=20)
shown = ("flash_decoding", "tree_mask", "radix", "deft_node", "deft_flatten", "tree_waves")
Table(
    ("method", "few-shot, µs a layer", "100 tokens and 2 x 20, µs a layer"),
    tuple((METHODS[m].title, microseconds(few_shot, m), microseconds(short, m)) for m in shown),
)

# %% [markdown]
# On the large tree the order is as expected. On the small one it is turned round: Radix, which reads most, is
# among the first. Look at where the time goes:

# %%
from deft_lab.viz import draw_timeline

draw_timeline(plan_tree(short, "radix"), LLAMA3_8B.layer, H200)

# %%
draw_timeline(plan_tree(short, "deft_flatten"), LLAMA3_8B.layer, H200)

# %% [markdown]
# Radix is one launch. (So is Flash-Decoding here: a text of fewer than 128 tokens stays in one piece.) DeFT
# has two: what its groups find in the first, *phase 1*, are *partials*, and putting them together, the
# **reduction**, has to wait until all are there. A launch costs its start, however little it does. On a short
# tree little else costs anything. (The tree mask has five launches; each waits for the one before and starts
# its programs anew. That is why it takes longer than its bytes say, on both trees.)
#
# ### Your turn

# %%
exercise("10.3")

# %%
my_tree = ...  # a nested list

check("10.3", my_tree)

# %%
hint("10.3")
solution("10.3")

# %% [markdown]
# ## A baseline at its best
#
# There is a second way to be unfair. In Llama-3-8B four query heads share a KV head. Kernels as they were
# first published run one program per *query* head, so each key is read four times. Nothing forces them to: a
# program can *pack* all query heads of a KV head. Who gives that to his own method and not to the baseline,
# measures the wrong thing. And Radix may cut long paths into chunks, as Flash-Decoding does and as serving
# systems do. In these measurements every Radix does; "packed" says who packs, and Tree-Waves always does:

# %%
import json

from deft_lab.data import data_path

measured = json.loads(data_path("measurements", "ablation_h200.json").read_text())
card = measured["card"]
rows = [r for r in measured["rows"] if r["kind"] == "method" and r["sweep"] == "prompt"]
times = {(r["value"], r["subject"]): r["cold"]["median_us"] for r in rows}
print(f"{card['gpu']['name']}, {card['date']}, commit {card['commit']}, torch {card['versions']['torch']},")
print(f"triton {card['versions']['triton']}; {card['measures'].split(';')[0]}; median, caches cold")

# %%
fair = predict(
    "10.fair",
    "Prompt 500, twenty answers of 200, heads packed in both. How many times as long as DeFT-Flatten does "
    "Radix take?",
    unit="x",
    typical=4,
)

# %% tags=["reveal"]
fair.reveal(times[500, "radix packed"] / times[500, "deft_flatten packed"])

# %% tags=["reveal"]
from deft_lab.viz.axes import Axis
from deft_lab.viz.chart import draw_lines

prompts = (250, 500, 1000, 2000, 4000, 8000, 16000)
subjects = ("radix", "radix packed", "deft_flatten", "deft_flatten packed", "tree_waves")
draw_lines(
    "Measured: attention of a layer, twenty answers of 200 tokens",
    {s: [(p, times[p, s]) for p in prompts] for s in subjects},
    Axis("tokens of the prompt", log=True, words=lambda n: f"{n:,.0f}"),
    Axis("µs", log=True),
)

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

first = next(p for p in prompts if times[p, "deft_flatten packed"] < times[p, "radix packed"])
longest = {s: times[16000, s] for s in subjects}
published, packed = (longest[f"radix{p}"] / longest[f"deft_flatten{p}"] for p in ("", " packed"))
assert all(times[p, "deft_flatten"] < times[p, "radix"] for p in prompts)
Markdown(
    "Neither packed, DeFT-Flatten is faster than Radix at every prompt that was measured. Against Radix with "
    f"packed heads it wins from a prompt of {first:,} tokens on; before that, **the baseline is faster**. "
    f"At 16,000 tokens Radix with packed heads takes {packed:.1f} times as long as DeFT-Flatten with them; "
    f"if neither packs, {published:.1f} times. The lowest line is Tree-Waves, deft-lab's own: the same "
    "idea as DeFT, with packed heads, and with groups cut so that they fill the GPU evenly (notebook 6)."
)

# %% [markdown]
# And the model of time, on which the last exercise rests? It was fitted to another file of measurements.
# Here it is beside this one, each method with the same options as on the GPU:

# %% tags=["reveal"]
from deft_lab.bench.attention.cases import options_of

rows = []
for p in (250, 1000, 4000, 16000):
    t = build_tree("few_shot", prompt=p, width=20, length=200)
    for s in ("radix", "radix packed", "deft_flatten", "deft_flatten packed", "tree_waves"):
        name, _, packed = s.partition(" ")
        plan = plan_tree(t, name, **options_of(t, METHODS[name], LLAMA3_8B.layer))
        packs = True if packed else None
        modelled = 1e6 * predict_time(plan, LLAMA3_8B.layer, H200, pack_heads=packs).seconds
        rows.append((p, s, times[p, s], modelled, modelled / times[p, s]))
Table(("prompt", "method", "measured, µs", "modelled, µs", "modelled / measured"), tuple(rows))

# %% jupyter={"source_hidden": true} tags=["reveal"]
ratios = sorted(row[4] for row in rows)
Markdown(
    f"Modelled times are {ratios[0]:.2f} to {ratios[-1]:.2f} times the measured ones: good enough to say "
    "which of two methods with very different times is faster, and not to decide a close race. Measure those."
)

# %% [markdown]
# ## What you can do now
#
# - **Say** what is shared. Flash-Decoding: nothing, it splits. Radix: storage. The tree mask: storage and
#   reads, and it computes for nothing what is masked. DeFT: storage and reads, without that, for partials
#   and a reduction.
# - **Build** a tree mask from rank paths.
# - **Check** that methods agree before you time them.
# - **Find** where tree attention does not pay: short texts, few branches, where launches and not bytes take
#   the time; and against a baseline that reads well, it pays later than against one that does not.
#
# Read next to the code: the eight plans in [methods/](../deft_lab/methods), their kernels in
# [kernels/](../kernels), and the model of time in [cost/latency.py](../deft_lab/cost/latency.py#predict).
#
# **Next:** notebook 11 asks who draws the trees that speculation verifies.
