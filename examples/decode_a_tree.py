"""Ten lines: a tree of thoughts inside the bundled model. Run it with `python examples/decode_a_tree.py`."""

from deft_lab.decode import Sampler, Session, TreeOfThoughts, load_model, run

model = load_model("target")  # or a folder, or "meta-llama/Meta-Llama-3-8B"
session = Session(model, method="deft_flatten", n_slots=4096)
session.prefill(model.encode("sort 7 2 9 4 1 8 3 6 by 4\n"))
result = run(session, TreeOfThoughts(width=3, keep=2, sampler=Sampler(temperature=0.8, seed=1)))
print(session.tree)
print(f"{result.n_steps} decodes, {result.n_tokens} tokens, answer: {result.answer}")
