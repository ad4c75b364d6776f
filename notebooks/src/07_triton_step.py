# %% [markdown]
# # 7. The kernels, line by line
#
# A plan says who meets whom. A *kernel* does it: a function that a GPU runs thousands of times at once, on
# numbers that it has to find in memory by itself. The kernels of this project are short, and in this
# notebook you read them whole, one line after the other, with every number that they hold. Then you write
# the lines that matter yourself.
#
# - **Goals:** read stage 1 and stage 2 of tree attention in Triton; follow one program from its number to
#   its result; compute a pointer; mask a tile; write the online softmax; store a partial.
# - **Prerequisites:** notebooks 1 to 4: trees, plans, partials and their LSE, the reduction.
# - **Needs:** CPU. The exercises need Triton (Linux); all else is read from recordings.
# - **Time to read:** 30 minutes, and 47 more for the exercises. **Time to run:** about 15 seconds.
#
# **Run the cell below** (click into it, then press Shift+Enter), and all others in the same way.

# %%
from deft_lab.widgets import play_kernel

play_kernel("deft_node")

# %% [markdown]
# That is DeFT-Node at work on a tree of five nodes, recorded line by line. Run the cell, click into it, and
# press Space: one line of source runs, and beside it you see the variables that it changed. Below lie the
# tree and the memory, with the cells that the line has touched. Shift+Space goes back. `O` steps over a
# helper, `L` goes to the next round of the loop, `N` to the next program, `?` shows all keys.
#
# ## The words
#
# **Program.** A GPU runs many copies of a kernel side by side. Each is a *program*, and all run the same
# lines. The only thing that tells them apart is their number, `tl.program_id(0)`. All programs of a launch
# are its *grid*.
#
# **Tile.** A program does not compute with single numbers but with *tiles*: arrays of a fixed size, such as
# 32 queries or 64 tokens. Each place of a tile is a *lane*.
#
# **Pointer and mask.** A tensor in memory is a row of numbers, and a *pointer* is a place in that row. To
# load a tile, a program makes a tile of pointers. If a tile is larger than what there is to load, a *mask*
# says which lanes load at all.
#
# **Slot.** The KV of a token lies in some *slot* of a pool, anywhere; a table of slots says where.
#
# Two kernels, one after the other, make attention over a tree. **Stage 1** takes a group, its queries and its
# tokens, and writes a partial for each query. **Stage 2** reduces the partials of each query to its output.

# %%
from deft_lab.kernel_run import load_kernel_run
from deft_lab.viz import Table, draw_tree

run = load_kernel_run("deft_node")
draw_tree(run.tree, title="The tree of the recording")

# %%
launches = {}
for program in run.programs:
    launches.setdefault(program.kernel, []).append(program.x)
Table(
    ("kernel", "programs", "first number", "last number"),
    tuple((kernel, len(x), min(x), max(x)) for kernel, x in launches.items()),
)

# %% [markdown]
# Numbers and tiles are small here, so that you can see all of them: heads of 4 numbers, tiles of 4 tokens.
# There are two query heads, which share one KV head.

# %% [markdown]
# ## Predict
#
# Node 3 is the last node on the branch of query 1, and nobody but query 1 sees it. In DeFT-Node each node is
# one group, and the table says how many programs stage 1 has.

# %%
from deft_lab.lessons import predict

who = predict(
    "07.programs",
    "How many programs load the key of node 3's last token?",
    typical=1,
)

# %% tags=["reveal"]
hits = run.steps_where('node(3) and loads("k")')
programs = [run.programs[run.moments[hit].program].x for hit in hits]
print("programs that load keys of node 3:", programs)
who.reveal(len(programs))

# %% [markdown]
# Two programs share each group, one for each query head. The groups stand in the order of the nodes, from 0:
# so programs 0 and 1 have node 0, and 6 and 7 node 3. You will see how a program finds that out in a moment.
#
# The player can look for such a place by itself: type a condition into its field, or set it in Python.
# `node(3)` is true where a line touches the memory of node 3, and any variable of the kernel may stand in a
# condition. This one stops where a program begins the second tile of node 0. (A player's `strip` is a picture
# of some of its steps, for print.)

# %%
player = play_kernel("deft_node")
print("it begins to hold at steps", player.stop_when("first == 4 and node(0)"))
player.strip(player.next_stop(), player.step)

# %% [markdown]
# ## Who am I?
#
# This is how stage 1 begins (*phase 1* in notebook 6), below the list of its arguments. (`tl.constexpr` marks
# what is known when the kernel is compiled. The compiler makes a kernel for each combination; an `if` on such
# a value costs nothing when it runs.)

# %%
from deft_lab.lessons import source_of

source_of(run, "deft_node_kernel", begin="TILES:", end="place_first = tl.load")

# %% [markdown]
# From its number the program finds its *item*, a group with at most 32 of its queries, and its head. An item
# is five whole numbers in a table that was made from the plan on the *host*, the CPU. (A row of the table has
# room for eight; other kernels use more of them.) `HEADS`, the query heads of a program, is 1 here; notebook
# 8 changes it. Here are the numbers of the first program that works on node 3:

# %% tags=["reveal"]
from deft_lab.lessons import values_of

names = ("item", "head", "kv_head", "kv_first", "kv_len", "q_first", "n_queries", "place_first")
begun = run.steps_where(f"program == {run.moments[hits[0]].program} and n_queries == 1 and place_first == 6")
values_of(run, begun[0], *names)

# %% [markdown]
# Its tokens begin at number `kv_first` of the flattened tree, and there are `kv_len` of them; one query,
# number 1; and its partials begin at place `place_first`. All that follows is the same for every program.
#
# (How to read such a table: *one* is a single number; a tile has a type and a shape, such as `int32 4`, and
# its rows are parted by bars; `int1` is true or false; an arrow is a pointer.)

# %% [markdown]
# ## Pointers
#
# The keys lie in an array `[slot, kv_head, dim]`, one number after the other. Where does the key of a token
# begin?

# %%
source_of(run, "load_tokens")

# %% [markdown]
# (`D` is the size of a head, and `D_PAD` the next power of two, because tiles come in powers of two. `ok` is
# the mask.) Slot 8 of one KV head with 4 numbers begins 32 numbers behind the start. The last line of numbers
# below is one tile of four tokens, each with its own offset: `offset[:, None] + d[None, :]` makes a square of
# pointers out of a column of offsets and a row of places.

# %% tags=["reveal"]
values_of(run, hits[0], "slot", "kv_head", "N_KV_HEADS", "D", "offset", "x")

# %% [markdown]
# ### Your turn
#
# You will now write this kernel. Here it is with six gaps: the lines that call `kv_offset`, `scores`, `meet`
# and `store` lead to functions that are yours.
#
# It is the kernel that you are reading, but simpler, and three differences matter. Its exponentials are of
# base e, as in notebook 3. So the scale is no longer hidden in a factor: `scores` multiplies by `scale`, and
# what it returns are the scores themselves. And `scores` also masks, which in the real kernel happens where
# it is called.

# %%
from deft_lab.lessons import check, exercise, hint, solution, stripped_source

stripped_source()

# %% [markdown]
# (`rows` says which query head and which query a row of the tile is; in notebook 8 you change that.) The
# check of each exercise runs this kernel with your function in it, in Triton's interpreter, over several
# trees, and compares the outputs with attention as it is defined. It watches every access: one that would
# leave its tensor is stopped and shown to you. On a GPU nobody would do that. (`@triton.jit` before your
# functions is welcome and not needed: the interpreter runs them as they are.)

# %%
from importlib import import_module, util

has_triton = util.find_spec("triton") is not None
tl = import_module("triton.language") if has_triton else None  # import triton.language as tl
if not has_triton:
    print("Triton is not installed here: exercises and solutions can be read, but not checked.")

# %%
exercise("07.1")


# %%
def kv_offset(slot, q_head, n_q_heads, n_kv_heads, dim):
    # gap 1: kv_head, which of the KV heads query head q_head reads
    # gap 2: return the offset, in numbers, of row [slot, kv_head]
    ...


check("07.1", kv_offset)

# %%
hint("07.1")
solution("07.1")

# %% [markdown]
# ## The loop, and its mask
#
# The program walks over its tokens, a tile at a time. Node 0 has six tokens and a tile has four, so the
# second tile is half empty.

# %%
source_of(run, "deft_node_kernel", begin="for first in", end="acc = meet")

# %%
second = run.steps_where("first == 4 and node(0)")[0]
values_of(run, second, "first", "kv_len", "n", "inside", "slot")

# %% [markdown]
# (`num_stages` lets the GPU fetch the next tiles while it computes with this one.)
#
# `inside` is the mask of the tile. It is used twice. In the loads it keeps the program out of memory that is
# not its own: lanes outside get zeros. In the scores, `tl.where` turns them into minus infinity, and only
# that keeps them out of the softmax.

# %%
masked = next(i for i in range(second, len(run)) if "s" in run.moments[i].changes)
values_of(run, masked, "inside", "s")

# %% [markdown]
# ### Your turn

# %%
exercise("07.2")


# %%
def scores(q, k, inside, scale):
    # gap 3: s, the scaled products of all rows with all tokens
    # gap 4: return s, where tokens that are not inside can have no weight
    ...


check("07.2", scores)

# %%
hint("07.2")
solution("07.2")

# %% [markdown]
# ## The online softmax
#
# After each tile a row keeps three things: `m`, its largest score so far; `total`, the sum of the weights
# relative to `m`; and `acc`, the sum of weight times value. When a larger score turns up, the old sums must
# be brought to the new maximum.

# %%
source_of(run, "meet")

# %% [markdown]
# This is the real one, and its exponentials are of base 2, because that is what the GPU computes. `s` has no
# scale yet: `scale_log2` is the scale, times the factor log2(e) that makes up for the base. So `m` is a
# maximum in base 2. Yours, in base e, is the same without `scale_log2`. (`"ieee"` asks for products of full
# 32-bit numbers, which a GPU else rounds to fewer digits.) Follow a row of program 1 through the two tiles of
# node 0:

# %%
steps = [i for i, moment in enumerate(run.moments) if moment.program == 1 and "acc" in moment.changes]
shown = [i for i in steps if run.function(i).name == "deft_node_kernel"]
for i in shown:
    kept = run.variables(i)
    row = {name: kept[name]["v"][1] for name in ("m", "total")}
    print(f"{run.function(i).file}, line {run.moments[i].line}: {row}")

# %% [markdown]
# In the second tile a larger score turned up. So the old sum was scaled down, by more than the new weights
# added: `total` became *smaller*.
#
# The first line is before any token: `m` is [a number below any score](../kernels/attend.py#NOTHING_SEEN),
# but not minus infinity, because minus infinity less itself is not a number. (The kernels that were published
# with the paper begin at 0 instead. What goes wrong then is in notebook 4, and in the [bug
# museum](../docs/bug_museum.md).)
#
# ### Your turn

# %%
exercise("07.3")


# %%
def meet(s, v, m, total, acc):
    # gap 5: the new maximum, the old sums brought to it, the new terms added
    # return m, total, acc
    ...


check("07.3", meet)

# %%
hint("07.3")
solution("07.3")

# %% [markdown]
# ## The store
#
# All tokens are met. What leaves the program is `acc / total` and the natural log-sum-exp, at the *place* of
# each partial. Places were [dealt out on the host](../deft_lab/ops/tables.py#_keep.place) so that all
# partials of a query are neighbours, whichever program writes them. (`DIRECT` and `PERMUTED` are switches for
# other cases, and `LN_2` turns a logarithm of base 2 into a natural one.)

# %%
source_of(run, "store_partials", begin="d = tl.arange")

# %%
stored = run.steps_where('kernel == "deft_node_kernel" and stores("partials")')
for hit in stored[:4]:
    program, touches = run.programs[run.moments[hit].program], run.moments[hit].touches
    print(f"program {program.x} stores partials at cells {[cell for t in touches for cell in t.cells]}")

# %% [markdown]
# ### Your turn

# %%
exercise("07.4")


# %%
def store(out_ptr, lse_ptr, m, total, acc, q_head, place, ok, n_places, dim):
    # gap 6: store the output and the LSE of every row that is ok
    ...


check("07.4", store)

# %%
hint("07.4")
solution("07.4")

# %% [markdown]
# ## Stage 2
#
# One program for each query and query head. It loads its partials, which are neighbours, weighs them with
# their LSE as in notebook 4, and stores the output. It is the online softmax again, with partials in the
# place of tokens.

# %%
source_of(run, "reduce_kernel", begin="m = NOTHING_SEEN")

# %% [markdown]
# Within a launch no program waits for another, and none adds into memory that others add into; only the
# launch of stage 2 as a whole waits for stage 1. So two runs agree to the last bit, which the published
# reduction, with its atomic additions, does not promise.
#
# ## Flatten: a mask inside the tile
#
# In DeFT-Flatten a group may hold tokens of several nodes, so not every query of a group sees every token.
# Two lines are new: each token has a *word*, a whole number, and its bit *i* says whether query *i* of the
# group sees the token. In the scores, `sees` takes the place of `inside`.

# %%
flat = load_kernel_run("deft_flatten")
source_of(flat, "deft_flatten_kernel", begin="word = tl.load", end="s = tl.where")

# %%
mixed = next(i for i, moment in enumerate(flat.moments) if "sees" in moment.changes and moment.program >= 2)
values_of(flat, mixed, "member", "word", "sees")

# %% [markdown]
# In binary, 3 is 11: queries 0 and 1 see these tokens. And 1 is 01: only query 0 sees that one. The last two
# rows of the tile have no query, so they see nothing. The four tokens are of two nodes:

# %%
play_kernel("deft_flatten").strip(mixed, mixed)

# %% [markdown]
# (Play it with `play_kernel("deft_flatten")`. deft-lab's own kernel, `play_kernel("tree_waves")`, replaces
# the words by intervals: queries are numbered so that those that see a token are neighbours, and two
# comparisons say it all.)
#
# ## Does it compute attention?
#
# What you have read are the kernels that run on GPUs. Here they run in the interpreter, over a larger tree,
# beside the plain definition:

# %%
import numpy as np

from deft_lab import Geometry, Pool, build_tree, plan_tree, tree_attention
from deft_lab.attention import dense_attention

tree = build_tree("few_shot", prompt=200, width=6, length=10)
rng = np.random.default_rng(seed=0)
q = rng.normal(size=(tree.n_queries, 4, 32))  # [query, query head, dim]
k, v = rng.normal(size=(2, tree.n_tokens, 1, 32))  # [token, KV head, dim]
exact = dense_attention(q, k, v, tree)


# %%
def run_kernels(method):
    import torch

    pool = Pool(n_pages=32, page_size=16, geometry=Geometry(4, 1, 32), dtype=torch.float32, seed=1)
    pool.write(pool.take_tree(tree), torch.tensor(k).float(), torch.tensor(v).float())
    out = tree_attention(torch.tensor(q).float(), plan_tree(tree, method), pool, backend="triton")
    print(f"{method:14} largest difference {np.abs(out.numpy() - exact).max():.0e}")


for method in ("deft_node", "deft_flatten", "tree_waves") if has_triton else ():
    run_kernels(method)

# %% [markdown]
# The differences are those of 32-bit numbers. The interpreter takes some milliseconds for a tile of tokens;
# a GPU takes less than that for a whole layer of a large model. It is a tool for being right, and for
# counting: that is notebook 8.
#
# ## What you can do now
#
# - **Read** a Triton kernel: from the number of a program to its item, its pointers, its tiles, its result.
# - **Step** through one, forth and back, and stop where a condition holds: `play_kernel`, `stop_when`.
# - **Record** a kernel of your own with `deft_lab.stepping.record_run`, and play it.
# - **Write** the lines on which attention hangs: the head map, the pointer offset, the scale, the mask, the
#   rescale, the masked store.
#
# The files that you have read: stage 1 in [deft_node.py](../kernels/deft_node.py#deft_node_kernel) and
# [deft_flatten.py](../kernels/deft_flatten.py#deft_flatten_kernel), what they share in
# [attend.py](../kernels/attend.py), stage 2 in [reduce.py](../kernels/reduce.py#reduce_kernel), our own in
# [tree_waves.py](../kernels/tree_waves.py#tree_waves_kernel). The tables that they read are made in
# [ops/tables.py](../deft_lab/ops/tables.py#HostTables), the launches in
# [ops/launches.py](../deft_lab/ops/launches.py#_two_phases).
#
# **Next:** notebook 8 counts every byte that these kernels load and store, and finds some that nobody
# expected.
