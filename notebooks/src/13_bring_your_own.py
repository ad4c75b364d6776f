# %% [markdown]
# # 13. Your tree, your model, your kernel
#
# So far the trees, the models and the methods were ours. Here you put in yours: a tree from a file or from
# your own records, a method that nobody has tried, a Hugging Face model. Each goes through the same doors as
# the ones of the course, so everything that you have learned to ask can be asked of it.
#
# - **Goals:** bring a tree in four notations; write a grouping, register it and have it proven; carry it
#   through a Llama of your own; hand the result on as a page and as a link.
# - **Prerequisites:** notebooks 1 and 2 for trees and plans. The other notebooks say what the numbers mean.
# - **Needs:** CPU. The part with a model needs PyTorch and Transformers. No GPU, no model weights.
# - **Time to read:** 20 minutes, and 30 more for the exercises. **Time to run:** under 20 seconds.
#
# **Run the cell below**: it opens a tree in the editor. Change it if you like; the cells that follow take
# whatever is in it.

# %%
from deft_lab.widgets import edit

(editor := edit("reasoning_keyword", views=["memory", "bytes"]))

# %% [markdown]
# ## Bring a tree
#
# **A nested list** is the shortest way to write one down: a number of tokens, and after it the children.

# %%
from deft_lab.tree.convert import from_nested

mine = from_nested([300, [20, 8, 12], 15, [40, [10, 5, 5]]])
print(mine)

# %% [markdown]
# **A file.** The editor saves its tree as JSON, and so does Python. Nodes keep their labels.

# %%
import tempfile
from pathlib import Path

from deft_lab import Tree

folder = Path(tempfile.mkdtemp())
(folder / "mine.json").write_text(mine.to_json())
again = Tree.from_json((folder / "mine.json").read_text())
assert again == mine

# %% [markdown]
# **Rank paths**, as Medusa writes its token trees: `(0, 1)` is the second choice after the first. Below a
# text of 500 tokens:

# %%
from deft_lab.tree.convert import from_medusa

choices = [(0,), (1,), (2,), (0, 0), (0, 1), (1, 0), (0, 0, 0)]
drafted = from_medusa(choices, prompt=500)
print(drafted.n_queries, "queries, sharing ratio", round(drafted.sharing, 2))

# %% [markdown]
# **Your own records.** If your server has logged which branch followed which, two columns are enough, with
# a row for each node, in any order: its parent (-1 for the root) and its number of tokens.

# %%
parents, tokens = [-1, 0, 0, 2, 2, 2], [1200, 64, 30, 8, 9, 7]
logged = Tree.from_parents(parents, tokens)
print(logged)

# %% [markdown]
# ## Bring a method
#
# DeFT-Flatten cuts the row of all nodes wherever a piece is full, in the middle of a node if need be. What if
# we refused to cut, and packed *whole* nodes into groups instead? First the lists.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("13.1")


# %%
def whole_nodes(tree, budget):
    # return [[node, ...], ...]
    ...


check("13.1", whole_nodes)

# %%
hint("13.1")
solution("13.1")

# %% [markdown]
# Lists are for people. The rest of deft-lab reads a [`Plan`](../deft_lab/plan.py#Plan): flat arrays, which
# cost a few integers for each group.

# %%
exercise("13.2")


# %%
def plan_of_groups(tree, groups):
    # return Plan(tree, "whole_nodes", ...)
    ...


check("13.2", plan_of_groups)

# %%
hint("13.2")
solution("13.2")

# %% [markdown]
# ### Have it proven
#
# `check_all` takes a function from a tree to a plan and tries it on every tree of the course, the nasty ones
# first. It asks three things: is there a plan, does [every query meet every token of its path exactly
# once](../deft_lab/plan.py#check_plan), and is attention by the plan what attention is defined to be. (The
# last is tried on the smaller trees only. As long as your two functions are empty, this cell uses the
# published solutions.)

# %%
from deft_lab.lessons import EXERCISES, check_all


def plan_whole_nodes(tree, chunk_len: int = 128):
    groups = whole_nodes(tree, chunk_len)
    if groups is None:
        groups = EXERCISES["13.1"].solution(tree, chunk_len)
    plan = plan_of_groups(tree, groups)
    return plan if plan is not None else EXERCISES["13.2"].solution(tree, groups)


report = check_all(plan_whole_nodes)

# %% [markdown]
# It also finds what is wrong. This one loses everything after the 64th token of a node:

# %%
import dataclasses

import numpy as np


def forgetful(tree):
    plan = plan_whole_nodes(tree)
    return dataclasses.replace(plan, chunk_stop=np.minimum(plan.chunk_stop, 64))


assert not check_all(forgetful).passed

# %% [markdown]
# ### Register it
#
# One line makes it a method like the others: figures, accounts and the model of time now know its name.
# (It lives as long as this kernel. To keep it, follow [CONTRIBUTING.md](../CONTRIBUTING.md): a file, a line,
# a case drawn by hand.)

# %%
from deft_lab.methods import METHODS, Method

METHODS["whole_nodes"] = Method(
    name="whole_nodes",
    title="Whole nodes (mine)",
    modes=("whole_nodes", "paged"),
    plan=plan_whole_nodes,
    layout="paged",
    guided="kv",
    mask="bits",  # a group may hold several nodes, so a word a token says who sees it
    kernel="like that of deft_flatten",
)

# %% [markdown]
# Now the question that every new method must answer: what does it cost? You know the three forces: bytes,
# partials and balance. A node that is not cut leaves one partial for each query, where flatten leaves one for
# each cut. (`tree_waves` is deft-lab's own method, see notebook 6.) Take the tree in the editor:

# %%
from deft_lab import LLAMA3_8B, plan_tree
from deft_lab.lessons import predict

methods = ("radix", "deft_node", "deft_flatten", "whole_nodes", "tree_waves")
plans = {name: plan_tree(editor.tree, name) for name in methods}
longest = predict(
    "13.longest",
    f"DeFT-Flatten's longest group has {plans['deft_flatten'].kv_len.max()} tokens. And that of whole nodes?",
    unit="tokens",
    typical=128,
)

# %% tags=["reveal"]
longest.reveal(int(plans["whole_nodes"].kv_len.max()))

# %% tags=["reveal"]
from deft_lab.cost import predict as predict_time
from deft_lab.hardware import H200
from deft_lab.viz import Table


def row_of(name, plan):
    time = predict_time(plan, LLAMA3_8B.layer, H200).seconds
    return name, plan.n_groups, int(plan.kv_len.max()), plan.n_partials, 1e6 * time


columns = ("method", "groups", "longest group", "partials", "modelled, µs a layer")
Table(columns, tuple(row_of(name, plan) for name, plan in plans.items()))

# %% [markdown]
# The prompt is a node like any other, and nobody may cut it: one program works on it while all others have
# long finished. An idea that looks good in partials can lose everything in balance. (DeFT-Node has the same
# longest group. The model knows that its kernel asks for the next tiles well ahead; of a kernel that nobody
# has written yet, it assumes nothing of the kind.) Here are whole nodes on that clock:

# %%
from deft_lab.viz import draw_timeline

draw_timeline(plans["whole_nodes"], LLAMA3_8B.layer, H200)

# %% [markdown]
# What if no node is long? Change the tree in the editor, split the prompt into many short nodes with `S`, and
# run the cells again from the prediction on. Whole nodes catch up with DeFT-Flatten, and do not pass it:
# groups that are not quite full are more groups. An idea may be sound and still not pay; that is what the
# table is for.
#
# ## Bring a model
#
# Any Llama of Hugging Face, and others that use its attention interface, goes through
# [decode/hf.py](../deft_lab/decode/hf.py#TreeModel) unmodified. So that this cell needs no download, we make
# one with random weights, save it as Transformers does, and load the folder. In its place you can name a
# folder of yours, or `"meta-llama/Meta-Llama-3-8B"`.

# %%
import torch
from transformers import LlamaConfig, LlamaForCausalLM
from transformers.utils.logging import disable_progress_bar

disable_progress_bar()
torch.manual_seed(0)
shape = LlamaConfig(
    vocab_size=300, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
    num_attention_heads=8, num_key_value_heads=2, eos_token_id=None, bos_token_id=None,
)  # fmt: skip
LlamaForCausalLM(shape).save_pretrained(folder / "my_llama")

# %% [markdown]
# Your method in your model: a `Session` (notebook 9) decodes a tree with it, and Radix decodes the same tree
# beside it. If the plan is exact, the *logits* agree: what the model says of each possible next token, before
# softmax makes probabilities of it.

# %%
from deft_lab.decode import Session, load_model

model = load_model(str(folder / "my_llama"))


def logits_by(method):
    session = Session(model, method=method, backend="torch", n_slots=1024)
    session.prefill(range(200))
    session.step({0: [7, 8, 9]})  # the text forks into three
    for step in range(20):
        session.step({leaf: [step + i] for i, leaf in enumerate(session.branches)})
    return session.logits


# %%
difference = (logits_by("whole_nodes") - logits_by("radix")).abs().max().item()
print(f"largest difference of any logit: {difference:.0e}")
assert difference < 1e-4

# %% [markdown]
# ## Bring a kernel
#
# A kernel of your own is a file in [kernels/](../kernels), a line in
# [ops/launches.py](../deft_lab/ops/launches.py#LAUNCHES), and a closed form in
# [cost/requested.py](../deft_lab/cost/requested.py#_two_phases). Then three things are asked of it, and
# notebooks 7, 8 and 12 have shown each: the same output as the plain definition of attention, the same bytes
# as its closed form, to the byte, and a time beside that of a kernel which only reads or copies, measured in
# the same run. [CONTRIBUTING.md](../CONTRIBUTING.md) has the seven steps.
#
# ### Test it as if others had written it
#
# Released kernels and data had defects that their tests let pass. The bug museum keeps them, made anew in a
# few lines each, and waits for the test that you would have written: it must fail on the defect, and pass
# whatever is right. Each exhibit is on [one page](../docs/bug_museum.md), too.

# %%
from deft_lab.lessons import museum

museum()

# %% [markdown]
# ## Hand it on
#
# A page with pictures, numbers and the tree itself, which needs neither a network nor Python to be read:

# %%
from deft_lab.viz import write_report

page = write_report(editor.tree, ["radix", "deft_flatten", "whole_nodes"], folder / "report.html")
print(page.name, f"{page.stat().st_size / 1000:.0f} kB")

# %% [markdown]
# And the tree as a link: paste it onto an editor, or open it with `edit(link)`.

# %%
link = editor.permalink()
print(link[:70], "...")
assert edit(link).tree == editor.tree

# %% [markdown]
# ## How well did you guess?
#
# All predictions of the course, each beside what was measured. A point to the left of the line was too low,
# one to the right too high; a factor of two either way is a good guess.

# %%
from deft_lab.lessons import calibration

calibration()

# %% [markdown]
# ## What you can do now
#
# - **Bring** a tree as a nested list, a file, rank paths, or two columns of a log.
# - **Write** a grouping, have `check_all` prove it, and register it beside the published ones.
# - **Carry** it through a Hugging Face Llama, and compare its logits with those of another method.
# - **Hand on** a report and a link.
#
# This was the last notebook. What the course left open is on one page, every name once:
# [all of deft-lab](../docs/all_of_deft_lab.md).
