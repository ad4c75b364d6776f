# %% [markdown]
# # 6. Filling the SMs
#
# On a tree with a long prompt, DeFT-Node asks for fewer bytes than any other published method here, and yet
# on a GPU methods that ask for more are often faster. Bytes are only half of the story: they must be moved by
# *many processors at once*, and a plan decides how much each of them has to do. Here you hand out the
# programs of a plan as a GPU does, look at who waits for whom, and choose how finely to cut.
#
# - **Goals:** say what programs, waves and the makespan are; simulate how a GPU hands out programs; explain
#   why splitting by node leaves most of a GPU idle; choose a chunk length, and break your own choice.
# - **Prerequisites:** notebook 1: trees, plans, the three splits. Notebook 5 helps with the cost of partials.
# - **Needs:** CPU. No PyTorch, no GPU, no model weights.
# - **Time to read:** 30 minutes, and 35 more for the exercises. **Time to run:** under 10 seconds.

# %%
from deft_lab import Tree, plan_tree, viz

viz.draw_timeline(plan_tree(Tree([-1, 0, 0, 0], [2000, 200, 300, 400]), "deft_node"), unit=16)

# %% [markdown]
# Each row is one of the processors of a GPU, time runs to the right, and the colours are the nodes of a small
# tree. The long bars in light blue are its prompt, of 2,000 tokens; the short ones are three answers, of 200
# (orange), 300 (green) and 400 tokens (pink). Grey is waiting. Some processors work on the prompt until the
# end, and all others have long finished.
#
# ## The words
#
# **SM.** An H100 or H200 (the large boards, called SXM) has 132 processors, its *streaming multiprocessors*,
# SMs for short. An A100 has 108, a T4 has 40. Each works on its own.
#
# **Program.** A kernel is launched as many *programs* that know nothing of each other. In attention, a
# program takes one group of the plan and one query head. (If more than 32 queries see a node, it takes
# several.)
#
# **Grid.** The list of all programs, in order. The GPU goes through it, and [gives each program to the first
# SM that is free](../deft_lab/cost/schedule.py#_hand_out). What has been started is never moved.
#
# **Makespan.** The time from the start to the end of the last program. This is what one waits for: the next
# launch needs the results of all.
#
# **Wave.** With more programs than SMs, equal ones come in waves: all SMs take one each, then all take the
# next.
#
# ### A model small enough to do by hand
#
# How long does a program take? In this notebook: one [*unit*](../deft_lab/cost/rota.py#unit_rota.duration)
# for every 16 KV tokens that it has begun, and nothing else. An SM holds one program at a time. This is a
# model, wrong in its details, and right enough to see what balance is. Times in units can be compared with
# each other, and with nothing else.

# %%
from deft_lab import build_tree
from deft_lab.cost import unit_rota
from deft_lab.viz import Table

few_shot = build_tree("few_shot", prompt=4000, width=20, length=20)
by_node = plan_tree(few_shot, "deft_node")
rota = unit_rota(by_node)  # 32 query heads on 132 SMs
units = -(-by_node.kv_len // 16)  # of a program, rounded up

# %%
Table(
    ("what", "number"),
    (
        ("groups of DeFT-Node", by_node.n_groups),
        ("programs: a group and one of 32 query heads", len(rota.group)),
        ("units of a program that reads the prompt", int(units.max())),
        ("units of a program that reads a branch", int(units.min())),
        ("units of all programs together", int(32 * units.sum())),
        ("the same, shared evenly by 132 SMs", rota.ideal),
    ),
)

# %% [markdown]
# ## Predict
#
# The last row is the best that one could hope for: all SMs work until the end. No order of these
# programs can be faster.

# %%
from deft_lab.lessons import predict

by_node_units = predict(
    "06.node",
    f"Shared evenly, the few-shot tree would take {rota.ideal:.1f} units. "
    "After how many units is DeFT-Node done?",
    unit="units",
    typical=100,
)

# %% [markdown]
# ### Your turn
#
# Before you look: it takes five lines to find out.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("06.1")


# %%
def makespan(durations, n_sms):
    # return when the last program ends
    ...


check("06.1", makespan)

# %%
hint("06.1")
solution("06.1")

# %% [markdown]
# ## Measure

# %% tags=["reveal"]
by_node_units.reveal(rota.makespan)

# %% tags=["reveal"]
viz.draw_timeline(by_node, unit=16)

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

other = unit_rota(by_node, order="groups")
Markdown(
    f"Only 32 programs read the prompt, one for each query head, so at most 32 of {rota.n_sms} SMs can ever "
    f"work on it. Each needs {units.max()} units, however many SMs stand idle: **{rota.idle:.0%} of the "
    f"GPU's time is waiting**. Why {rota.makespan:.0f} units and not {units.max()}? Because of the order. "
    "The grid counts heads outermost: all groups of the first head, then those of the second. The prompt of "
    f"the last head starts late, when {rota.makespan - units.max():.0f} units have gone by. With groups "
    f"outermost, all prompts come first, and all is done after {other.makespan:.0f}. **Long programs first** "
    "is a good rule, and it does not mend a plan whose longest program is too long."
)

# %% [markdown]
# The makespan is never less than the longest program, and never less than the work [shared
# evenly](../deft_lab/cost/rota.py#Rota.ideal). DeFT-Node is far above the second bound because of the first
# one. More SMs hardly help:

# %% tags=["reveal"]
gpus = {"T4": 40, "A100": 108, "H100, H200": 132, "twice an H200": 264}
shares = {name: unit_rota(by_node, n_sms=n) for name, n in gpus.items()}
Table(
    ("GPU", "SMs", "shared evenly, units", "makespan, units", "idle"),
    tuple((name, r.n_sms, r.ideal, r.makespan, f"{r.idle:.0%}") for name, r in shares.items()),
)

# %% [markdown]
# ## Cut the prompt
#
# DeFT-Node-Chunk cuts each node into chunks of its own, DeFT-Flatten cuts the row of all nodes. Both take 128
# tokens unless they are told otherwise; here the first one gets 512 to begin with. With more and shorter
# programs, the last ones end closer together:

# %%
chunked = plan_tree(few_shot, "deft_node_chunk", chunk_len=512)
viz.draw_timeline(chunked, unit=16, title="Chunks of 512 tokens of a node: who runs where and when")

# %%
flat = plan_tree(few_shot, "deft_flatten")
viz.draw_timeline(flat, unit=16, title="Flatten, chunks of 128 tokens: who runs where and when")

# %%
rows = []
for method, chunk_len in (("deft_node_chunk", 512), ("deft_node_chunk", 128), ("deft_flatten", 128)):
    plan = plan_tree(few_shot, method, chunk_len=chunk_len)
    heads, groups = unit_rota(plan), unit_rota(plan, order="groups")
    row = (method, chunk_len, plan.n_groups, plan.n_partials, heads.ideal, heads.makespan, groups.makespan)
    rows.append(row)
columns = ("method", "chunk", "groups", "partials", "shared evenly", "heads outermost", "groups outermost")
Table(columns, tuple(rows))

# %% jupyter={"source_hidden": true} tags=["reveal"]
Markdown(
    f"From {rota.makespan:.0f} to {heads.makespan:.0f} units, with the same bytes of KV. In the picture of "
    "Flatten the programs stand in columns: these are *waves*, for all programs but the last of each head "
    f"are equally long. {len(unit_rota(flat).group):,} programs on {rota.n_sms} SMs are "
    f"{len(unit_rota(flat).group) / rota.n_sms:.1f} waves of {128 // 16} units, and a wave that has begun "
    "takes its whole time. Flatten also has less to do in all: a branch of 20 tokens is two units when it "
    "is alone, the second one half empty, and Flatten puts several branches into one chunk."
)

# %% [markdown]
# ## Waves come whole
#
# If 133 equal programs meet 132 SMs, the last one makes everybody wait for a second wave. So small changes
# of a chunk length or of a prompt can cost much, or nothing. Here the prompt grows, and everything else
# stays:

# %%
from deft_lab.viz import Axis, draw_lines

prompts = range(1000, 9001, 125)
trees = {n: build_tree("few_shot", prompt=n, width=20, length=20) for n in prompts}
lines = {
    f"chunks of {c}": [
        (n, unit_rota(plan_tree(t, "deft_node_chunk", chunk_len=c)).makespan) for n, t in trees.items()
    ]
    for c in (2048, 512, 128)
}
lines["shared evenly"] = [(n, unit_rota(plan_tree(t, "deft_node_chunk")).ideal) for n, t in trees.items()]
draw_lines("Longer prompts, more waves", lines, Axis("tokens of the prompt"), Axis("units, 132 SMs"))

# %% [markdown]
# Long chunks make tall steps, short chunks follow the ideal line closely. So why not cut into the smallest
# chunks that there are?
#
# ## What a cut costs
#
# Each cut makes partials: every query of a group leaves one for each of its heads, which is written, and
# read again by the reduction (notebook 4). In bytes, that is as much as the KV of two tokens of that head
# (notebook 5). Let us charge exactly that, shared evenly by all SMs.

# %%
lengths = (32, 64, 128, 256, 512, 1024, 2048)
cuts = {n: plan_tree(few_shot, "deft_node_chunk", chunk_len=n) for n in lengths}
reduction = {n: plan.n_partials * 32 * 2 / 16 / 132 for n, plan in cuts.items()}  # units
lines = {
    "both": [(n, unit_rota(plan).makespan + reduction[n]) for n, plan in cuts.items()],
    "makespan": [(n, unit_rota(plan).makespan) for n, plan in cuts.items()],
    "reduction": [(n, reduction[n]) for n in cuts],
}
title = "Few-shot tree: what a chunk length costs"
draw_lines(title, lines, Axis("tokens of a chunk", log=True), Axis("units, 132 SMs"))

# %% jupyter={"source_hidden": true}
best, cheapest = min(lines["both"], key=lambda point: point[1])
paper = dict(lines["both"])[128]
Markdown(
    "A valley. On the left one pays for partials, on the right for waiting. Its bottom is at chunks of "
    f"**{best}** tokens with {cheapest:.1f} units; the paper's 128 cost {paper:.1f}. The valley is flat, so "
    "a good guess is nearly as good as the best choice, on *this* tree."
)

# %% [markdown]
# ### Your turn
#
# Turn this into a rule that looks at the tree:

# %%
exercise("06.2")


# %%
def best_chunk(tree):
    # return one of the lengths
    ...


check("06.2", best_chunk)

# %%
hint("06.2")
solution("06.2")

# %% [markdown]
# ## Many queries
#
# DeFT-Node starves because few programs share the prompt. But a node that more than 32 queries see takes
# several programs, each of which reads all of it. In speculative decoding, a tree may hang 256 leaves of one
# token below the text. The authors of DeFT measured such trees, on an A100 with its 108 SMs.


# %%
def units_of(method, width):
    star = build_tree("star", prompt=3700, width=width)  # the mean length of the authors' runs
    return unit_rota(plan_tree(star, method), n_sms=108).makespan


at_32 = units_of("deft_node", 32) / units_of("deft_flatten", 32)
many = predict(
    "06.many",
    f"With 32 leaves on 3,700 tokens, DeFT-Node takes {at_32:.1f} times as long as Flatten. "
    "And with 256 leaves?",
    unit="times as long",
    typical=round(at_32, 1),
)

# %% tags=["reveal"]
many.reveal(units_of("deft_node", 256) / units_of("deft_flatten", 256))

# %% tags=["reveal"]
import json

from deft_lab.data import data_path

published = json.loads(data_path("published_latencies.json").read_text())
columns, seconds = published["columns"], published["attention"]


def seconds_of(method, width):
    return seconds[method][columns.index(f"t{width}")]


# %% tags=["reveal"]
lines = {
    name: [(w, of("deft_node", w) / of("deft_flatten", w)) for w in (32, 64, 128, 256)]
    for name, of in (("units", units_of), ("authors, A100", seconds_of))
}
y = Axis("time of DeFT-Node over that of DeFT-Flatten", ends=(0, 1))
draw_lines("The more queries, the better DeFT-Node", lines, Axis("leaves of one token", log=True), y)

# %% jupyter={"source_hidden": true} tags=["reveal"]
paper_32, paper_256 = (ratio for _, ratio in (lines["authors, A100"][0], lines["authors, A100"][-1]))
Markdown(
    "256 queries are 8 times 32, so the prompt is read by 8 x 32 heads = 256 programs, more than there are "
    "SMs: balance comes for free, and in our model both methods read the prompt 8 times. It says "
    f"{lines['units'][0][1]:.1f} and {lines['units'][-1][1]:.1f} times as long; the authors' seconds say "
    f"{paper_32:.1f} and {paper_256:.2f}. The model is wrong in size, and right in direction. (They are the "
    "latencies of the paper's tables and of the logs released with it, of whole runs. For 256 leaves the "
    f"paper prints the two methods' times exchanged, a ratio of {1 / paper_256:.2f}; we follow the logs.)"
)

# %% [markdown]
# ### Your turn
#
# Now attack. The valley of the few-shot tree had its bottom at 256. Find a tree for which that is a bad
# choice.

# %%
exercise("06.3")

# %%
hard_tree = ...  # a nested list

check("06.3", hard_tree)

# %%
hint("06.3")
solution("06.3")

# %% [markdown]
# ## Play with it
#
# Change the numbers, and run the cell: another GPU, another tree, another cut.

# %%
from dataclasses import replace

from deft_lab import LLAMA3_8B, load_tree
from deft_lab.hardware import H200

n_sms, chunk_len = 40, 256  # change me: 40 is a T4, 108 an A100
tree = load_tree("reasoning_keyword")  # and me
machine = replace(H200, n_sms=n_sms)
plan = plan_tree(tree, "deft_flatten", chunk_len=chunk_len)
viz.draw_timeline(plan, LLAMA3_8B, machine, unit=16)

# %% [markdown]
# ## What the model leaves out
#
# One program an SM, equal speed for all, nothing to start and nothing to finish: that is a cartoon. The
# library has a finer model, with launches, several programs an SM, limits of the memory and of the caches,
# fitted to measurements on an H200. Here are four plans of a
# reasoning tree in both models:

# %%
from deft_lab.cost import predict as predict_time

document, rows = load_tree("reasoning_document"), []
for name in ("deft_node", "deft_node_chunk", "deft_flatten", "tree_waves"):
    plan = plan_tree(document, name)
    rows.append((name, unit_rota(plan).makespan, 1e6 * predict_time(plan, LLAMA3_8B, H200).seconds))
Table(("method", "units, this notebook", "microseconds, H200, modelled"), tuple(rows))

# %% [markdown]
# The two do not even agree on the order. On this tree, the finer model prefers DeFT-Node to chunks of nodes:
# it also charges for starting a program and for reducing partials, and of both, chunks make more. The
# cartoon shows balance, and nothing but balance.
#
# Tree-Waves, deft-lab's own method, is made of this notebook's lesson: it looks at the tree and at the number
# of SMs, and cuts so that the programs just fill whole waves, of one or two programs an SM, the longest
# first. ([methods/tree_waves.py](../deft_lab/methods/tree_waves.py#plan_tree_waves) says how. The model of
# units does not do it justice: its programs take all query heads of a KV head at once, so there are four
# times fewer of them.)

# %%
waves = plan_tree(few_shot, "tree_waves")
viz.draw_timeline(waves, title="Tree-Waves on an H200, in microseconds")

# %% jupyter={"source_hidden": true}
from deft_lab.cost import rota as rota_of

idle = rota_of(waves, LLAMA3_8B, H200)
call, n = idle.timeline, int((idle.timeline.launch == 0).sum())
Markdown(
    "One call, from left to right: its launch, *phase 1*, which reads the KV, and the reduction. Phase 1 is "
    f"a single wave of {n} programs, each on an SM of its own ({H200.n_sms} are there). In this model an SM "
    f"has room for more than one, its *slots*: {call.n_slots[0] // H200.n_sms} in phase 1, "
    f"{call.n_slots[1] // H200.n_sms} in the reduction. A tree as small as this one does not fill them, and "
    "need not: more programs would be shorter, but each would have to start, and leave partials. So mind "
    f"*what* is empty: over both launches {idle.idle:.0%} of the slots, and {idle.idle_sms:.0%} of the SMs."
)

# %% [markdown]
# And any tree, method and machine: run the cell, change the tree by hand, and choose above the timeline.

# %%
from deft_lab.widgets import edit

edit("reasoning_keyword", views=("timeline",), method="deft_node")

# %% [markdown]
# ## What you can do now
#
# - **Read** a timeline: programs, waves, and who waits for whom.
# - **Simulate** how a GPU hands out programs, with `unit_rota` or in five lines of your own.
# - **Explain** why splitting by node starves a GPU: the longest program is a bound that no SM can share.
# - **Choose** a chunk length: waiting on one side, partials on the other, and the bottom of the valley
#   depends on the tree.
#
# The schedule is in [cost/schedule.py](../deft_lab/cost/schedule.py#schedule), the model of units in
# [cost/rota.py](../deft_lab/cost/rota.py#unit_rota), the finer one in
# [cost/latency.py](../deft_lab/cost/latency.py#predict), and the cuts in
# [methods/deft_node_chunk.py](../deft_lab/methods/deft_node_chunk.py#chunked_nodes) and
# [methods/deft_flatten.py](../deft_lab/methods/deft_flatten.py#plan_deft_flatten).
#
# **Next:** notebook 7 opens the kernels themselves, and steps through a program line by line.
