# %% [markdown]
# # 8. Model and kernel, byte for byte
#
# Notebook 5 said how many bytes attention over a tree must move, on paper. This one runs the real kernels,
# watches every load and store that they make, and counts. Where paper and count agree, you can trust the
# paper. Where they do not, the kernel does something that the paper did not think of, and you will find the
# line of source that does it.
#
# - **Goals:** count the loads and stores of a kernel by role and by source line; compare them with a model;
#   explain each difference; change a grid so that a difference goes away.
# - **Prerequisites:** notebooks 1, 5 and 7: trees, plans, partials; accounts of bytes; what a program does.
# - **Needs:** CPU; Triton (Linux) to count. Elsewhere the counts are read from a recording.
# - **Time to read:** 25 minutes, and 40 more for the exercises. **Time to run:** about 20 seconds.
#
# **Run the cell below** (click into it, then press Shift+Enter), and all others in the same way.

# %%
from deft_lab.lessons import draw_count

draw_count("few_shot", "deft_node", prompt=300, width=4, length=20)

# %% [markdown]
# Two bars for each *role*, that is, for what the bytes are: keys and values (KV), queries (Q), outputs (O),
# partials and their LSE, and the *index*, the numbers that tell a program what to work on. The plain bar is
# *modelled*, from a formula; the hatched one is *counted*, from a run of the kernels. Each pair is equal to
# the last byte, as the ratio of 1 on the right says. Below a pair stand the source lines that moved it. (An
# *account* is a way to count bytes; you know them from notebook 5.)
#
# **Choose a pair**: click it, or walk there with Tab and press Enter. Its source appears below the bars, each
# line with what it moved. (Lines that move nothing of that role are there to be read.)
#
# ## How to count
#
# Triton has an *interpreter*: it runs a kernel on the CPU, program after program, and every load and store
# passes through two Python functions. We put a counter before them. It knows where the tensors lie in
# memory, so it can say which *role* an address has: KV, Q, O, a partial. A load moves a whole tile, one
# number in each *lane*; a lane that is masked off asks for nothing and counts nothing.

# %%
from deft_lab import Geometry, build_tree, plan_tree, traffic
from deft_lab.lessons import count_step

one_head = Geometry(n_q_heads=4, n_kv_heads=1, head_dim=128)  # an eighth of a layer of Llama-3-8B
small = build_tree("few_shot", prompt=300, width=4, length=20)
small_step = count_step(plan_tree(small, "deft_node"), one_head)
print("from a recording" if small_step.is_recorded else "counted now")
small_step.table()

# %% [markdown]
# Every line above is a line of [kernels/](../kernels). The loads of K and V are both in
# [attend.py](../kernels/attend.py#load_tokens), in `load_tokens`; the partials are stored there by stage 1
# and loaded by stage 2, in [reduce.py](../kernels/reduce.py#reduce_kernel.partial).
#
# The interpreter takes some milliseconds for each tile of KV. So we run *one* KV head with the four query
# heads that share it, and multiply by eight: the others do the same work on other numbers. (Set the variable
# `RUN_FULL=1` before you start Jupyter, and the cells below run all heads, in two minutes.)

# %%
import os

from deft_lab import LLAMA3_8B

layer, full = LLAMA3_8B.layer, os.environ.get("RUN_FULL") == "1"


def count_layer(tree, method, pack_heads=None):
    plan = plan_tree(tree, method)
    step = count_step(plan, layer if full else one_head, pack_heads)
    return step if full else step.times(layer.n_kv_heads // one_head.n_kv_heads)


# %% [markdown]
# ## Predict
#
# The tree of notebook 1: a prompt of 4,000 tokens and twenty answers of 20. DeFT-Node makes one group for
# each node, with all queries that see it. So each token is in one group only, and the KV of the prompt is
# read for twenty answers at once.

# %%
from deft_lab.lessons import predict

few_shot = build_tree("few_shot", prompt=4000, width=20, length=20)
once = predict(
    "08.once",
    "How many times does the kernel of DeFT-Node request each byte of KV, in a layer of Llama-3-8B?",
    unit="x",
    typical=1,
)

# %% [markdown]
# ## Measure
#
# The account `unique` counts each byte of KV once. It is the floor: a kernel that reads less has not seen
# all tokens.

# %% tags=["reveal"]
node_step = count_layer(few_shot, "deft_node")
floor = traffic(plan_tree(few_shot, "deft_node"), layer, "unique")
once.reveal(node_step.traffic.kv / floor.kv)

# %% tags=["reveal"]
node_step.beside(floor, title="The floor, and what DeFT-Node requests")

# %% [markdown]
# ## Explain the gap

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

Markdown(
    f"The tree holds {floor.kv / 1e6:.2f} MB of KV in a layer; the kernel requests "
    f"{node_step.traffic.kv / 1e6:.2f} MB, **{node_step.traffic.kv / floor.kv:.2f} times** as much. Each "
    "node is indeed in one group only. But a group is not one program: the published kernel runs one program "
    f"for each of the {layer.n_q_heads} *query* heads, and the {layer.q_per_kv} programs that share a KV "
    "head each load its K and V for themselves."
)

# %% [markdown]
# (Q is requested twice for a like reason: each query sits in two groups, the prompt's and its own. What the
# floor leaves out is the price of splitting: partials, their LSE, and the index.)
#
# The plan was right, and the sentence "each token is in one group" was right. What was wrong is the step from
# there to bytes: it forgot the *grid*, the number of programs. In the source it is one line of
# [deft_node.py](../kernels/deft_node.py#deft_node_kernel.TILES), `TILES = N_Q_HEADS // HEADS`, with `HEADS`
# equal to 1.
#
# Is it the method, or the kernel? DeFT-Flatten groups in another way. (On the small tree, to save time.)

# %% tags=["reveal"]
flat_step = count_layer(small, "deft_flatten")
held = traffic(plan_tree(small, "deft_flatten"), layer, "unique").kv
print(f"DeFT-Flatten requests {flat_step.traffic.kv / held:.2f} times the KV of the tree")

# %% [markdown]
# It is the kernel. So let a program take all query heads of its KV head: that is `HEADS` equal to 4, and in
# Python `pack_heads=True`. (FastTree, MLSys 2025, packs its tiles like that; so does our own `tree_waves`.)

# %% tags=["reveal"]
packed_step = count_layer(few_shot, "deft_node", pack_heads=True)
packed_step.beside(floor, title="The same with packed heads")

# %% [markdown]
# Each byte of KV once, and the factor is gone. It is the same plan, and the outputs are the same.
#
# The model of notebook 5 knows all this: its account `requested` has [a
# formula](../deft_lab/cost/requested.py#_two_phases) for the published grid and one for the packed grid. Here
# they stand beside the counts, for every role:

# %% tags=["reveal"]
from deft_lab.viz import Table

rows = []
for name, step, pack in (("published", node_step, False), ("packed", packed_step, True)):
    model = traffic(plan_tree(few_shot, "deft_node"), layer, "requested", pack_heads=pack)
    for role, counted in step.traffic.by_role().items():
        rows.append((name, role, model.by_role()[role], counted))
        assert model.by_role()[role] == counted
Table(("grid", "role", "modelled bytes", "counted bytes"), tuple(rows))

# %% [markdown]
# ## A crowded node
#
# A tile has room for so many rows; in the published kernels, for 32 queries. What if more than 32 queries
# see a node? This tree has 40 answers of 8 tokens below a prompt of 256.

# %%
crowded = build_tree("few_shot", prompt=256, width=40, length=8)
again = predict(
    "08.crowded",
    "How many times does DeFT-Node, as published, request each byte of KV of this tree?",
    unit="x",
    typical=4,
)

# %% tags=["reveal"]
crowded_step = count_layer(crowded, "deft_node")
crowded_floor = traffic(plan_tree(crowded, "deft_node"), layer, "unique")
again.reveal(crowded_step.traffic.kv / crowded_floor.kv)

# %% jupyter={"source_hidden": true} tags=["reveal"]
prompt, answers = int(crowded.length[0]), crowded.n_tokens - int(crowded.length[0])
heads, tiles = layer.q_per_kv, -(-crowded.n_queries // 32)
Markdown(
    f"Forty queries need {tiles} tiles, and each tile is a program that reads the whole node. The prompt's "
    f"{prompt} tokens are read {tiles} times by each query head, the {answers} tokens of the answers once: "
    f"{heads} x ({tiles} x {prompt} + {answers}) / {crowded.n_tokens} = "
    f"**{heads * (tiles * prompt + answers) / crowded.n_tokens:.2f}**."
)

# %% [markdown]
# Packing helps here, too, but not all the way:

# %% tags=["reveal"]
crowded_packed = count_layer(crowded, "deft_node", pack_heads=True)
print(f"packed: {crowded_packed.traffic.kv / crowded_floor.kv:.2f} times the KV of the tree")

# %% [markdown]
# Our packed tiles have 128 rows: 32 queries in four heads. Forty queries still need two. Could the tile be
# larger? In the interpreter, yes, and that is your second exercise. On a GPU a row costs registers.
#
# ### Your turn
#
# First the arithmetic, for any tree, any heads, any tile.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("08.1")


# %%
def multiplier(tree, n_q_heads, n_kv_heads, tile_rows):
    # return KV requested / KV held
    ...


check("08.1", multiplier)

# %%
hint("08.1")
solution("08.1")

# %% [markdown]
# Then the kernel. The check runs it in the counter, and compares its outputs with the plain definition of
# attention: a grid that is cheap and wrong does not pass.

# %%
exercise("08.2")


# %%
def packing(n_q_heads, n_kv_heads, n_queries):
    # return programs, tile_rows, rows
    ...


check("08.2", packing)

# %%
hint("08.2")
solution("08.2")

# %% [markdown]
# ## The price of balance
#
# DeFT-Flatten cuts the tree into chunks of the same length, and notebook 6 showed why: no program works
# longer than the others. But each chunk gives each of its queries a partial. A partial is written by stage 1
# and read by stage 2, in 32 bits a number. Here is the bill for the few-shot tree, with packed heads:

# %%
packed_flat = traffic(plan_tree(few_shot, "deft_flatten"), layer, "requested", pack_heads=True)
share = packed_flat.partials / packed_flat.kv
print(f"KV {packed_flat.kv / 1e6:.1f} MB, partials {packed_flat.partials / 1e6:.1f} MB: {share:.1f} times KV")

# %% [markdown]
# The method that reads the KV once moves more bytes of partials than of KV. Longer chunks make fewer
# partials; they also gather the queries of more branches, and beyond 32 of them the chunk is read again.
# Somewhere in between is a minimum. Take a tree of 64 leaves, a full binary tree, and the published kernel,
# which does not pack its heads:

# %%
from deft_lab import load_tree

binary = load_tree("deep_binary")
print(repr(binary))
best = predict(
    "08.chunk",
    "With which chunk length does DeFT-Flatten move the fewest bytes on this tree?",
    unit="tokens",
    typical=128,
)

# %% tags=["reveal"]
from deft_lab.viz import draw_chunk_sweep

sweep = draw_chunk_sweep(binary, layer)
lengths, totals = zip(*((row[0], row[-1]) for row in sweep.table().rows), strict=True)
best.reveal(lengths[totals.index(min(totals))])

# %% tags=["reveal"]
sweep

# %% [markdown]
# Shorter chunks than the best pay in partials, longer ones in KV. The published kernel takes 128 tokens
# whatever the tree.
#
# Fewest bytes is not least time, though. Each chunk is a program for each query head, and the 132 SMs of a
# GPU (its workers; notebook 6) want several each. This is the predicted time of one layer on an H200 (a
# model; notebook 12 measures):

# %% tags=["reveal"]
from deft_lab.cost import predict as predict_time
from deft_lab.hardware import HARDWARE

rows = []
for n, total in zip(lengths, totals, strict=True):
    plan = plan_tree(binary, "deft_flatten", chunk_len=n)
    seconds = predict_time(plan, layer, HARDWARE["h200"]).seconds
    rows.append((n, plan.n_groups, total / 1e6, seconds * 1e6))
Table(("chunk length", "groups", "MB", "microseconds, modelled"), tuple(rows))

# %% [markdown]
# The shortest chunk and the two longest move nearly the same bytes, and their times are far apart. With 16
# tokens there are thousands of programs, and each costs its start, however little it reads. With 8,192 there
# are fewer programs than SMs, and the longest decides. In the middle the times differ by no more than such a
# model may be wrong by (notebook 12 says how much): let a clock choose among these.
#
# ### Your turn

# %%
exercise("08.3")


# %%
def best_chunk(tree):
    # return one of the chunk lengths
    ...


check("08.3", best_chunk)

# %%
hint("08.3")
solution("08.3")

# %% [markdown]
# ## What was counted, and what was not
#
# We counted what kernels *request*. Between a request and the memory chips there are caches. The four
# programs that load the same K and V often run at the same time, and then three of them find it in the
# *L2 cache*, which is shared by the whole GPU. So four times the requests need not be four times the
# traffic of the memory, nor four times the time.
#
# Three numbers, then, and three different questions. *Unique*: what must come from memory at least once.
# *Requested*: what the programs ask for. *Measured*: how long it takes. The first two you can now compute
# and count on any laptop, exactly. For the third you need a GPU, and notebook 12 looks.

# %% [markdown]
# ## The bug museum
#
# The factor of the heads was in released code, and no test found it, because the outputs are right.
# There are more such cases. The museum holds some that really happened, each made anew in a few lines:

# %%
from deft_lab.lessons import check_museum, museum

museum()

# %% [markdown]
# The first surprise of this notebook hangs there as `gqa_reload`. Read it, and write the test that would have
# found it. The check runs your test on the defect, where it must fail, and on two right implementations,
# where it must not.

# %%
museum("gqa_reload")


# %%
def test_gqa_reload(programs):
    # assert what must hold
    ...


check_museum("gqa_reload", test_gqa_reload)

# %% [markdown]
# All exhibits are also on [one page](../docs/bug_museum.md). A good one to go on with is `row_max`.

# %% [markdown]
# ## What you can do now
#
# - **Count** what a kernel loads and stores, by role and by source line: `count_step(plan, geometry)`, or
#   `deft_lab.counter.count_bytes` around any launch of your own.
# - **Compare** the count with a model, and trust neither before they agree.
# - **Explain** the two factors of the published kernels: one program for each query head, one more read for
#   each tile of 32 queries.
# - **Change** a grid so that they go away, and prove that the outputs stay right.
# - **Weigh** what a shorter chunk wins in balance against what it pays in partials.
#
# The files behind this notebook: the counter in [counter/watch.py](../deft_lab/counter/watch.py#_Watch.note),
# the formulas in [cost/requested.py](../deft_lab/cost/requested.py#requested), the sizes of the tiles in
# [methods/tiles.py](../deft_lab/methods/tiles.py#query_tile), and the kernels in [kernels/](../kernels).
#
# **Next:** notebook 9 puts all of this into a language model, and lets it write.
