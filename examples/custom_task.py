"""A task of one's own: branches that have grown unlikely are pruned, and the likeliest one forks again.

A task is a function of the session that returns births: leaf -> its next tokens. None ends the decode.
"""

from deft_lab.decode import Sampler, Session, load_model, run

sampler = Sampler(temperature=1.0, seed=4)


def keep_the_likely(session: Session, width: int = 4, gap: float = 3.0) -> dict[int, list[int]]:
    """Prune what is `gap` less likely than the best; at first, fork the best into different tokens, too."""
    best = max(session.branches, key=session.score.__getitem__)
    drawn = sampler.draw(session.logits).tolist()
    births = dict(zip(session.branches, ([token] for token in drawn), strict=True))
    for leaf in session.branches:
        if session.score[leaf] < session.score[best] - gap:
            births[leaf] = []
    missing = width - sum(map(len, births.values())) if session.n_steps < 16 else 0
    births[best] = sampler.draw_several(session.logits_of(best), 1 + missing)
    return births


if __name__ == "__main__":
    model = load_model("target")
    session = Session(model, n_slots=8192)
    session.prefill(model.encode("tell 3 lines of the fox and the owl\n"))
    for branch in run(session, keep_the_likely, max_steps=60).branches:
        print(f"{branch.score:7.2f}  {branch.text!r}")
