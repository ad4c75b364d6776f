# %% [markdown]
# # 12. From bytes to microseconds
#
# Bytes and balance are a model. A clock has the last word, and it is easy to misread: caches answer
# requests, launches cost time, and a fast kernel may be a small part of a step. Here you predict times from
# bytes, set the predictions beside measurements of an H200 and an H100 that come with this course, each with
# the card that says how it was taken, and explain what is left over.
#
# - **Goals:** place kernels on a roofline; predict a time from bytes, and judge the prediction; tell cold
#   from warm, and a launch from a kernel; say what a whole decode step gains; count a published latency in
#   four ways.
# - **Prerequisites:** notebooks 1 and 5 (bytes) and 6 (balance).
# - **Needs:** CPU. With an NVIDIA GPU, PyTorch and Triton, one cell measures anew, in about a minute.
# - **Time to read:** 40 minutes, and 36 more for the exercises. **Time to run:** under 10 seconds.

# %%
from deft_lab.bench.evidence import draw_measured

draw_measured("attention_h200_1", "few20")

# %% [markdown]
# Four methods attend over the few-shot tree: 4,000 tokens, 20 branches of 200. Their times are measured,
# their bytes are those that their programs ask for. The line is the *roof* of the machine: no kernel can be
# above it. And yet one of the four is. In the section on time you will see why; first, the words.
#
# ## The words
#
# **FLOP.** A floating-point operation: an addition or a multiplication. Attention needs
# [four](../deft_lab/cost/accounts.py#flops) for each number of a head, for each pair of a query and a token
# that it sees: two for the score, two for the weighted sum.
#
# **Arithmetic intensity**, *intensity* for short. Operations for each byte moved. It says what a byte is
# worth once it has arrived.
#
# **Memory, HBM.** Where KV lies; its rate is in the table below. **L2** is the cache between the memory and
# all SMs, of some tens of MB. It is faster, and what is in it need not be fetched again.
#
# **Roof.** Bytes arrive at the rate of the memory, operations are done at the peak of the *tensor cores* (the
# parts of an SM that multiply matrices), and both happen at once. So the highest rate is the smaller of
# *peak* and *intensity times memory rate*. The two meet at the **ridge**: left of it, a kernel waits for
# memory, right of it, for the tensor cores.

# %%
from deft_lab.hardware import H200, HARDWARE
from deft_lab.viz import Table

rows = []
for h in HARDWARE.values():
    memory, peak = h.hbm_bytes_per_s, h.flop_per_s
    rows.append((h.name, memory / 1e12, peak / 1e12, peak / memory, h.sources["flop_per_s"].text))
columns = ("machine", "memory, TB/s", "dense TFLOP/s", "ridge, FLOP a byte", "where the peak comes from")
Table(columns, tuple(rows))

# %% [markdown]
# Mind the last column. Datasheets print a peak with *2:4 sparsity*, for matrices of which two in every four
# numbers are zero: twice what dense matrices reach. A
# roofline drawn with it puts every kernel at half of what it does.
#
# ### Your turn

# %%
from deft_lab.lessons import check, exercise, hint, predict, solution

exercise("12.1")


# %%
def place(flop, n_bytes, hardware):
    # return intensity, rate
    ...


check("12.1", place)

# %%
hint("12.1")
solution("12.1")

# %% [markdown]
# ## Can tree attention reach the ridge?
#
# Ordinary decoding is far left of it: one query uses each byte of KV once. A tree changes that. If the KV of
# a prompt is read once for all queries that see it, each query adds operations and no bytes.

# %%
ridge = predict(
    "12.ridge",
    "Llama-3-8B on an H200, a long prompt read once for all queries. From how many queries on do the tensor "
    "cores limit, and not the memory?",
    unit="queries",
    typical=1000,
)

# %% tags=["reveal"]
from deft_lab import LLAMA3_8B, build_tree, plan_tree, traffic
from deft_lab.cost import flops
from deft_lab.viz import Work, draw_roofline

layer = LLAMA3_8B.layer


def once(queries):
    """(FLOP, bytes) of a layer, every byte moved once."""
    plan = plan_tree(build_tree("star", prompt=100_000, width=queries), "radix")
    return flops(plan, layer).useful, traffic(plan, layer, "unique").total


corner = H200.flop_per_s / H200.hbm_bytes_per_s
ridge.reveal(next(n for n in range(1, 1000) if once(n)[0] / once(n)[1] > corner))

# %% tags=["reveal"]
works = [Work(f"{n} {'queries' if n > 1 else 'query'}", *once(n)) for n in (1, 4, 16, 64, 256)]
draw_roofline(works, H200, title="One prompt, read once for so many queries: the most that an H200 allows")

# %% jupyter={"source_hidden": true} tags=["reveal"]
from IPython.display import Markdown

per_query = once(1)[0] / once(1)[1]
Markdown(
    f"A query brings 4 x {layer.n_q_heads} x {layer.head_dim} = {4 * layer.n_q_heads * layer.head_dim:,} "
    f"FLOP for each token, and a token is {layer.kv_bytes_per_token:,} bytes: {per_query:.1f} FLOP a byte. "
    f"Grouped queries are why it is {layer.q_per_kv} and not 1: {layer.q_per_kv} heads use the same key. "
    f"With a ridge at {corner:.0f}, some {corner / layer.q_per_kv:.0f} queries are enough. So a token tree "
    "of Medusa, with 64 queries, is at the ridge already: for speculative decoding, reading KV once is "
    "about all that there is to win from sharing."
)

# %% [markdown]
# ## Time = bytes / rate
#
# Left of the ridge, time should be bytes divided by the memory's rate. Let us hold that against the clock.
# The measurements come with a card. Read it before you believe a number:

# %%
from deft_lab.bench.evidence import calls, measurement, provenance

result = measurement("attention_h200_1")
provenance(result)

# %% [markdown]
# Trees are named by their tokens: `4000 + 20 x 200` is a prompt with 20 branches, `2048 / 8 x 512 / 64 x 128`
# has three levels, `256 x 1024 unshared` are texts without a common beginning, `Medusa-64 on 1000` is
# Medusa's tree below a text, and a name with `.json` a step of a recorded reasoning tree. `slots rand1` and
# `slots page16` say that the KV lies scattered in the pool, token by token or in pages of 16.

# %%
measured = calls(result)  # of trees that are not recorded ones, which are not part of this package
names = {row["case"]: row["tree"] for row in result["rows"]}  # what a tree's short name stands for
few20 = {call.subject: call for call in measured if call.case == "few20"}
node = few20["deft_node"]
print(f"DeFT-Node asks for {node.requested_bytes / 1e6:.0f} MB; {node.unique_bytes / 1e6:.0f} MB exist")

# %%
clock = predict(
    "12.node",
    f"At {H200.hbm_bytes_per_s / 1e12:.1f} TB/s, {node.requested_bytes / 1e6:.0f} MB take "
    f"{1e6 * node.requested_bytes / H200.hbm_bytes_per_s:.0f} µs. How many does the clock show?",
    unit="µs",
    typical=30,
)

# %% tags=["reveal"]
clock.reveal(node.cold)

# %% [markdown]
# And the others? Here are all methods on all trees, with three predictions for each call. (*Packed*: a
# program takes all query heads of a KV head, as Tree-Waves always does. Point at a spot to see its tree.)
#
# - **once**: each byte once, at the memory's rate. The hope of every diagram of tree attention.
# - **asked for**: the bytes that programs request (notebook 5), at the memory's rate.
# - **modelled**: the library's [model of time](../deft_lab/cost/latency.py#predict): programs, balance,
#   waiting, limits of L2 and memory (notebook 6).

# %% tags=["reveal"]
from deft_lab.viz import Axis, Spot, draw_strips

rate = H200.hbm_bytes_per_s / 1e6  # bytes in a microsecond
ways = {
    "once": lambda call: call.unique_bytes / rate,
    "asked for": lambda call: call.requested_bytes / rate,
    "modelled": lambda call: call.modelled,
}
strips = {}
for call in measured:
    spots = [Spot(of(call) / call.cold, way, names[call.case]) for way, of in ways.items()]
    strips.setdefault(call.subject, []).extend(spots)
axis = Axis("predicted over measured time", log=True, words=lambda ratio: f"{ratio:.3g}x")
draw_strips("Three predictions, and the clock", strips, axis, subtitle="H200, L2 cold. Left of 1: too fast.")

# %% tags=["reveal"]
import numpy as np

off = {way: np.exp([abs(np.log(of(call) / call.cold)) for call in measured]) for way, of in ways.items()}
factors = {way: float(np.median(errors)) for way, errors in off.items()}
Table(
    ("prediction", "calls", "median error, as a factor", "the worst"),
    tuple((way, len(measured), factors[way], float(errors.max())) for way, errors in off.items()),
)

# %% jupyter={"source_hidden": true} tags=["reveal"]
radix = few20["radix"]
Markdown(
    f"**Once** is off by a factor of {factors['once']:.0f}. Most methods ask for a byte many times, and few "
    "keep the memory busy throughout. (The spots nearest to 1 are texts that share nothing: there is nothing "
    f"to read twice.) **Asked for** is off by {factors['asked for']:.1f}, in both directions. It is too "
    f"*slow* for Radix: {radix.requested_bytes / 1e9:.2f} GB in {radix.cold:.0f} µs are "
    f"{radix.requested_bytes / radix.cold / 1e6:.1f} TB/s, more than the memory can deliver. That is the "
    "point above the roof. The prompt is asked for again and again within one call, and from the second "
    f"time on the L2 answers. It is too *fast* for DeFT-Node: the bytes are few, but {node.cold:.0f} µs are "
    "the time of its longest program, while most SMs wait. **Modelled** knows both, and is off by "
    f"{factors['modelled']:.2f}. (Its constants were fitted to five of these trees, so see below for another "
    "GPU.)"
)

# %% [markdown]
# ### Three levels of evidence
#
# - *Modelled*: arithmetic on a plan. Exact about the plan, silent about the machine.
# - *Counted*: the kernels run in an interpreter that notes every load and store. Exact about what is asked
#   for; it knows no cache and no clock. The requested bytes of the table above *are* counted: a test of this
#   repository holds the closed form to the count, byte for byte
#   ([tests/test_counted.py](../tests/test_counted.py)).
# - *Measured*: a clock, one machine, one day. Says what happened, not why.
#
# Notebook 8 counts before your eyes. To see it here, on a small tree, set `count_now = True` (this needs
# Triton, and loads PyTorch, which takes some seconds):

# %%
from deft_lab import Geometry

count_now = False  # change me
plan, tiny = plan_tree(build_tree("few_shot", prompt=64, width=3, length=8), "deft_node"), Geometry(4, 1, 32)
said = traffic(plan, tiny)
print(f"modelled: {said.kv:,} B of KV, {said.total:,} B in all")
if count_now:
    from deft_lab.ops.counting import count_attention

    seen = count_attention(plan, tiny).traffic("deft_node")
    print(f"counted:  {seen.kv:,} B of KV, {seen.total:,} B in all")

# %% [markdown]
# ### How far can you trust a median?
#
# The whole benchmark ran twice, one run after the other, on the same card, and most of it once more a week
# later. The same rows should give the same times:


# %%
def medians(name):
    rows = measurement(name)["rows"]
    return {(r["case"], r["subject"]): r["cold"]["median_us"] for r in rows if r["cold"]}


first, rows = medians("attention_h200_1"), []
for when, name in (("at once", "attention_h200_2"), ("a week later", "attention_h200_3")):
    again = medians(name)
    change = np.array([abs(again[call] / first[call] - 1) for call in first.keys() & again.keys()])
    spread = (np.median(change), np.quantile(change, 0.9), change.max())
    rows.append((when, len(change), *(f"{part:.1%}" for part in spread)))
Table(("again", "times", "half differ by less than", "nine in ten by less than", "the worst"), tuple(rows))

# %% [markdown]
# So a difference of a percent or two may be noise, of ten hardly. Most differences in this notebook are
# factors.
#
# ### Your turn: the outlier

# %%
exercise("12.2")


# %%
def outlier(calls, bytes_per_s):
    # return a name
    ...


check("12.2", outlier)

# %%
hint("12.2")
solution("12.2")

# %% tags=["reveal"]
from deft_lab.lessons import EXERCISES

rows = [
    (f"{call.subject}, {names[call.case]}", call.requested_bytes, 1e-6 * call.cold)
    for call in measured
    if "packed" not in call.subject
]
name = EXERCISES["12.2"].solution(rows, H200.hbm_bytes_per_s)
worst = next(call for call in measured if f"{call.subject}, {names[call.case]}" == name)
said = 1e6 * worst.requested_bytes / H200.hbm_bytes_per_s
print(f"{name}: {said:.0f} µs predicted, {worst.cold:.0f} µs measured")

# %% [markdown]
# Can you explain it? Think before you go on: how many programs does this plan have, and what do they do?

# %% tags=["reveal"]
from deft_lab.bench.attention.cases import standard_case
from deft_lab.viz import draw_timeline

medusa_plan = plan_tree(standard_case(worst.case).tree, worst.subject)
draw_timeline(medusa_plan, layer, H200)

# %% jupyter={"source_hidden": true} tags=["reveal"]
short = int((medusa_plan.kv_len == 1).sum())
Markdown(
    f"{short} of the {medusa_plan.n_groups} groups hold a single token: a node for each drafted token, and "
    f"for each of them {layer.n_q_heads} programs. They move next to nothing, and still each has to start, "
    "to load its queries, and to write its partial. Time is spent on *programs* here, not on bytes, and no "
    f"count of bytes can see that. The rule is general: small trees are about overhead. (The model of time "
    f"knows a fixed cost of a program. It says {worst.modelled:.0f} µs, and so misses by a factor of "
    f"{worst.cold / worst.modelled:.1f} where bytes miss by {worst.cold / said:.1f}.)"
)

# %% [markdown]
# ## Cold and warm
#
# Before each call of these measurements, [256 MB are written](../deft_lab/bench/attention/timing.py#cold), so
# that nothing useful is left in the L2. That is how it is in a real step: between the attention of one layer
# and of the next, the weights of a whole layer pass through the cache. A benchmark that repeats one call
# without clearing measures something else, whenever the KV fits into the L2.

# %%
shown = ("read", "radix", "deft_node", "deft_flatten", "tree_waves")
rows = []
for r in result["rows"]:
    if r["subject"] in shown and r["case"] in ("spec1k", "few50", "long32k", "nosh256"):
        cold, warm = r["cold"]["median_us"], r["warm"]["median_us"]
        rows.append((r["tree"], r["unique_mb"], r["subject"], cold, warm, cold / warm))
Table(("tree", "KV, MB", "what", "cold, µs", "warm, µs", "cold over warm"), tuple(rows))

# %% [markdown]
# The first line of each tree, `read`, is a kernel that only reads the KV, once. For it, warm and cold differ
# most, as long as a good part of the KV stays in the cache. The slower a method, the less it cares where its
# bytes come from: it waits for something else. So a warm benchmark flatters exactly the best kernels. Does
# it also change who wins?
#
# ### Your turn

# %%
exercise("12.3")


# %%
def swaps(calls):
    # return [(a, b), ...]
    ...


check("12.3", swaps)

# %%
hint("12.3")
solution("12.3")

# %% tags=["reveal"]
timed = [row for row in result["rows"] if row["kind"] != "read" and row["cold"] and row["warm"]]
rows = []
for case in dict.fromkeys(row["case"] for row in timed):
    here = [r for r in timed if r["case"] == case]
    times = [(r["subject"], r["cold"]["median_us"], r["warm"]["median_us"]) for r in here]
    changed = EXERCISES["12.3"].solution(times)
    cold = {name: cold for name, cold, _ in times}
    most = max((cold[b] / cold[a] - 1 for a, b in changed), default=0)
    rows.append((names[case], len(here), len(changed), f"{most:.0%}"))
Table(
    ("tree", "methods and peers", "pairs that change", "largest difference of such a pair, cold"), tuple(rows)
)

# %% [markdown]
# Few pairs, and only such as were close anyway. On this machine, the ranking is a property of the methods.
# The *size* of an advantage is not: it shrinks or grows with the state of the cache.
#
# ## A launch is not free
#
# All times so far are of *CUDA graphs*: launches recorded once and replayed by the GPU alone. Launched one
# by one from Python, a call also has to get through the host. *Eager* is the same kernel, launched so. Beside
# our methods stands a *peer*, a kernel of another library: the cascade attention of FlashInfer.

# %%
subjects = ("radix", "deft_flatten", "tree_waves", "flashinfer_cascade")
rows = []
for r in result["rows"]:
    if r["subject"] in subjects and r["case"] in ("spec1k", "few20", "long32k"):
        graph, eager = r["cold"]["median_us"], r["eager"]["median_us"]
        rows.append((r["tree"], r["subject"], graph, eager, eager / graph))
print(f"a graph with one kernel that does nothing: {result['ceilings']['launch_graph_us']:.1f} µs")
Table(("tree", "what", "graph, µs", "eager, µs", "eager over graph"), tuple(rows))

# %% jupyter={"source_hidden": true}
spec = {row["subject"]: row for row in result["rows"] if row["case"] == "spec1k"}
ours, theirs = spec["tree_waves"], spec["flashinfer_cascade"]
Markdown(
    f"On the small tree, the fastest kernel of all, {ours['cold']['median_us']:.0f} µs in a graph, needs "
    f"{ours['eager']['median_us']:.0f} µs when Python launches it, and then loses to a peer with "
    f"{theirs['eager']['median_us']:.0f} µs that is "
    f"{theirs['cold']['median_us'] / ours['cold']['median_us']:.1f} times slower on the GPU. Both numbers "
    "are true, of different things: one of the kernel, one of the way to it. Serving systems replay graphs, "
    "so we report graphs, and say so."
)

# %% [markdown]
# ## A step is more than attention
#
# A decode step multiplies by all weights of the model, samples tokens, and keeps books. Whole steps at the
# size of Llama-3-8B were measured on an H100. (The weights are random, which changes no time. Radix packs its
# heads here, as Tree-Waves does, so that like is compared with like.)

# %%
steps = measurement("decode_h100_1")
provenance(steps)

# %%
by_case = {}
for row in steps["rows"]:
    if row["attention_alone_ms"]:
        by_case.setdefault(row["case"], {})[row["subject"]] = row
star = by_case["star256"]
step, alone = star["radix"]["step_ms"]["median"], star["radix"]["attention_alone_ms"]
print(f"Radix, 256 leaves on 4,000 tokens: a step of {step:.1f} ms, {alone:.1f} ms of it attention")

# %%
before, after = star["radix"], star["tree_waves"]
factor = before["attention_alone_ms"] / after["attention_alone_ms"]
amdahl = predict(
    "12.amdahl",
    f"From Radix to Tree-Waves, attention becomes {factor:.1f} times faster here. And the whole step?",
    unit="times faster",
    typical=5,
)

# %% [markdown]
# ### Your turn

# %%
exercise("12.4")


# %%
def step_speedup(step, attention, factor):
    # return a number
    ...


check("12.4", step_speedup)

# %%
hint("12.4")
solution("12.4")

# %% tags=["reveal"]
amdahl.reveal(before["step_ms"]["median"] / after["step_ms"]["median"])

# %% tags=["reveal"]
rows = []
for name, row in star.items():
    step, alone = row["step_ms"]["median"], row["attention_alone_ms"]
    rows.append((name, step, alone, f"{alone / step:.0%}"))
Table(("256 leaves on 4,000 tokens", "step, ms", "its attention alone, ms", "share"), tuple(rows))

# %% [markdown]
# And on all the trees that were measured:

# %% tags=["reveal"]
rows = []
for by_name in by_case.values():
    old, new = by_name["radix"], by_name["tree_waves"]
    step, attention = old["step_ms"]["median"], old["attention_alone_ms"]
    gain = attention / new["attention_alone_ms"]
    law = EXERCISES["12.4"].solution(step, attention, gain)
    rows.append((old["what"], gain, law, step / new["step_ms"]["median"], step / (step - attention)))
columns = ("tree", "attention, times faster", "step, by the law", "step, measured", "without any attention")
Table(columns, tuple(rows))

# %% [markdown]
# The law of that exercise, known as *Amdahl's law*, is close. The last column is what a step would gain if
# attention took no time at all, the ceiling
# of every attention kernel. Where a step comes near it, or even passes it, something else became faster,
# too: the rest of a step is not quite the same for both methods. (Mind also that attention alone was timed
# on the last tree of a run, the largest one.) What is left of the step are the weights, and the host.
#
# ## One published log, four ways
#
# The authors of DeFT released the logs of their runs. Take the one with the largest tree: 256 one-token
# leaves, a text that grows to 6,000 tokens, on an A100. Their paper says how much faster *attention* is with
# DeFT-Flatten than with Radix. The same log knows more. (For this tree the paper's table has the times of
# DeFT-Node and DeFT-Flatten exchanged; here they stand as the logs have them.)

# %%
import json

from deft_lab.data import data_path

published = json.loads(data_path("published_latencies.json").read_text())
logs, column = published["logs"], published["columns"].index("t256")
attention = {m: published["attention"][m][column] for m in ("radix", "deft_flatten")}
times_faster = attention["radix"] / attention["deft_flatten"]
end = predict(
    "12.end",
    f"In that log, the attention kernels are {times_faster:.1f} times faster. And the run from end to end?",
    unit="times faster",
    typical=2.5,
)

# %% tags=["reveal"]
end.reveal(logs["radix"]["end_to_end"] / logs["deft_flatten"]["end_to_end"])

# %% tags=["reveal"]
ways = [("attention, kernels only", attention["radix"], attention["deft_flatten"])]
ways += [
    (words, logs["radix"][key], logs["deft_flatten"][key])
    for words, key in (
        ("attention with KV management", "attention"),
        ("decode: all layers of the model", "decode"),
        ("end to end, with plans, branching and books", "end_to_end"),
    )
]
print(f"{logs['steps']} steps, {logs['generated_tokens']:,} tokens kept; seconds")
Table(("counted", "Radix", "DeFT-Flatten", "times faster"), tuple((*way, way[1] / way[2]) for way in ways))

# %% jupyter={"source_hidden": true} tags=["reveal"]
outside = {m: logs[m]["end_to_end"] - logs[m]["decode"] for m in ("radix", "deft_flatten")}
Markdown(
    f"Each row is true. From the kernel to the user, {ways[0][1] / ways[0][2]:.1f} becomes "
    f"{ways[-1][1] / ways[-1][2]:.2f}: outside of the model, DeFT-Flatten spends "
    f"{outside['deft_flatten']:.0f} of {logs['deft_flatten']['end_to_end']:.0f} seconds "
    f"({1000 * outside['deft_flatten'] / logs['steps']:.0f} ms a step), and Radix {outside['radix']:.0f}. "
    "Much of it is making the plan, with lists in Python, anew in every step. So the next thing to make "
    "faster was not the kernel. (In this library, planning such a step takes well under a millisecond: "
    "`python -m deft_lab bench plan`.)"
)

# %% [markdown]
# The paper prints attention and decode latency for eleven workloads. Side by side, they show the same law:
# what the kernels win, and what of it reaches the decode. (`b`: few-shot, so many branches; `t`: so many
# one-token leaves; the others are reasoning trees.)

# %% tags=["reveal"]
strips = {
    name: [
        Spot(table["radix"][i] / table["deft_flatten"][i], kind, name)
        for kind, table in (("attention", published["attention"]), ("decode", published["decode"]))
    ]
    for i, name in enumerate(published["columns"])
}
axis = Axis("times faster than Radix", log=True, words=lambda ratio: f"{ratio:.3g}x", ends=(1, 4))
draw_strips(
    "DeFT-Flatten against Radix, as published", strips, axis, subtitle="A100, Llama-3-8B; whole runs."
)

# %% [markdown]
# ## Another GPU
#
# A model that has been fitted on one machine should say something about another. These are the same trees on
# an H100: fewer bytes a second, the same tensor cores. Nothing was fitted again; only the datasheet's
# figures were exchanged. (Four methods were measured there, none of those that the model knows worst. So the
# cell takes the same calls on both machines.)

# %%
elsewhere = calls(measurement("attention_h100"))
same = {(call.case, call.subject) for call in elsewhere}
fitted = [call for call in measured if (call.case, call.subject) in same]
for gpu, these in (("H200", fitted), ("H100", elsewhere)):
    error = [abs(call.modelled / call.cold - 1) for call in these]
    print(f"{len(these)} calls on an {gpu}: median error {np.median(error):.0%}, worst {max(error):.0%}")
ours = {call.case: call for call in measured if call.subject == "tree_waves"}
Table(
    ("tree", "H200, µs", "H100, µs", "measured ratio", "modelled ratio"),
    tuple(
        (names[c.case], h200.cold, c.cold, c.cold / h200.cold, c.modelled / h200.modelled)
        for c in elsewhere
        if c.subject == "tree_waves" and (h200 := ours[c.case])
    ),
)

# %% [markdown]
# ## Measure it yourself
#
# With an NVIDIA GPU, the next cell times some methods on two of the trees, in about a minute, and sets them
# beside the stored ones. Without one, it says so.


# %%
from importlib.util import find_spec
from shutil import which

mine = None
if which("nvidia-smi") and find_spec("torch") and find_spec("triton"):
    from deft_lab.bench.evidence import measure_here

    mine = measure_here(("few20", "spec6k"), ("radix", "deft_node", "deft_flatten", "tree_waves"))

# %%
skipped = Markdown("*Skipped: this needs an NVIDIA GPU. The stored measurements above stand in for yours.*")
provenance(mine) if mine else skipped

# %%
stored = {(row["case"], row["subject"]): row for row in result["rows"]}
rows = [
    (r["tree"], r["subject"], r["cold"]["median_us"], stored[r["case"], r["subject"]]["cold"]["median_us"])
    for r in (mine["rows"] if mine else ())
]
Table(("tree", "what", "here, µs", "H200, stored, µs"), tuple(rows)) if mine else skipped

# %% [markdown]
# ## What you can do now
#
# - **Place** a kernel on a roofline, with the dense peak, and say what limits it.
# - **Predict** a time from bytes, and know the two ways in which that fails: caches make it too slow,
#   imbalance makes it too fast.
# - **Read** a card: cold or warm, graph or eager, which GPU, how often, how spread.
# - **Say** what a step gains, and what an attention speed-up does not say.
#
# The rates and their sources are in [hardware.py](../deft_lab/hardware.py#H200), the model of time in
# [cost/latency.py](../deft_lab/cost/latency.py#Constants), its fit in
# [bench/calibrate.py](../deft_lab/bench/calibrate.py#calibrate), the timing itself in
# [bench/attention/timing.py](../deft_lab/bench/attention/timing.py), and the measurements with their cards
# in [data/measurements](../data/measurements).
#
# **Next:** in notebook 13 you bring your own tree, your own model and your own method, and put them through
# all of this.
