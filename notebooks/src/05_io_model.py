# %% [markdown]
# # 5. How many bytes must move?
#
# A method of attention is a rule that makes a plan, and a plan is a shopping list: so many tokens of KV, so
# many queries, so many partial results. If you can read the list, you can say to the byte what a kernel
# asks the memory for, without a GPU and before the kernel is written. Here you derive these numbers, term
# by term, and then reproduce the byte table of the DeFT paper in a second.
#
# - **Goals:** write down the bytes of KV, partials, scores and masks of each method; say what grouped-query
#   attention and tiles of queries multiply; find where sharing stops paying; tell four accounts apart.
# - **Prerequisites:** notebook 1: trees, plans, the three splits. Notebooks 3 and 4 help with partials.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights.
# - **Time to read:** 35 minutes, and 45 more for the exercises. **Time to run:** under 10 seconds.
#
# **Run the cell below**, and its pictures get a menu and sliders.

# %%
from deft_lab.widgets import explore

explore("few_shot", prompt=1000, width=4, length=100)

# %% [markdown]
# A prompt with four answers, its memory, and the bytes that eight methods ask for in one step of one layer
# of Llama-3-8B. In notebook 1 we looked at the dark blue part only. Now the whole bar counts: run the cell,
# move the sliders one at a time, and watch which colours grow. Try a prompt of 100 tokens with 64
# branches of 1 token: which bars are mostly *not* KV any more? By the end of this notebook you can say why.
#
# Three of the names you know: *Radix*, *DeFT-Node* and *DeFT-Flatten* are the splits of notebook 1.
# *Flash-Decoding* reads by query, too, from a copy of the prompt for each branch, in chunks.
# *DeFT-Node-Chunk* cuts each node into chunks of 128 tokens, and *DeFT-Tree-Index* has the same groups, with
# tables that stay on the GPU. *Tree Attention (Medusa)* has a section below, *Tree-Waves* is deft-lab's own
# (notebook 6).

# %% [markdown]
# ## The counts of a tree
#
# All formulas below are made of a few counts. You know the first three from notebook 1:
#
# - `n_queries`: the queries of this step.
# - `n_tokens`: the tokens that the tree stores.
# - `n_path_tokens`: for each query the tokens of its path, added up.
# - `n_partials`: for each group its queries, added up. It belongs to a plan, not to a tree.

# %%
from deft_lab import LLAMA3_8B, build_tree, load_tree, plan_tree, traffic
from deft_lab.viz import Table

few_shot = build_tree("few_shot", prompt=4000, width=20, length=200)
shown = {"few-shot, 20 branches of 200": few_shot}
shown |= {name: load_tree(name) for name in ("reasoning_sorting", "medusa_64", "star_256")}
Table(
    ("tree", "queries", "tokens", "path tokens", "sharing ratio", "partials by node"),
    tuple(
        (name, t.n_queries, t.n_tokens, t.n_path_tokens, t.sharing, plan_tree(t, "deft_node").n_partials)
        for name, t in shown.items()
    ),
)

# %% [markdown]
# ## Predict
#
# The few-shot tree stores each token once. Radix attention reads it, each query with its whole path, on
# Llama-3-8B, where 32 query heads share 8 KV heads. It has a program for each query and each *query* head.

# %%
from deft_lab.lessons import predict

layer = LLAMA3_8B.layer
stored = few_shot.n_tokens * layer.kv_bytes_per_token
asked = predict(
    "05.asked",
    f"One layer stores {stored / 1e6:.1f} MB of KV for this tree. How many times as many bytes of KV "
    f"do the programs of Radix attention ask for, in one step?",
    unit="x",
    typical=10,
)

# %% tags=["reveal"]
radix = traffic(plan_tree(few_shot, "radix"), layer, "requested")
asked.reveal(radix.kv / stored)

# %% [markdown]
# ## Explain: two factors, not one

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

Markdown(
    f"The first factor is the sharing ratio: {few_shot.n_path_tokens:,} path tokens over "
    f"{few_shot.n_tokens:,} stored ones, **{few_shot.sharing:.1f}**. The second is "
    f"**{layer.q_per_kv}**: there is a program for each *query* head, and the {layer.q_per_kv} query heads "
    f"of a KV head load the same keys and values, each for itself. {few_shot.sharing:.1f} times "
    f"{layer.q_per_kv} is {radix.kv / stored:.0f}: {radix.kv / 1e9:.2f} GB in one layer and step, of "
    f"{stored / 1e6:.1f} MB that exist."
)

# %% [markdown]
# The word is *ask for*. A cache between the memory and the programs (on an H200, 50 MB of it) answers many of
# these requests. How many, and whether that makes them free, is the question of notebook 12. What programs
# ask for is exact, and this is what we count here.
#
# ## One program's shopping list
#
# Look at one program of `deft_node`. It takes a group (a node, with the queries that see it) and one query
# head, and does this:
#
# 1. **index**: read which group it is, where its tokens lie, and where its results go;
# 2. **Q**: load one row for each of its queries;
# 3. **KV**: load a row of K and a row of V for each token;
# 4. **partials**, **LSE**: write one output row and one number for each of its queries.
#
# A second launch, the reduction, reads the partials of each query and writes **O**. That is all. Here is
# the list of every program of a small tree, for one head of 128 numbers of 2 bytes:

# %%
from deft_lab import Tree

small = Tree.from_parents([-1, 0, 0, 1, 1], [200, 12, 30, 5, 7])
row = layer.head_dim * layer.dtype_bytes  # of K, V or Q
shopping = []
for group in plan_tree(small, "deft_node").groups:
    n, q = group.kv_len, len(group.queries)
    shopping.append((group.chunks[0].node, n, q, 2 * row * n, row * q, 4 * (layer.head_dim + 1) * q))
columns = ("node", "tokens", "queries", "KV bytes", "Q bytes", "partial and LSE bytes, written")
Table(columns, tuple(shopping))

# %% [markdown]
# ### Your turn: KV
#
# The largest term first. A program has room for 32 queries; keep an eye on nodes that more of them see.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("05.1")


# %%
def kv_bytes(tree, geometry):
    # return radix, deft_node
    ...


check("05.1", kv_bytes)

# %%
hint("05.1")
solution("05.1")

# %% [markdown]
# The queries that fit into one program, at most 32, are a *tile*. The factor of tiles is easy to overlook,
# because trees of up to 32 queries do not show it. Watch it come in, on a prompt of 4,000 tokens with more
# and more leaves of one token:

# %%
from deft_lab.viz import Axis, draw_lines

widths = (1, 2, 4, 8, 16, 32, 33, 48, 64, 65, 96, 128, 192, 256)
lines = {"deft_node": [], "deft_node, heads packed": [], "radix": []}
for width in widths:
    star = build_tree("star", prompt=4000, width=width)
    for name, points in lines.items():
        plan, packed = plan_tree(star, name.split(",")[0]), "packed" in name
        kv = traffic(plan, layer, "requested", pack_heads=packed).kv
        points.append((width, kv / (star.n_tokens * layer.kv_bytes_per_token)))
y = Axis("KV bytes asked for, over stored", log=True)
draw_lines("How often is a byte of KV asked for?", lines, Axis("queries", log=True), y)

# %% [markdown]
# "Each KV byte is read once" is true of DeFT-Node with packed heads and up to 32 queries, and of nothing else
# in this picture. Packing the heads that share a KV head into one program removes the factor of grouped
# queries, and tiles add it back one step at a time. (The leaves, one token each, add little.)
#
# ### Your turn: partials

# %%
exercise("05.2")


# %%
def partial_bytes(tree, geometry):
    # return node, chunk
    ...


check("05.2", partial_bytes)

# %%
hint("05.2")
solution("05.2")

# %% [markdown]
# Partials are the price of cutting, and the price is per cut. So it depends on how finely one cuts:

# %%
rows = []
for n in (16, 32, 64, 128, 256, 512, 1024, 2048):
    plan = plan_tree(few_shot, "deft_flatten", chunk_len=n)
    asked_for = traffic(plan, layer, "requested")
    cut = asked_for.partials + asked_for.lse
    rows.append((n, plan.n_groups, plan.n_partials, asked_for.kv / 1e6, cut / 1e6, cut / asked_for.total))
columns = ("tokens of a chunk", "groups", "partials", "KV, MB", "partials and LSE, MB", "share of the total")
Table(columns, tuple(rows))

# %% [markdown]
# Small chunks give many programs to keep a GPU busy, and many partials. Notebook 6 looks at the first, and
# lets you choose.
#
# ## Masks, and what a mask is not
#
# Medusa, and every method that hands a tree to ordinary dense attention, lets all queries meet all tokens,
# and forbids what must not be seen with a *mask*: a number for each pair of query and token. Each head also
# writes a *score matrix* of the same size to memory and reads it back. (A *fused* kernel keeps its scores on
# the chip, as those of all other methods here do.)
#
# People worry about the mask, for it grows with the product of both. DeFT-Flatten replaces it by one 64-bit
# word a token. How much is that worth? Medusa's 64 queries hang below 1,000 tokens. Imagine more and more
# such trees side by side: sharing saves KV in proportion to the number of queries, and the mask grows faster.
#
# In this section we count as the DeFT paper does, an account that we call `paper` (more on accounts below):
# each of the 32 query heads has K and V of its own, 128 numbers of 2 bytes each, and an element of a mask or
# of a score matrix has 2 bytes, too.

# %%
medusa = build_tree("medusa", prompt=1000)
print(f"{medusa.n_queries} queries below {medusa.length[0]:,} tokens, {medusa.n_path_tokens:,} path tokens")

# %%
crossing = predict(
    "05.crossing",
    "How many queries must hang below these 1,000 tokens, until mask and score matrices together are "
    "more bytes than the KV that sharing saves?",
    unit="queries",
    typical=500,
)

# %% [markdown]
# ### Your turn: mask and scores
#
# Derive both terms before you look.

# %%
exercise("05.3")


# %%
def unfused_bytes(tree, geometry):
    # return mask, scores
    ...


check("05.3", unfused_bytes)

# %%
hint("05.3")
solution("05.3")

# %% [markdown]
# ### Measure
#
# With w trees, there are 64 w queries and 1,000 + 64 w tokens. Saved is what all paths hold together, less
# what is stored. We let a computer search for the crossings.

# %%
below = medusa.n_path_tokens - medusa.n_queries * 1000  # path tokens of one tree, without the prompt


def costs(w, prompt=1000):
    queries, tokens = 64 * w, prompt + 64 * w
    saved = (queries * prompt + below * w - tokens) * 2 * layer.n_q_heads * row
    mask = queries * tokens * layer.dtype_bytes
    return {"KV saved": saved, "mask": mask, "mask and scores": mask * (1 + 8 * layer.n_q_heads)}


# %% [markdown]
# For the one tree that is real, the library's account says the same:

# %%
by_branch, dense = (traffic(plan_tree(medusa, m), layer, "paper") for m in ("radix", "tree_mask"))
assert costs(1)["KV saved"] == by_branch.kv - dense.kv and costs(1)["mask"] == dense.mask
assert costs(1)["mask and scores"] == dense.mask + dense.partials

# %%
cross = {
    name: next(w for w in range(1, 10**6) if costs(w)[name] > costs(w)["KV saved"])
    for name in ("mask", "mask and scores")
}

# %% tags=["reveal"]
crossing.reveal(64 * cross["mask and scores"])

# %% tags=["reveal"]
from deft_lab.viz import Mark
from deft_lab.viz.words import in_bytes, round_bytes

trees = [1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000, 300_000]
lines = {name: [(64 * w, costs(w)[name]) for w in trees] for name in costs(1)}
marks = [Mark(f"{64 * w:,} queries", 64 * w, costs(w)[name]) for name, w in cross.items()]
bytes_axis = Axis("bytes of one layer and step", log=True, words=round_bytes)
title = "What a dense mask costs, and what sharing saves, in account paper"
draw_lines(title, lines, Axis("queries below 1,000 tokens", log=True), bytes_axis, marks=marks)

# %% jupyter={"source_hidden": true} tags=["reveal"]
real = costs(1)
Markdown(
    f"The mask alone overtakes the saving at **{64 * cross['mask']:,} queries**: never. For the real tree of "
    f"{medusa.n_queries} queries it is {in_bytes(real['mask'])}, against {in_bytes(real['KV saved'])} of KV "
    f"saved. What costs is what comes with it: the score matrices of {layer.n_q_heads} heads, "
    f"{in_bytes(real['mask and scores'])} in all, and they overtake the saving at "
    f"{64 * cross['mask and scores']:,} queries. So fusing matters more than the form of the mask. "
    f"(Even below a prompt of one token, these {medusa.n_queries} queries save "
    f"{in_bytes(costs(1, 1)['KV saved'])}, and mask and scores cost "
    f"{in_bytes(costs(1, 1)['mask and scores'])}.)"
)

# %% [markdown]
# ## All terms together
#
# Here are the [closed forms](../deft_lab/cost/requested.py#_two_phases) of the fused methods, for one layer,
# when every query head has programs of its own. (Tree-Waves packs heads, and its tiles have other sizes.)
# `l` is `n_queries`, `P` is `n_partials`, `H` is the number of query heads, `d` the head dimension, `e` the
# bytes of an element, and `R` the tokens that all groups together load for one head.
#
# | role | bytes | |
# |---|---|---|
# | KV | `2 R d e H` | K and V |
# | Q | `P d e H` | a row for each query of each group |
# | O | `l d e H` | the result |
# | partials | `2 * 4 P d H` | written and read, 4 bytes; nothing if `P = l` |
# | LSE | `2 * 4 P H` | the same |
# | mask | `8 R H` | DeFT-Flatten only: a 64-bit word a token |
#
# `R` is where the methods differ: `n_path_tokens` for Radix and Flash-Decoding; for DeFT-Node and
# DeFT-Node-Chunk each node as often as it has [tiles of 32 queries](../deft_lab/methods/tiles.py#query_tile);
# for DeFT-Flatten each *chunk* as often as its queries, those of all its nodes together, have tiles. (The
# index is left out here. It is made of integers of 4 bytes: a few for each program, and, unless the KV of a
# branch or tree lies in one piece, one for each token that is loaded: its place in memory.) Does it hold?

# %%
import numpy as np

from deft_lab import METHODS


def closed_forms(plan, g):
    loads = int((plan.kv_len * np.ceil(plan.q_len / 32)).sum())  # R
    H, row, queries = g.n_q_heads, g.head_dim * g.dtype_bytes, plan.tree.n_queries
    written = plan.n_partials if plan.n_partials > queries else 0
    found = {"kv": 2 * loads * row * H, "q": plan.n_partials * row * H, "o": queries * row * H}
    found |= {"partials": 8 * written * g.head_dim * H, "lse": 8 * written * H}
    return found | {"mask": 8 * loads * H if plan.method == "deft_flatten" else 0}


# %%
fused = [name for name, method in METHODS.items() if method.fused and name != "tree_waves"]
for t in (few_shot, small, load_tree("reasoning_sorting"), load_tree("star_256"), medusa):
    for name in fused:
        plan = plan_tree(t, name)
        counted = traffic(plan, layer, "requested").by_role()
        assert closed_forms(plan, layer).items() <= counted.items(), (t, name)
print(f"{len(fused)} methods on five trees: every role as the library has it")

# %% [markdown]
# Nothing here was measured: it is arithmetic on counts of a tree. And yet the kernels of this repository, run
# in an interpreter that notes every load and store, give the same numbers, to the byte; that is notebook 8.
# For the few-shot tree, side by side:

# %%
from deft_lab.viz import draw_io_bars

draw_io_bars(few_shot, layer, title="Every byte of one layer and step, by role")

# %%
totals = {name: traffic(plan_tree(few_shot, name), layer, "requested") for name in METHODS}
roles = ("kv", "q", "o", "partials", "lse", "mask", "index")
Table(
    ("method", *(f"{role}, MB" for role in roles)),
    tuple((METHODS[name].title, *(getattr(t, role) / 1e6 for role in roles)) for name, t in totals.items()),
)

# %% [markdown]
# ## Who counts?
#
# *How many bytes does this step move?* has four honest answers, and papers rarely say which one they give. We
# call them *accounts*:
#
# - [`paper`](../deft_lab/cost/accounts.py#paper): the formulas of the DeFT paper. Every query head has its
#   own KV, grouped queries are not credited, partials of fused kernels are left out.
# - [`logged`](../deft_lab/cost/accounts.py#logged): the counters in the authors' released code. Like `paper`,
#   but DeFT-Node pays for its tiles of 32 queries, and an unfused softmax counts double.
# - [`requested`](../deft_lab/cost/requested.py#requested): what programs ask for, as in your first two
#   exercises.
# - [`unique`](../deft_lab/cost/accounts.py#unique): each byte once. No kernel can do with less, whatever it
#   does.

# %%
from deft_lab.cost import ACCOUNTS

star = load_tree("star_256")
named = ("radix", "tree_mask", "deft_node", "deft_flatten")
Table(
    (f"GB of KV, {star.n_queries} leaves on {star.length[0]:,} tokens, 32 layers", *ACCOUNTS),
    tuple(
        (METHODS[m].title, *(traffic(plan_tree(star, m), LLAMA3_8B, a).kv / 1e9 for a in ACCOUNTS))
        for m in named
    ),
)

# %% jupyter={"source_hidden": true}
paper, logged = (traffic(plan_tree(star, "deft_node"), LLAMA3_8B, a).kv / 1e9 for a in ("paper", "logged"))
least = traffic(plan_tree(star, "radix"), LLAMA3_8B, "unique").kv / 1e9
most = traffic(plan_tree(star, "radix"), LLAMA3_8B, "requested").kv / 1e9
Markdown(
    f"One tree, one step, and the answers run from {least:.2f} to {most:.0f} GB: what you say depends on the "
    "method, and as much on who counts. Look along the row of "
    f"DeFT-Node: the paper's formula says {paper:.2f} GB, the authors' own counter {logged:.1f}, "
    f"{logged / paper:.1f} times as much: {star.n_queries} queries are {star.n_queries // 32} tiles, and "
    "each reads the prompt again. Along the row of DeFT-Flatten, the released counter forgets the same "
    "tiles. In the row of Medusa, `requested` is large because the two matrix products of dense attention "
    "are cut into tiles of queries, too. Numbers of different accounts never belong in one chart; "
    "that is why every figure here names its own."
)

# %% [markdown]
# ## The paper's Table 17, on your machine
#
# The paper sums its account over whole runs: 400 steps of few-shot decoding, and reasoning trees that grow,
# fork and prune for thousands of steps. Its formulas need only counts of the trees, so a replay of the
# growth is enough. First a guess:

# %%
terabytes = predict(
    "05.table17",
    "20 branches grow by 400 tokens each on a prompt of 4,000. In the paper's account, how many TB of KV "
    "does Radix attention read in these 400 steps?",
    unit="TB",
    typical=1,
)

# %% tags=["reveal"]
import time

from deft_lab.bench import table17
from deft_lab.fetch import find_templates

start = time.perf_counter()
folder = find_templates()  # DeFT's recorded trees, if you have fetched them
ours = table17.reproduce(folder, look_alikes=True)
seconds = time.perf_counter() - start
terabytes.reveal(ours["radix"]["b20"][0])

# %% tags=["reveal"]
theirs, their_reduction = table17.published()
of_trees = "recorded" if folder else "look-alike"
columns = [c if c.startswith("b") else f"{c} ({of_trees})" for c in their_reduction]
rows = []
for method in theirs:
    for i, term in enumerate(("KV", "partials")):
        for who, table in (("paper", theirs), ("ours", ours)):
            row = [f"{table[method][c][i]:.2f}" for c in their_reduction]
            if any(float(x) for x in row):
                rows.append((METHODS[method].title, term, who, *row))
print(f"computed in {seconds:.1f} seconds; TB of whole runs, 32 layers")
Table(("method", "term", "who", *columns), tuple(rows))

# %% [markdown]
# (What the paper puts under *partials* includes masks: Medusa's, and the bits of DeFT-Flatten.) The columns
# b20, b30 and b50 are few-shot runs of 20, 30 and 50 branches, and every entry is the paper's:

# %%
for method, row in theirs.items():
    for column in table17.WIDTHS:
        assert [round(x, 2) for x in ours[method][column]] == list(row[column]), (method, column)

# %% jupyter={"source_hidden": true} tags=["reveal"]
look_alike = (
    "The reasoning columns stand for something else: the authors' recorded trees are not part of this "
    "package, and these are *look-alikes*, of the same shapes, drawn by lot. They show the proportions, not "
    "the numbers. `python -m deft_lab fetch-templates` gets the recorded ones; run this section again, "
    "and all entries agree within rounding."
)
Markdown("The reasoning columns replay the authors' recorded trees." if folder else look_alike)

# %% jupyter={"source_hidden": true} tags=["reveal"]
saved = table17.reduction(ours)
Markdown(
    f"The paper's headline for this table is the KV that DeFT-Flatten saves against Radix: "
    f"{their_reduction['b20']:.1f} to {their_reduction['b50']:.1f} % in the few-shot columns, and ours say "
    f"{saved['b20']:.1f} to {saved['b50']:.1f} %. Mind the account, though: with everything counted that "
    f"programs ask for, a step of 20 branches saves "
    f"{1 - totals['deft_flatten'].total / totals['radix'].total:.1%}."
)

# %% [markdown]
# ## Sensitivity: turn one knob at a time
#
# A model that costs nothing can be asked anything. Change `knob` and `values`, and run the cell: the knobs
# are `prompt`, `width` and `length` of the tree, and `n_q_heads`, `n_kv_heads`, `head_dim` and `dtype_bytes`
# of the layer.

# %%
from dataclasses import replace

TREE = {"prompt": 4000, "width": 20, "length": 200}


def total(method, knob, value):
    tree = build_tree("few_shot", **(TREE | ({knob: value} if knob in TREE else {})))
    geometry = layer if knob in TREE else replace(layer, **{knob: value})
    return traffic(plan_tree(tree, method), geometry, "requested").total


knob, values = "prompt", (10, 30, 100, 300, 1000, 3000, 10_000, 30_000)  # change me
methods = ("radix", "tree_mask", "deft_node", "deft_flatten", "tree_waves")
lines = {METHODS[m].title: [(v, total(m, knob, v)) for v in values] for m in methods}
draw_lines(f"Bytes of one layer and step, by {knob}", lines, Axis(knob, log=True), bytes_axis)

# %%
knobs = {"prompt": (100, 1000, 10_000), "width": (1, 10, 100), "length": (10, 100, 1000)}
knobs |= {"n_kv_heads": (32, 8, 1), "head_dim": (64, 128, 256), "dtype_bytes": (1, 2, 4)}
rows = []
for knob, values in knobs.items():
    for value in values:
        radix_bytes, flat_bytes = total("radix", knob, value), total("deft_flatten", knob, value)
        rows.append((knob, value, radix_bytes / 1e6, flat_bytes / 1e6, radix_bytes / flat_bytes))
columns = ("knob", "value", "Radix, MB", "DeFT-Flatten, MB", "Radix over DeFT-Flatten")
Table(columns, tuple(rows))

# %% [markdown]
# The last column is what tree attention wins in bytes asked for. All three knobs of the tree move it, long
# branches downwards. The shape of the layer hardly does: with the size of a head, KV and partials grow
# together. (Only `dtype_bytes` leaves partials as they are, 4 bytes a number, so they weigh more beside small
# KV.) The rows of `n_kv_heads` are a trap, though. With fewer KV heads *less exists*, and still programs of
# single query heads ask for the same. Only kernels that pack heads, such as
# [Tree-Waves](../deft_lab/methods/tree_waves.py#plan_tree_waves), gain from grouped queries.
#
# ### Where sharing stops paying
#
# With one branch there is nothing to share, and with a very short prompt hardly anything. So there are trees
# on which Radix attention asks for less. Can you find one that *does* share? Write it as a nested list. Or
# draw it: run the next cell, change the tree by hand, watch the bytes below it, and then set `losing_tree =
# editor`.

# %%
from deft_lab.widgets import edit

editor = edit(Tree.from_parents([-1, 0, 0, 0], [30, 5, 5, 5]), views=("bytes",))
editor

# %%
exercise("05.4")

# %%
losing_tree = ...  # a nested list

check("05.4", losing_tree)

# %%
hint("05.4")
solution("05.4")

# %% [markdown]
# ## What you can do now
#
# - **Derive** the bytes of KV, partials, scores and masks from a plan, and check them with `traffic`.
# - **Name** the three factors between what is stored and what is asked for: sharing, query heads of a KV
#   head, tiles of queries.
# - **Say** which account a number belongs to, and distrust a chart that does not.
# - **Predict** where tree attention wins: long shared pieces, many queries, few cuts.
#
# The model is 180 lines: [cost/requested.py](../deft_lab/cost/requested.py); the paper's and the authors'
# formulas are in [cost/accounts.py](../deft_lab/cost/accounts.py), the counts they need in
# [cost/counts.py](../deft_lab/cost/counts.py#Counts), Table 17 in
# [bench/table17.py](../deft_lab/bench/table17.py#reproduce).
#
# **Next:** bytes are not seconds. Notebook 6 hands the programs out to the processors of a GPU, and shows why
# DeFT-Node, the thriftiest of the published methods on the few-shot tree, keeps most of them waiting.
