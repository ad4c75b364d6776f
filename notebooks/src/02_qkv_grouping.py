# %% [markdown]
# # 2. QKV grouping: who meets whom, as arrays
#
# A GPU kernel knows nothing of trees. It is started many times side by side, and each copy is told, by
# numbers in a few arrays, which keys and values to read and for which queries. Making these arrays from a
# tree is called *grouping*. There are several ways to do it; all are right, and they differ in what they
# cost. Here you write three of them, and the check that proves a grouping right.
#
# - **Goals:** make the groups of DeFT-Node, DeFT-Node-Chunk and DeFT-Flatten; read the arrays that the
#   released kernels take; say what becomes of a group with more than 32 or 64 queries; prove that a plan is
#   exact.
# - **Prerequisites:** notebook 1: trees, queries, KV, plans. You can read a Python loop.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights.
# - **Time to read:** 25 minutes, and 55 more for the exercises. **Time to run:** under 15 seconds.
#
# **Run the cell below**, and point at a number or at a node: whatever belongs together lights up.

# %%
from deft_lab.widgets import inspect_arrays

inspect_arrays([6, [3, 2, 1], 4], chunk_len=4)

# %% [markdown]
# Above, the small tree of notebook 1; below, everything that a kernel is told about it. Can you find a
# number that belongs to two nodes at once? Which two arrays are the longest, and what have they an entry for?
# All of it will be explained; come back here when you have written the arrays yourself.

# %% [markdown]
# ## The words
#
# **Program.** One of the many copies of a kernel that run side by side. A program works on one *group*: some
# KV, and some queries that meet it. All groups are the *plan*.
#
# **Slot.** The *pool* is one large array in GPU memory that holds the KV of all tokens. A token lies in a
# *slot* of it. A new token takes a free slot, so branches that grow by turns lie interleaved, and the tokens
# of one node need not be neighbours.
#
# **Token number.** To talk about tokens without slots, we number them node after node, depth first:
# `tree.start[node]` is the first token of a node. `slots[t]` is the slot of token `t`.

# %%
from deft_lab.tree.convert import from_nested
from deft_lab.viz import Table

small = from_nested([6, [3, 2, 1], 4])
slots = [0, 1, 2, 3, 4, 5, 6, 7, 9, 12, 14, 13, 8, 10, 11, 15]  # the branches grew by turns
rows = []
for node in range(small.n_nodes):
    first, stop = small.start[node], small.start[node] + small.length[node]
    queries = range(small.q_first[node], small.q_stop[node])
    rows.append((node, f"{first} to {stop - 1}", str(slots[first:stop]), str([*queries])))
Table(("node", "tokens", "their slots", "queries that see it"), tuple(rows))

# %% [markdown]
# The queries that see a node are always neighbours, because queries are numbered depth first, like the
# nodes. So two numbers a node are enough: `tree.q_first[node]`, and `tree.q_stop[node]`, one past the last.

# %% [markdown]
# ## Q-guided or KV-guided
#
# There are two ways to begin. **Q-guided:** take a query, then collect the KV that it needs. A token that
# many queries need is then in many groups, and is read by each. **KV-guided:** take some KV, then collect
# the queries that need it. Then each token is in one group, and is read once. Flash-Decoding and Radix
# attention are Q-guided; the DeFT methods are KV-guided. That is the whole idea behind their name for it,
# *KV-guided grouping*.
#
# From here on we look at a real decode. Our own small model sorted a list of numbers by *tree of thoughts*:
# it writes several next lines, keeps the likeliest two, and goes on from those. A recording of that run is
# part of the package, so nothing is computed here.

# %%
from deft_lab.trace import load_recording

recording = load_recording("tree_of_thoughts")
step = 40
thoughts = recording.trace.tree_at(step)
labels = thoughts.label.tolist()
above = ["", *(f"n{labels[parent]}" for parent in thoughts.parent[1:])]
said = [recording.text(tokens) for tokens in recording.tokens_at(step).values()]
rows = zip([f"n{label}" for label in labels], above, thoughts.length.tolist(), said, strict=True)
Table(("node", "parent", "tokens", "text"), tuple(rows))

# %%
from deft_lab.viz import draw_tree

draw_tree(
    thoughts, title="A step of a real decode: four queries write the next line of the two best thoughts"
)

# %% [markdown]
# A node keeps its *label* for life, so after some pruning the labels have gaps: n4 is the third node.
# Nodes n16 and n19 are lines that have ended: no query sees them any more, and no program should read them.
#
# ### DeFT-Node: a group is a node
#
# The player below builds the plan group by group. In its matrix a row is a query and a column is a token;
# grey is what must meet. **Run the cell** and press the space bar (Shift+Space goes back).

# %%
from deft_lab.widgets import play_grouping

play_grouping(thoughts, "deft_node")

# %% [markdown]
# Each group covers a part of the grey with its node's colour, and in the end all of it is covered, once. A
# group is a full rectangle: every query of it meets every token of it. So no mask is needed.
#
# ## The arrays
#
# How is this told to a kernel? Program g needs the g-th group: a list of slots and a list of queries. The
# groups are of different lengths, so all lists of slots are laid end to end in one array, and two more
# arrays say where the g-th one begins and how long it is. The same for the queries. These are the names that
# the authors' code uses:

# %%
from deft_lab import plan_tree
from deft_lab.viz import draw_arrays

by_node = plan_tree(small, "deft_node")
draw_arrays(by_node, slots)

# %% [markdown]
# Follow program 1: it reads `KV_indices_offset[1]` and `KV_len[1]`, and from there its slots. Then
# `KVMapQ_List_Offset[1]` and `KVMapQ_List_Len[1]`, and from there its queries. The length of `KVMapQ_List` is
# the number of *partials*: each query of each group gets one.

# %%
from deft_lab.viz import released_arrays

arrays = released_arrays(by_node, slots)
g = 1
first, stop = arrays["KV_indices_offset"][g], arrays["KV_indices_offset"][g] + arrays["KV_len"][g]
print("slots of group 1:  ", arrays["KV_indices"][first:stop])
first = arrays["KVMapQ_List_Offset"][g]
print("queries of group 1:", arrays["KVMapQ_List"][first : first + arrays["KVMapQ_List_Len"][g]])

# %% [markdown]
# ### Your turn

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("02.1")


# %%
def node_arrays(tree, slots):
    # return kv, kv_offset, kv_len, q, q_offset, q_len
    ...


check("02.1", node_arrays)

# %%
hint("02.1")  # three of them; run the cell again for the next
solution("02.1")

# %% [markdown]
# ## A tile of queries
#
# A program works on a *tile* of queries at a time: a small matrix of a fixed number of rows, because the
# GPU's matrix units want one. The released kernels take 32 queries. What if more queries see a node? Then
# its queries are cut into several tiles, and each tile reads the KV of the node again.

# %%
from deft_lab import build_tree
from deft_lab.lessons import predict

wide = plan_tree(build_tree("few_shot", prompt=4000, width=72, length=20), "deft_node")
reads = predict(
    "02.tiles",
    f"{wide.tree.n_queries} queries see a prompt, and a tile has {wide.query_tile} rows. How often does "
    "DeFT-Node read the KV of that prompt?",
    unit="times",
    typical=1,
)

# %% tags=["reveal"]
reads.reveal(int(wide.n_tiles[0]))

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

read = int((wide.kv_len * wide.n_tiles).sum())
Markdown(
    f"{wide.tree.n_queries} queries fill {wide.n_tiles[0]} tiles, so the {wide.kv_len[0]:,} tokens of the "
    f"prompt are read {wide.n_tiles[0]} times. In all {read:,} tokens are read, "
    f"{read / wide.tree.n_tokens:.2f} for each one stored. *Read once* holds for a tile of queries, not for "
    "a group of any size. What becomes of it when several heads share a tile is a matter for notebook 8."
)

# %% [markdown]
# ## DeFT-Node-Chunk: cut long nodes
#
# By node, the prompt is one group, and one program reads all of it. The remedy: [cut every
# node](../deft_lab/methods/_cut.py#cut) after `chunk_len` tokens. The released code takes 128; for the small
# decode we take 8.

# %%
play_grouping(thoughts, "deft_node_chunk", chunk_len=8)

# %%
exercise("02.2")


# %%
def chunk_groups(tree, chunk_len):
    # return [(node, start, stop, [query, ...]), ...]
    ...


check("02.2", chunk_groups)

# %%
hint("02.2")
solution("02.2")

# %% [markdown]
# ## DeFT-Flatten: cut across nodes
#
# A chunk is never longer than `chunk_len`, but it may be much shorter: the last chunk of a node is often a
# small group. DeFT-Flatten forgets the borders. It lays all tokens end to end and cuts after every
# `chunk_len` tokens; so all groups but the last are of one length.

# %%
play_grouping(thoughts, "deft_flatten", chunk_len=16)

# %% [markdown]
# Look at the last steps. A group may hold tokens that only some of its queries see: in the matrix, its
# colour does not fill a whole rectangle. The group's queries are the *union*: all that see at least one of
# its tokens. What a query does not see must be hidden from it, and that takes a *mask*.

# %%
exercise("02.3")


# %%
def flatten_groups(tree, chunk_len):
    # return [([token, ...], [query, ...]), ...]
    ...


check("02.3", flatten_groups)

# %%
hint("02.3")
solution("02.3")

# %% [markdown]
# ### The mask words
#
# The mask of a group has a row for each query and a column for each token. The released kernel keeps a column
# as one whole number of 64 bits, a [*word*](../deft_lab/plan.py#PlanArrays.bit_mask): its bit i is 1 if the
# i-th query of the group sees the token. The lowest bit is the last one on paper.

# %%
flat = plan_tree(small, "deft_flatten", chunk_len=4)
print(flat, "\n")
words = flat.arrays().bit_mask(2)  # of group 2
for entry, word in enumerate(words, start=int(flat.kv_start[2])):
    print(f"token {flat.arrays().token[entry]}, of node {flat.arrays().node[entry]}: {word:02b}")

# %%
exercise("02.4")


# %%
def mask_words(tree, nodes, queries):
    # return one whole number for each token
    ...


check("02.4", mask_words)

# %%
hint("02.4")
solution("02.4")

# %% [markdown]
# A word has 64 bits, so it has room for 64 queries. What if a group has more?

# %%
from deft_lab import DeftLabError

crowd = plan_tree(build_tree("star", prompt=100, width=65), "deft_flatten")
try:
    crowd.arrays().bit_mask(0)
except DeftLabError as refused:
    print(refused)

# %% [markdown]
# Two limits, then. A *tile* has a fixed number of rows because of the matrix units (that it is 32 was the
# authors' choice), and a *word* has 64 bits because that is the widest integer that a GPU computes with. (The
# released flatten kernel handles only 32 queries in a group, and silently leaves out the others. Our kernels
# cut the queries into tiles, each with its own words.)

# %% [markdown]
# ### A tree of your own
#
# Here is the small tree in an editor. Give a node one more token (drag the end of its bar), or fork a leaf;
# the view below follows at once. Then run the next cell: which numbers in the arrays have changed?

# %%
from deft_lab.widgets import edit

editor = edit(small, views=("groups",), method="deft_node")
editor

# %%
inspect_arrays(editor.tree, "deft_node")

# %% [markdown]
# ## Predict: a tree from real work
#
# The DeFT authors recorded how a model merges documents by tree of thoughts. We drew trees of the same shape
# and lengths by lot. This one has everything that such a run writes:

# %%
from deft_lab.builders.look_alike import reasoning_template_like

document = reasoning_template_like("document").tree()
draw_tree(document, title="The shape of merging documents: every thought that was written")

# %%
groups = predict(
    "02.groups",
    f"This tree has {document.n_nodes} nodes, {document.n_queries} queries and {document.n_tokens:,} tokens. "
    "How many groups does DeFT-Flatten make of it, cutting after every 128 tokens?",
    unit="groups",
    typical=document.n_nodes,
)

# %% tags=["reveal"]
groups.reveal(plan_tree(document, "deft_flatten").n_groups)

# %% [markdown]
# And the partials? By node, a query gets one from every node of its path. A longer tree, of sorting numbers:

# %%
sorting = reasoning_template_like("sorting").tree()
node_partials = plan_tree(sorting, "deft_node").n_partials
partials = predict(
    "02.partials",
    f"Sorting: {sorting.n_nodes} nodes, {sorting.n_queries} queries, {sorting.n_tokens:,} tokens. DeFT-Node "
    f"leaves {node_partials} partials. How many does DeFT-Flatten leave?",
    unit="partials",
    typical=node_partials,
)

# %% tags=["reveal"]
partials.reveal(plan_tree(sorting, "deft_flatten").n_partials)

# %% tags=["reveal"]
methods = {"Node": "deft_node", "Node-Chunk": "deft_node_chunk", "Flatten": "deft_flatten"}
rows = []
for task in ("document", "keyword", "set", "sorting"):
    tree = reasoning_template_like(task).tree()
    plans = [plan_tree(tree, method) for method in methods.values()]
    counts = [number for plan in plans for number in (plan.n_groups, plan.n_partials)]
    rows.append((task, tree.n_nodes, tree.n_tokens, *counts))
columns = [f"{name}: {what}" for name in methods for what in ("groups", "partials")]
Table(("task", "nodes", "tokens", *columns), tuple(rows))

# %% jupyter={"source_hidden": true} tags=["reveal"]
whole, even = plan_tree(document, "deft_node"), plan_tree(document, "deft_flatten")
Markdown(
    f"Flatten makes one group for every 128 tokens: {document.n_tokens:,} / 128, rounded up, is "
    f"{even.n_groups}, however many nodes there are. By node the longest group has "
    f"{whole.kv_len.max():,} tokens and the shortest {whole.kv_len.min()}. The price is the partials: "
    f"{even.n_partials:,} instead of {whole.n_partials}, because a long node is served to all its queries "
    "again in every piece. Notebook 4 counts what they cost, notebook 6 what the balance is worth."
)

# %% [markdown]
# If you have the authors' own recorded trees (`python -m deft_lab fetch-templates` gets them), the next cell
# counts the groups of the first complete one of each task:

# %%
from deft_lab.builders.templates import TemplateFile
from deft_lab.fetch import find_templates

folder = find_templates()
rows = []
for file in sorted(folder.glob("*ToT.json")) if folder else []:
    found = TemplateFile(file)
    tree = found[found.complete[0]].tree()
    plans = [plan_tree(tree, method) for method in methods.values()]
    counts = [number for plan in plans for number in (plan.n_groups, plan.n_partials)]
    rows.append((file.stem, tree.n_nodes, tree.n_tokens, *counts))
skipped = "Skipped: fetch the recorded trees, then run this cell again to see them here."
Table(("file", "nodes", "tokens", *columns), tuple(rows)) if rows else Markdown(skipped)

# %% [markdown]
# ## A plan a step
#
# A tree grows by a token a branch at every step, forks, and is pruned. So there is a new plan at every step,
# and making it is on the clock. Here are all steps of the recorded decode:

# %%
from deft_lab.viz import Axis, draw_lines

lines = {name: [] for name in methods}
for at, tree in enumerate(recording.trace.trees()):
    for name, method in methods.items():
        options = {} if name == "Node" else {"chunk_len": 16}
        lines[name].append((at, plan_tree(tree, method, **options).n_partials))
draw_lines("Partials, step by step, of a real decode", lines, Axis("step"), Axis("partials"))

# %% [markdown]
# The jumps are forks, the drops prunings. Between them it is mostly Flatten that changes: with every new
# token its cuts move on, and fall differently into the nodes. Node-Chunk changes where a node outgrows its
# chunk, Node not at all. (Here a chunk has 16 tokens, as the tree is small.)

# %% [markdown]
# ## Prove it
#
# You have written three groupings. Is a fourth one right? There is one rule: *every query meets every token
# of its path exactly once*, and no other token. A plan that keeps it gives the right result; one that breaks
# it anywhere does not. So it is worth a check that finds every breach.

# %%
exercise("02.5")


# %%
def is_exact(tree, groups):
    # return True or False
    ...


check("02.5", is_exact)

# %%
hint("02.5")
solution("02.5")

# %% [markdown]
# [The library's check](../deft_lab/plan.py#check_plan) does the same with intervals instead of single tokens,
# so it is quick on large trees. It names the first pair that breaks the rule. Here a group is told to begin a
# token too late:

# %%
from dataclasses import replace

from deft_lab import check_plan

check_plan(flat)
late = flat.chunk_start.copy()
late[1] += 1
try:
    check_plan(replace(flat, chunk_start=late))
except DeftLabError as broken:
    print(broken)

# %% [markdown]
# ## What you can do now
#
# - **Make** the groups of DeFT-Node, DeFT-Node-Chunk and DeFT-Flatten from any tree, and play how
#   (`play_grouping`).
# - **Read** the arrays of the released kernels, offset and length first, and look up what a number means
#   (`inspect_arrays`).
# - **Say** what limits a group: rows of a tile, bits of a word. What exceeds them is cut, and its KV is read
#   again.
# - **Prove** a plan exact, yours or another's: `check_plan`.
#
# The files behind this notebook: the plans in
# [methods/deft_node.py](../deft_lab/methods/deft_node.py#plan_deft_node),
# [methods/deft_node_chunk.py](../deft_lab/methods/deft_node_chunk.py#chunked_nodes) and
# [methods/deft_flatten.py](../deft_lab/methods/deft_flatten.py#plan_deft_flatten), without a loop over nodes;
# the plan and its check in [plan.py](../deft_lab/plan.py); the arrays in
# [viz/arrays.py](../deft_lab/viz/arrays.py#released_arrays); and what our own kernels are told in
# [ops/tables.py](../deft_lab/ops/tables.py#host_tables).
#
# **Next:** notebook 3 looks into one group: what a program computes, and what it leaves behind.
