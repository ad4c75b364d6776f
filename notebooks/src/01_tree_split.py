# %% [markdown]
# # 1. A tree of tokens, and three ways to split it
#
# When a language model writes many continuations of one text, each of them reads the memory of that text
# again, at every single token. Together, the continuations form a *tree*, and whoever sees the tree needs
# to read the shared part only once. Here you look at such trees, count the bytes, and meet the three ways
# to cut a tree into work for a GPU.
#
# - **Goals:** build a decoding tree; count its KV tokens with and without sharing; say what *split by
#   query*, *split by node* and *flatten* mean; name who reads what.
# - **Prerequisites:** you can read `softmax(q @ k.T) @ v`. Nothing about KV caches, GPUs or trees.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights.
# - **Time to read:** 25 minutes, and 35 more for the exercises. **Time to run:** under 10 seconds.
#
# **Run the cell below** (click into it, then press Shift+Enter), and its picture gets a menu and sliders.
# Run all others in the same way. Where a cell would answer a question, you see no result before you run it.

# %%
from deft_lab.widgets import explore

explore("few_shot", prompt=1000, width=4, length=100, pack_heads=True)

# %% [markdown]
# A prompt, on the left, and four answers that continue it. Below the tree you see its memory, and the bytes
# that eight methods of attention move in one step. Run the cell and drag its sliders: with every further
# answer, which numbers in the column *total* grow fast, and which slowly? (Compare the numbers, not the bars:
# their axis always fits the longest.) The words in the pictures are explained next; come back afterwards.
#
# For now only the dark blue part of the bars matters, named KV. Q and O are the queries and the outputs.
# Partials, their LSE and the mask come below, and in full in notebooks 3 and 4; the index says where in
# memory a token lies. An *account* is a way to count bytes. The names on the left are methods; you meet three
# of them below, and the others in notebooks 2, 6 and 10.

# %% [markdown]
# ## The words
#
# **Query, key, value.** A model writes text one *token* (a word or a piece of one) at a time. In every
# layer, the newest token asks a *query*, a vector. Every token so far has a *key* and a *value*, two
# more vectors. Attention is `softmax(q @ k.T / sqrt(d)) @ v`: the query is compared with every key, and
# takes a weighted mean of the values.
#
# **KV.** The key and value of a token never change, so they are computed once and kept. That is the *KV
# cache*; we say *KV* for short. To write one more token, the model must *read* the KV of all tokens before
# it. This reading, not the arithmetic, is what a long text costs, and so this course counts bytes.
#
# **Tree.** When several continuations share a beginning, their texts form a tree. A *node* is a run of
# tokens that belong to the same continuations; the *root* is what all share; a *branch* is the way from the
# root to a *leaf*, which is one complete text. A query *sits* at the end of a node, its *seat*, and *sees*
# the tokens on the *path* from the root down to its seat, and no others.

# %%
from deft_lab.tree.convert import from_nested
from deft_lab.viz import draw_tree

small = from_nested([6, [3, 2, 1], 4])  # [tokens, child, child, ...]; a leaf may be its tokens alone
draw_tree(small, title="A small tree to think with")

# %% [markdown]
# Here, where nothing has been pruned, nodes are numbered as a reader goes, from top to bottom: down the first
# branch to its leaf, then the next. The dots are the queries. What does each of them see?

# %%
for query, seat in enumerate(small.seat):
    path = small.path(seat)
    tokens = sum(small.length[node] for node in path)
    print(f"query {query} sits on node {seat} and sees nodes {path}: {tokens} tokens")

# %% [markdown]
# Node 0 is on every path. There are two ways to keep its KV: once for all, or in a copy for each query.

# %%
from deft_lab.viz import draw_kv_memory

draw_kv_memory(small)

# %% [markdown]
# How many bytes is that? It depends on the model. A layer attends several times side by side, in *heads*,
# each with its own, shorter vectors. To save memory, several *query heads* share the keys and values of
# one *KV head*. This is a layer of Llama-3-8B:

# %%
from IPython.display import Markdown

from deft_lab import LLAMA3_8B

layer = LLAMA3_8B.layer
Markdown(
    f"{layer.n_q_heads} query heads share {layer.n_kv_heads} KV heads, {layer.q_per_kv} each. A token keeps "
    f"a key and a value for each KV head, {layer.head_dim} numbers of {layer.dtype_bytes} bytes: 2 x "
    f"{layer.n_kv_heads} x {layer.head_dim} x {layer.dtype_bytes} = **{layer.kv_bytes_per_token:,} bytes a "
    f"token**, in each of {LLAMA3_8B.n_layers} layers."
)

# %% [markdown]
# ## Predict
#
# Now a larger tree: a prompt of 4,000 tokens, and twenty answers that have grown to 20 tokens each. We call
# it the *few-shot* tree: such a prompt holds some solved examples (shots), and many answers are tried below
# it. All of them get their next token at once. That is one *step*, with twenty queries, one at the end of
# each answer.
#
# - **Per branch:** every query walks down its own branch and reads the KV of all tokens on it.
# - **By the tree:** the KV of every node is read once, for all the queries that see it.

# %%
from deft_lab import build_tree
from deft_lab.lessons import predict

few_shot = build_tree("few_shot", prompt=4000, width=20, length=20)
sharing = predict(
    "01.sharing",
    "In this step, how many times more KV bytes are read per branch than by the tree?",
    unit="x",
    typical=20,
)

# %% [markdown]
# ## Measure
#
# A *plan* says who reads what; `traffic` adds up its bytes. The plan called `radix` reads per branch, the
# one called `deft_node` by the tree; you will meet both below. (`"requested"` counts what a GPU program
# asks the memory for, and `pack_heads` lets the query heads that share a KV head read it together.)

# %% tags=["reveal"]
from deft_lab import plan_tree, traffic


def kv_bytes(tree, method):
    return traffic(plan_tree(tree, method), layer, "requested", pack_heads=True).kv


per_branch, by_tree = kv_bytes(few_shot, "radix"), kv_bytes(few_shot, "deft_node")
sharing.reveal(per_branch / by_tree)

# %% [markdown]
# ## Explain the gap

# %% jupyter={"source_hidden": true} tags=["reveal"]
Markdown(
    f"Per branch, one layer reads **{per_branch / 1e6:.1f} MB** in this step; by the tree, "
    f"**{by_tree / 1e6:.1f} MB**. In all {LLAMA3_8B.n_layers} layers that is "
    f"{LLAMA3_8B.n_layers * per_branch / 1e9:.1f} GB against {LLAMA3_8B.n_layers * by_tree / 1e9:.2f} GB, "
    f"to write {few_shot.n_queries} tokens.\n\nWhy {per_branch / by_tree:.2f} times and not "
    f"{few_shot.n_queries} times, once for every answer? The prompt is indeed read only once. But the "
    "answers' own tokens are shared by nobody, so both ways read all of them."
)

# %%
answers, prompt, length = 20, 4000, 20
total = answers * (prompt + length)  # every query reads its branch
unique = prompt + answers * length  # every token is read once
assert per_branch / by_tree == total / unique == few_shot.sharing

# %% [markdown]
# `total / unique` is the **sharing ratio** of a tree. It is all that sharing can save: as long as every token
# is seen by some query, no method can read less than every token once.

# %% [markdown]
# ### Your turn
#
# Teach the computer to count. The check runs your function on many trees, and if it fails on one, draws you
# the smallest tree that shows it.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("01.1")


# %%
def count_tokens(tree):
    # return unique, total
    ...


check("01.1", count_tokens)

# %%
hint("01.1")  # three of them; run the cell again for the next
solution("01.1")

# %% [markdown]
# ## Move the fork
#
# In the few-shot tree each branch is 4,020 tokens long, and forks off after 4,000. Let the answers part
# earlier: every branch keeps its 4,020 tokens, but fewer of them are shared.

# %%
fork_at = 2000  # change me: 1 to 4,019, then run this cell and the next
earlier = build_tree("few_shot", prompt=fork_at, width=20, length=4020 - fork_at)
moved = predict(
    "01.fork",
    f"The branches part after {fork_at:,} tokens. How many times more is read per branch now?",
    unit="x",
    typical=20 * fork_at / 4000,
)

# %% tags=["reveal"]
moved.reveal(kv_bytes(earlier, "radix") / kv_bytes(earlier, "deft_node"))

# %% [markdown]
# Most people scale: half of the text is shared, so half of the saving is left. The ratio does not work
# like that. (The first figure shows it too: make its prompt shorter and its branches longer.)

# %% tags=["reveal"]
from deft_lab.viz import Table

forks = (4019, 4000, 3900, 3500, 3000, 2000, 1000, 1)
trees = [build_tree("few_shot", prompt=at, width=20, length=4020 - at) for at in forks]
Table(
    ("fork after", "total tokens", "unique tokens", "sharing ratio"),
    tuple((at, t.n_path_tokens, t.n_tokens, t.sharing) for at, t in zip(forks, trees, strict=True)),
)

# %% jupyter={"source_hidden": true} tags=["reveal"]
step = (trees[2].n_tokens - trees[1].n_tokens) // (forks[1] - forks[2])
Markdown(
    f"*Total* never changes: {answers} branches of {prompt + length:,} tokens. But each token by which the "
    f"fork moves up is stored {answers} times instead of once, so *unique* grows by {step}. Moving the fork "
    f"from {forks[1]:,} to {forks[2]:,} adds {trees[2].n_tokens - trees[1].n_tokens:,} tokens to "
    f"{trees[1].n_tokens:,}, and the ratio drops from {trees[1].sharing:.1f} to {trees[2].sharing:.1f}. "
    "**What is not shared counts once per branch.** So sharing pays where long prefixes meet short branches."
)

# %% [markdown]
# ## Three ways to split
#
# A GPU runs many *programs* side by side, copies of one *kernel*. Each gets some KV and some queries: a
# *group*. All groups together are a **plan**, and a **method** is a rule that makes a plan from a tree. A
# plan is right if every query meets every token of its path exactly once.
#
# ### Split by query
#
# One group for each query, with its whole branch. This is reading *per branch*. It is how [Radix
# attention](../deft_lab/methods/radix.py#plan_radix) works (and Flash-Decoding, which also cuts the branch
# into pieces).

# %%
by_query = plan_tree(small, "radix")
print(by_query)

# %%
from deft_lab.viz import draw_split

draw_split(by_query)

# %% [markdown]
# Each row is a group; the colours are those of the nodes in the small tree. Radix attention *stores* node 0
# once, and still all three queries *read* it: it saves memory, not reads.
#
# ### Split by node
#
# One group for each node, with all the queries that see it:
# [DeFT-Node](../deft_lab/methods/deft_node.py#plan_deft_node). ([DeFT](https://arxiv.org/abs/2404.00242),
# *Decoding with Flash Tree-attention*, is the paper that this course follows. Three of its methods begin with
# that name, and so does DeFT-Tree-Index, a fourth one of its authors' code.)

# %%
by_node = plan_tree(small, "deft_node")
draw_split(by_node)

# %% [markdown]
# Now every token is in one row only, so it is read once. There are two prices. A query gets only a part of
# its result from each of its groups, a **partial**, and these must be put together afterwards, in the
# **reduction**. (Split by query, a query has one group, so its one partial is the whole result.) And the
# groups are as uneven as the nodes: on a real tree, the prompt is one huge group, and everybody waits for it.
#
# ### Flatten
#
# Lay all nodes end to end, and cut this row into pieces of the same length, wherever the borders of the nodes
# may be: [DeFT-Flatten](../deft_lab/methods/deft_flatten.py#plan_deft_flatten). Here the pieces have 4
# tokens; the kernels use 128.

# %%
flat = plan_tree(small, "deft_flatten", chunk_len=4)
draw_split(flat)

# %% [markdown]
# All groups are of the same length now, and still every token is read once. A group may hold tokens of
# several nodes, and its queries are all those that see at least one of them. So a *mask* has to say, inside
# the group, who sees which token. Look at the row with nodes 1, 2 and 3: query 0 must not attend to the
# token of node 3.
#
# Does each plan keep the rule? [`check_plan`](../deft_lab/plan.py#check_plan) proves it, or names the first
# pair of query and token that breaks it.

# %%
from deft_lab import check_plan

for plan in (by_query, by_node, flat):
    check_plan(plan)
    print("exact:", repr(plan))

# %% [markdown]
# On the few-shot tree the differences are large, in the number and the length of the groups, and in bytes:

# %%
names = {"by query": "radix", "by node": "deft_node", "flatten": "deft_flatten"}
plans = {name: plan_tree(few_shot, method) for name, method in names.items()}
Table(
    ("split", "groups", "tokens read", "longest group", "partials"),
    tuple(
        (name, p.n_groups, int(p.kv_len.sum()), int(p.kv_len.max()), p.n_partials)
        for name, p in plans.items()
    ),
)

# %%
from deft_lab.viz import draw_io_bars

draw_io_bars(few_shot, layer, names.values(), pack_heads=True, title="The three splits in bytes")

# %% jupyter={"source_hidden": true}
node, even = plans["by node"], plans["flatten"]
Markdown(
    f"By node and flatten read the same {node.kv_len.sum():,} tokens. By node leaves few partials, "
    f"{node.n_partials}, but one group has {node.kv_len.max():,} tokens and each other {node.kv_len.min()}: "
    f"one program still works when all others have long finished. Flatten makes {even.n_groups} groups of at "
    f"most {even.kv_len.max()} tokens, and pays with {even.n_partials} partials, which must be written and "
    "read again. Which one is faster? Notebook 4 looks at the partials, notebook 6 at the balance."
)

# %% [markdown]
# ### Your turn
#
# A program that works on a node must know who needs it.

# %%
exercise("01.2")


# %%
def queries_of(tree, node):
    # return a list of query numbers
    ...


check("01.2", queries_of)

# %%
hint("01.2")
solution("01.2")

# %% [markdown]
# With that, the second of the three splits is yours:

# %%
exercise("01.3")


# %%
def split_by_node(tree):
    # return [(node, [query, ...]), ...]
    ...


check("01.3", split_by_node)

# %%
hint("01.3")
solution("01.3")

# %% [markdown]
# ## Splitting changes no result
#
# Can a softmax be cut into pieces at all? Each group computes attention over its own tokens only, and [keeps
# two things for each query](../deft_lab/attention/grouped.py#attend_group): the output `out`, and `lse`, the
# logarithm of the sum of all `exp(score)`. The reduction [weighs the
# outputs](../deft_lab/attention/grouped.py#reduce_partials) by `exp(lse)` and is exact; notebook 3 derives
# it. Here, numbers shall convince you: random queries, keys and values, the plain definition on one side, and
# three plans on the other.

# %%
import numpy as np

from deft_lab.attention import dense_attention, partial_attention, reduce_partials

rng = np.random.default_rng(seed=0)
q = rng.normal(size=(small.n_queries, 4, 16))  # [query, query head, dim]
k, v = rng.normal(size=(2, small.n_tokens, 1, 16))  # [token, KV head, dim]
exact = dense_attention(q, k, v, small)  # each query with its whole path, as defined

# %%
for plan in (by_query, by_node, flat):
    out, lse = partial_attention(q, k, v, plan)
    difference = np.abs(reduce_partials(out, lse, plan) - exact).max()
    print(f"{plan.method:14}{plan.n_partials:3} partials, largest difference {difference:.0e}")
    assert difference < 1e-12

# %% [markdown]
# The differences are rounding errors of the last digit. So the choice of a split is a question of speed
# only, never of the result.

# %% [markdown]
# ## Trees from real work
#
# Few-shot answers are the simplest tree. This one has the shape of a *tree of thoughts*: a model that
# sorts a list of numbers writes ten thoughts, the most promising one is continued by ten more, and so on.
# What has ended without success is pruned. (It is a look-alike that we drew by lot, with lengths as the DeFT
# authors measured them.)
#
# From here on, mind two kinds of numbers. Those in pictures are *labels*, names for life: they stay when
# other nodes are pruned, and a tree from elsewhere keeps the numbers it came with. `tree.path`, `tree.seat`
# and `tree.length` use the *index* instead, which counts the nodes of the tree at hand as a reader goes;
# `tree.index(label)` translates. (For queries, `tree.query_order` holds the numbers in the pictures.)

# %%
from deft_lab import load_tree

reasoning = load_tree("reasoning_sorting")
draw_tree(reasoning, title="A reasoning tree at its widest step")

# %%
index = reasoning.index(14)
tokens, path = reasoning.length[index], reasoning.path(index)
print(f"node n14 of the picture has index {index}: {tokens} tokens, path {path}")

# %%
by_eye = predict(
    "01.reasoning",
    f"This tree has {reasoning.n_queries} queries. By eye: what is its sharing ratio?",
    unit="x",
    typical=reasoning.n_queries,
)

# %% tags=["reveal"]
by_eye.reveal(reasoning.sharing)

# %% [markdown]
# The next tree is of another kind. In *speculative decoding* something small and fast guesses how the text
# may go on, and the large model verifies all guesses in one step. This is the tree that Medusa uses: the
# newest token, node 1, and below it 63 guesses. To verify a token means to run its query, so here
# *each* of them has one, not only the leaves:

# %%
medusa = load_tree("medusa_64")
draw_tree(medusa, title="Medusa's tree, below a text of 1,000 tokens")

# %% tags=["reveal"]
tasks = ("reasoning_document", "reasoning_keyword", "reasoning_set", "reasoning_sorting")
shown = {"a chain": from_nested([1000])}  # one text, one query
shown |= {name: load_tree(name) for name in (*tasks, "few_shot_20x20", "medusa_64")}
Table(
    ("tree", "nodes", "queries", "unique tokens", "sharing ratio"),
    tuple((name, t.n_nodes, t.n_queries, t.n_tokens, t.sharing) for name, t in shown.items()),
)

# %% jupyter={"source_hidden": true} tags=["reveal"]
Markdown(
    f"Two rules of thumb. The ratio never exceeds the number of queries: Medusa's {medusa.n_queries} queries "
    f"share nearly everything and reach {medusa.sharing:.1f}. And long branches eat it up: the sorting tree "
    f"has {reasoning.n_queries} queries, but {1 - reasoning.length[0] / reasoning.n_tokens:.0%} of its "
    f"tokens lie below the root, and it reaches {reasoning.sharing:.1f}. A chain shares nothing, so no tree "
    "method can win anything on it."
)

# %% [markdown]
# The authors' own recorded trees are not part of this package. If you have them (`python -m deft_lab
# fetch-templates` gets them), the next cell shows the first complete one of each task, at its widest step:

# %%
from deft_lab.builders.templates import TemplateFile
from deft_lab.fetch import find_templates

folder = find_templates()
rows = []
for file in sorted(folder.glob("*ToT.json")) if folder else []:
    first = TemplateFile(file).complete[0]  # some recordings were cut off
    t = build_tree("from_template", path=file, tree_idx=first)
    rows.append((f"{file.stem}, number {first}", t.n_nodes, t.n_queries, t.n_tokens, t.sharing))
columns = ("recorded tree", "nodes", "queries", "unique tokens", "sharing ratio")
skipped = "Skipped: fetch the recorded trees, then run this cell again to see them here."
Table(columns, tuple(rows)) if rows else Markdown(skipped)

# %% [markdown]
# ### Your turn
#
# Now the other way round: the ratio is given, and you draw the tree. Write it as a nested list. Or draw it by
# hand: run the next cell, click a node, drag the end of its bar, fork it with `F`, and then set `my_tree =
# editor`. Two pictures follow your hand: the memory, which is given out in *pages* of 16 places, and the
# groups of any method.

# %%
from deft_lab.widgets import edit

editor = edit(small, views=("memory", "groups"), method="deft_node")
editor

# %%
exercise("01.4")

# %%
my_tree = ...  # a nested list

check("01.4", my_tree)

# %%
hint("01.4")
solution("01.4")

# %% [markdown]
# ## What you can do now
#
# - **Build** a decoding tree, from a nested list or with `build_tree`, and load the bundled ones with
#   `load_tree`.
# - **Count** its tokens with and without sharing: `tree.n_path_tokens`, `tree.n_tokens`, `tree.sharing`.
# - **Say** what the three splits do. *By query* reads shared tokens again for every query. *By node* reads
#   each token once, in groups as uneven as the nodes. *Flatten* reads each token once, in even groups, with
#   masks and more partials.
# - **Name** who reads what: `print(plan)`, `draw_split(plan)`, `check_plan(plan)`.
#
# Your guesses are in `.deft/predictions.json`. Look at them again after a few notebooks: they get better.
#
# The files behind this notebook are short, and written to be read: the tree in
# [tree/core.py](../deft_lab/tree/core.py), the plan and its check in [plan.py](../deft_lab/plan.py), the
# three splits in [methods/](../deft_lab/methods), the bytes in
# [cost/accounts.py](../deft_lab/cost/accounts.py), and attention from a plan in
# [attention/grouped.py](../deft_lab/attention/grouped.py).
#
# **Next:** notebook 2 turns a plan into the arrays that a GPU kernel takes.
