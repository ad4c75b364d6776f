# %% [markdown]
# # 9. Real decodes: a tree inside an unmodified Llama
#
# So far trees were drawings. Here a language model writes one: a text that forks, whose branches grow side
# by side, and some of which are given up. The model is a Llama as Hugging Face ships it, without a changed
# line. You attach tree attention to it, and prove that the tree says what separate runs would say.
#
# - **Goals:** attach tree attention to a Hugging Face model; give every token its position; fork, grow and
#   prune in a pool of KV; prove equality with separate runs; count the bytes of a whole decode; accept
#   drafted tokens in one step.
# - **Prerequisites:** notebook 1 (tree, branch, KV, query, group). A first look at PyTorch tensors.
# - **Needs:** CPU, with PyTorch and transformers. No download: the model is ours, small, and comes along.
#   Optional: a GPU and the weights of Llama-3-8B for one cell, which else names a recording.
# - **Time to read:** 35 minutes, and 30 more for the exercises. **Time to run:** under 40 seconds.
#
# Run the cell below. It plays a decode that was recorded, so it needs no model yet.

# %%
from deft_lab.widgets.decoding import play_decode

play_decode("tree_of_thoughts")

# %% [markdown]
# A small model sorts a list of digits. It tries several ways to write the next line, keeps those that it
# holds likely, and goes on from there. A box is a node, with its name, its number of tokens and its text; a
# dot is a branch that is being written.
#
# Play it, or drag the step: nodes appear where the text *forks*, grow
# by a token a step, and vanish when their branch is *pruned*. The strip is the memory that holds their keys
# and values; the curves are the bytes that attention has asked for so far, in this tree and with a copy of
# the text for each branch.
#
# The rest of this notebook does the same, by hand and live.

# %% [markdown]
# ## The model
#
# Two models of our own come with this package. They speak a small language of worked exercises: sorting,
# adding, counting, and telling stories. This is the larger one:

# %%
from IPython.display import Markdown

from deft_lab.decode import load_model

model = load_model("target", device="cpu")  # in float32: everybody sees the same numbers
geometry = model.geometry
Markdown(
    f"`{type(model.model).__name__}` of transformers, {model.n_parameters:,} parameters, "
    f"{geometry.n_layers} layers; {geometry.n_q_heads} query heads share {geometry.n_kv_heads} KV heads, as "
    f"Llama-3-8B's share theirs. It knows {model.vocab_size} tokens."
)

# %%
problem = "sort 7 2 9 4 1 8 3 6 by 4\n"
prompt = model.encode(problem)
print([model.piece(token) for token in prompt])

# %% [markdown]
# `<bos>` begins every text. The newline ends the problem, and the model goes on from there.
#
# ## Attach
#
# How does a tree get into a model that knows nothing of trees? A Llama is a stack of layers, and in each of
# them the tokens of a batch meet in *one* place, attention. All else (norms, projections, feed-forward)
# treats every token alone, so it does not care whether tokens are neighbours in a text or sit in different
# branches. Two things must change, and transformers has a door for each:
#
# - **Attention** is a function that is looked up by name. [Ours](../deft_lab/decode/hf.py#_attention) is
#   registered, and the model is told its name.
# - **The KV cache** is an object that the model hands its new keys and values to.
#   [Ours](../deft_lab/decode/hf.py#_PoolCache) passes them on to a pool.

# %%
from transformers import AttentionInterface

print("attention of this model:", model.model.config._attn_implementation)
print("registered function:", AttentionInterface()["deft_lab"].__module__)
print("class of its layers:", type(model.model.model.layers[0].self_attn).__module__)

# %% [markdown]
# The layers are transformers' own. The whole door is one file,
# [decode/hf.py](../deft_lab/decode/hf.py), and the only one in this project that imports transformers.
#
# ## Prefill, fork, grow
#
# A decode has two phases. **Prefill** runs all tokens of the prompt through the model at once, and keeps
# their KV. Then come **steps**: in each, every branch gets one token. A `Session` holds one tree and its
# memory, a **pool**: so many *slots*, each with room for the KV of one token, handed out in *pages* of 16.

# %%
from deft_lab.decode import Session

session = Session(model, method="deft_flatten", n_slots=512, page_size=16)
session.prefill(prompt)
print(session.tree)
print("pages free:", session.pool.n_free, "of", 512 // 16)

# %% [markdown]
# After prefill the model has an opinion on the next token: a number for each token it knows, the **logits**.
# Softmax makes probabilities of them.

# %%
chances, tokens = session.logits[0].softmax(-1).topk(3)
starts = tokens.tolist()
for chance, token in zip(chances.tolist(), starts, strict=True):
    print(f"{model.piece(token)!r:8} {chance:.5f}")

# %% [markdown]
# It is nearly sure. Let us force it to begin in all three ways: the root **forks**. `step` takes the next
# tokens of each branch, by the name of its last node, its *leaf*; the root has the name 0.

# %%
from deft_lab.viz import draw_tree

session.step({0: starts})
for _ in range(6):
    likeliest = session.logits.argmax(-1).tolist()  # greedy: always the likeliest token
    session.step({leaf: [token] for leaf, token in zip(session.branches, likeliest, strict=True)})
draw_tree(session.tree, title="A prompt, and three ways to begin")

# %%
for leaf in session.branches:
    slots, _ = session.pool.slots_of(leaf)
    print(f"node {leaf}: {session.text(leaf)!r:24} in slots {slots.tolist()}")

# %% [markdown]
# Each step was *one* forward of the model, with three tokens side by side. The prompt was run once, and its
# KV lies in the pool once, in slots from 0 on.
#
# ## Where does a token stand?
#
# The slots say where the KV *lies*. A model wants to know something else: where a token *stands* in its text.
# Attention itself sees a set of keys, without order. Llama tells it the order by **rotary positions** (RoPE):
# before they meet, each query and key is rotated by an angle that grows with its position, so their product
# depends on how far apart they are.
#
# A branch must not notice that others exist. So the first token behind the fork has the same position in all
# three branches: the [number of tokens before it](../deft_lab/decode/forwards.py#Forwards.seats.positions)
# *on its path*, wherever it lies.

# %%
from deft_lab.viz import Table

tree = session.tree
rows = []
for leaf in session.branches:
    slots, _ = session.pool.slots_of(leaf)
    before = sum(tree.length[node] for node in tree.path(tree.index(leaf))[:-1])
    rows.append((f"node {leaf}", f"{before} to {before + len(slots) - 1}", f"{slots[0]} to {slots[-1]}"))
Table(("tokens of", "positions", "slots"), tuple(rows))

# %% [markdown]
# What if we got it wrong? Here the same text runs through the plain model twice: once with right positions,
# once as if the answer began seven places later. `model.plain()` gives the model its own attention back.

# %%
import torch

with torch.inference_mode(), model.plain() as plain:
    text = torch.tensor([session.path_tokens(session.branches[0])])
    right = torch.arange(text.shape[1])[None]
    shifted = right + 7 * (right >= len(prompt))
    true, false = (plain(text, position_ids=p).logits[0, len(prompt) :] for p in (right, shifted))
print(f"largest logit {true.abs().max():.1f}; off by up to {(true - false).abs().max():.1f}")
print("same likeliest token:", (true.argmax(-1) == false.argmax(-1)).tolist())

# %% [markdown]
# No error, no warning, only wrong numbers. That is why positions are your first exercise.

# %%
from deft_lab.lessons import check, exercise, hint, solution

exercise("09.1")


# %%
def positions(tree, node):
    # return a list of positions
    ...


check("09.1", positions)

# %%
hint("09.1")
solution("09.1")

# %% [markdown]
# ## Prune
#
# The third beginning leads nowhere. [**Pruning**](../deft_lab/decode/session.py#Session.prune) ends a branch,
# and its memory is free for others at once:

# %%
before = session.pool.n_free
session.prune([3])
print(f"pages free: {before} before, {session.pool.n_free} after; branches: {session.branches}")

# %% [markdown]
# Here only the leaf went. In deeper trees a whole piece of a branch may lose its last reader. In the decode
# that you played at the top, four thoughts are given up at once, nodes 22, 23, 24 and 27. With the first
# three goes node 20, which nobody else needed:

# %%
from deft_lab.trace import load_recording

recording = load_recording("tree_of_thoughts")
for step in (81, 82):
    print(f"step {step}: {recording.trace.tree_at(step)}\n")

# %% [markdown]
# ### Your turn

# %%
exercise("09.2")


# %%
def freed(tree, leaf):
    # return a list of nodes
    ...


check("09.2", freed)

# %%
hint("09.2")
solution("09.2")

# %% [markdown]
# ## Is it the same text?
#
# Now to the proof. Four branches begin with the four likeliest tokens, are greedy from there on, and are
# decoded as one tree to their ends. A branch **ends** when the model says its end-of-text token, `eos`; the
# others go on. `run` does the loop, `FewShot` says who gets which token, and a listener keeps the logits of
# every branch.

# %%
from deft_lab.decode import FewShot, run
from deft_lab.decode.run import Listener

seen = {}


def keep(session):
    for leaf in session.branches:
        seen.setdefault(leaf, []).append(session.logits_of(leaf).clone())


session = Session(model, n_slots=2048)
session.prefill(prompt)
result = run(session, FewShot(width=4), listener=Listener(on_step=keep))
print(f"{result.n_steps} steps wrote {result.n_tokens} tokens in {len(result.branches)} branches")

# %%
for branch in result.branches:
    print(f"--- node {branch.leaf}, ended by {branch.reason}\n{branch.text}")

# %% [markdown]
# One branch solved the problem. The others were forced to begin badly, and made the best of it. Every text
# ends at a token of its own, so in the last steps one branch was decoded alone.
#
# The reference is the plain model, with its own attention, on each branch as an ordinary text. Two rounding
# errors never fall alike: our attention adds up the same numbers in other groups. **How far apart are the
# logits** at the worst place, over all tokens, steps and branches?

# %%
from deft_lab.lessons import predict

apart = predict(
    "09.difference",
    f"The largest logit here is about {max(row.max().item() for rows in seen.values() for row in rows):.0f}. "
    "What is the largest difference between a logit of the tree and the same logit of a separate run?",
    unit="",
    typical=0.01,
)

# %% tags=["reveal"]
differences, same_tokens = [], []
for branch in result.branches:
    text = [*prompt, *branch.tokens]
    with torch.inference_mode(), model.plain() as plain:
        alone = plain(torch.tensor([text])).logits[0, len(prompt) :]
    ours = torch.stack(seen[branch.leaf])
    differences.append(float((ours - alone[: len(ours)]).abs().max()))
    same_tokens.append(alone[: len(ours)].argmax(-1).tolist() == list(branch.tokens[1:]))
apart.reveal(max(differences))

# %%
assert all(same_tokens) and max(differences) < 1e-3
print("greedy tokens equal, branch by branch:", same_tokens)

# %% [markdown]
# Every greedy token of the separate runs is the tree's token, and the logits differ by rounding in the last
# digits of float32. (In bfloat16, which GPUs use, the digits are fewer and the differences larger. Then two
# logits that nearly tie may swap, and a greedy text may turn off there; both are then equally right.)
#
# ### Your turn
#
# We just wrote a test of equality. Such tests are easy to write so that they can never fail.

# %%
exercise("09.3")


# %%
def is_same(ours, theirs, tolerance):
    # return True or False
    ...


check("09.3", is_same)

# %%
hint("09.3")
solution("09.3")

# %% [markdown]
# ## Draw a tree, and let the model write it
#
# Here the proof comes with every decode. Draw any tree in the editor: drag a branch, fork it, prune it (its
# own help tells how). Then press *Decode* in the player below it. The model writes the tree that you drew,
# token by token, then every branch once more without any tree, and the last line says whether both agree.

# %%
from deft_lab import build_tree
from deft_lab.widgets import edit

drawn = build_tree("few_shot", prompt=len(prompt), width=2, length=11).fork(1, k=2, length=8)
editor = edit(drawn, views=["memory", "mask"])
editor

# %%
from deft_lab.decode import LiveDecoder
from deft_lab.widgets.decoding import live

player = live(editor, LiveDecoder(model, problem)).run()  # decodes once now, and again at each press
player

# %%
assert all(branch.equal for branch in player.compared)
print(player.alt)

# %% [markdown]
# ## Bytes of a whole decode
#
# Equal texts, different work. Take the few-shot tree of notebook 1 in the geometry of Llama-3-8B: a prompt of
# 4,000 tokens, twenty answers, a token each at every step. Separate runs read every branch in every step.
# With a tree, a step reads each token once.
#
# Measure both against *prefill*. It also reads KV: it works through the prompt in *tiles*, 128 queries at a
# time, and each tile reads all tokens up to its own last one.

# %%
from deft_lab import LLAMA3_8B
from deft_lab.builders.growth import few_shot_growth

prompt_len, tile = 4000, 128
prefill = sum(min(end + tile, prompt_len) for end in range(0, prompt_len, tile))  # tokens read
trees = list(few_shot_growth(prompt=prompt_len, width=20, n_steps=60).trees())
size = LLAMA3_8B.n_layers * LLAMA3_8B.kv_bytes_per_token  # of a token in all layers
print(f"prefill reads {prefill:,} tokens of KV, {prefill * size / 1e9:.1f} GB")
print(f"in step 1 a branch has {trees[0].n_path_tokens // trees[0].n_queries:,} tokens")

# %%
overtakes = predict(
    "09.overtakes",
    "Prefill worked on 4,000 tokens at once, a step on 20. After how many steps have separate runs read more "
    "KV than prefill?",
    unit="",
    typical=50,
)

# %% tags=["reveal"]
import numpy as np

separate = np.cumsum([t.n_path_tokens for t in trees])
as_tree = np.cumsum([t.n_tokens for t in trees])
first = {name: int(np.argmax(read > prefill)) + 1 for name, read in (("s", separate), ("t", as_tree))}
overtakes.reveal(first["s"])

# %% tags=["reveal"]
from deft_lab.viz.axes import Axis
from deft_lab.viz.chart import draw_lines
from deft_lab.viz.words import round_bytes

steps = range(1, 61)
lines = {"separate": separate, "as a tree": as_tree, "prefill": [prefill] * 60}
draw_lines(
    "KV bytes read since the decode began, Llama-3-8B, all layers",
    {name: [(s, float(v) * size) for s, v in zip(steps, read, strict=True)] for name, read in lines.items()},
    Axis("step"),
    Axis("bytes", log=True, words=round_bytes),
)

# %% jupyter={"source_hidden": true} tags=["reveal"]
weights = 2 * load_recording("few_shot_llama3_8b").trace.header["parameters"]  # two bytes each
Markdown(
    f"Separate runs overtake prefill in step **{first['s']}**: twenty branches of more than 4,000 tokens, "
    f"for twenty new tokens. The tree needs {first['t']} steps for that. Prefill hands each token that it "
    f"reads to up to {tile} queries, a separate run to one, and the tree hands the prompt to all 20. Tokens "
    "are cheap to compute together, and dear to compute one at a time.\n\nOne thing is not counted here: "
    f"every step also reads the model's weights, some {weights / 1e9:.0f} GB for Llama-3-8B, whoever "
    "reads the KV. Notebook 12 puts both together."
)

# %% [markdown]
# ## One more use: accept several tokens at once
#
# A step costs about the same for one token as for a few, because it is spent on reading. **Speculation**
# uses that. Something cheap *drafts* how the text may go on, as a small tree of tokens below the end of the
# text. One step of the large model runs all of them, a query on every token. Then the drafts that say what
# the large model itself would have said are *accepted*, and the first token where it disagrees is its own. So
# a step writes at least one token, and the text is the same. (Below, `sequoia_greedy` draws the trees and
# `greedy` judges them; notebook 11 has others.)

# %%
from deft_lab.speculative import speculate

draft = load_model("draft", device="cpu")
Markdown(f"The draft has {draft.n_parameters:,} parameters, the target {model.n_parameters:,}.")

# %%
gain = predict(
    "09.accepted",
    "In each step the draft proposes 8 tokens. How many tokens does a step add to the text, on average?",
    unit="tokens",
    typical=2,
)

# %% tags=["reveal"]
written = speculate(model, draft, problem, "sequoia_greedy", "greedy", budget=8, max_new_tokens=60)
gain.reveal(sum(len(r.tokens) for r in written.rounds) / len(written.rounds))

# %% tags=["reveal"]
best = max(result.branches, key=lambda branch: branch.score)
assert written.tokens == best.tokens  # the same text, token for token
print(f"{len(written.rounds)} steps for {len(written.tokens)} tokens:\n{written.text}")

# %% [markdown]
# What the first steps, or *rounds*, looked like. The orange dot is the end of the text; a large blue dot was
# accepted, a small one was not:

# %% tags=["reveal"]
from deft_lab.viz import draw_token_trees

rounds = {f"round {i + 1}": r for i, r in enumerate(written.rounds[:6])}
draw_token_trees(
    "Drafted tokens below the end of the text",
    {name: r.tree.parents for name, r in rounds.items()},
    {name: {"adds": repr("".join(map(model.piece, r.tokens)))} for name, r in rounds.items()},
    {name: [1.0 if n in r.path else 0.06 for n in range(len(r.tree))] for name, r in rounds.items()},
)

# %% [markdown]
# The draft has learned the form of a line, and gets whole stretches of it right. Which digit comes next, it
# mostly does not know; there the large model speaks for itself.
#
# Who draws such trees well, and what if the large model samples instead of taking the likeliest token?
# Notebook 11 is about that.
#
# ## Llama-3-8B
#
# The same lines run on the real one. If its weights are in your Hugging Face cache and there is a GPU, the
# next cell decodes with it. Otherwise it says with what we recorded one on a GPU: a model of that geometry
# with random weights. `play_decode("few_shot_llama3_8b")` plays the recording.

# %%
from huggingface_hub import try_to_load_from_cache

name = "meta-llama/Meta-Llama-3-8B"
ready = torch.cuda.is_available() and isinstance(try_to_load_from_cache(name, "config.json"), str)
if ready:
    large = load_model(name)
    session = Session(large, n_slots=2048)
    session.prefill(large.encode("The three most useful data structures are"))
    for branch in run(session, FewShot(width=4), max_steps=32).branches:
        print(repr(branch.text))
else:
    recorded = load_recording("few_shot_llama3_8b")
    card = recorded.trace.header
    print(f"{card['model']}\n{card['date']}, {card['dtype']}, torch {card['versions']['torch']}")

# %% [markdown]
# ## What you can do now
#
# - **Attach** tree attention to an unmodified Hugging Face model: `load_model`, `Session`.
# - **Place** a token: its position counts the tokens of its branch; its slot is any free one.
# - **Fork, grow and prune**: `prefill`, `step`, `prune`, or `run` with a task. A task of your own is a
#   function of fifteen lines: [examples/custom_task.py](../examples/custom_task.py).
# - **Prove** that a tree decode is right: the same shape, no NaN, near logits, equal greedy tokens; for any
#   tree that you draw, `live(editor, LiveDecoder(model, text))` proves it while you look.
# - **Count** a whole decode, and say why separate runs overtake prefill so early.
# - **Accept** several tokens a step without changing the text.
#
# Read next to the code: the door in [decode/hf.py](../deft_lab/decode/hf.py), the verbs in
# [decode/session.py](../deft_lab/decode/session.py#Session.step), the pool in
# [kv.py](../deft_lab/kv.py#Pool), and the loop in [decode/run.py](../deft_lab/decode/run.py#run).
#
# **Next:** notebook 10 sets the sequential baselines beside each other, on one tree.
