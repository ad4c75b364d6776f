"""Cascades of drafts: closed forms of their gain, the trees that they draw, and the command."""

import json

import numpy as np
import pytest
from cascading import Stubborn, constant
from typer.testing import CliRunner

from deft_lab.chance import Dice, outcomes
from deft_lab.cli import app
from deft_lab.drafting import TableLaws
from deft_lab.drafting.dytc import Acceptance, acceptances_after, best_expansion, dytc, gain
from deft_lab.drafting.max_gram import MaxGramLaws
from deft_lab.errors import DraftError
from deft_lab.speculative.cascade import call_tree_to_token_tree, csd, theory
from deft_lab.token_tree import TokenTree

# --- theory


def mean_of(procedure):
    return sum(value * probability for value, probability in outcomes(procedure).items())


def accepted_run(chance, probabilities):
    """Drafted tokens accepted until the first that is not, and the target's own."""
    for n, probability in enumerate(probabilities):
        if not chance.flip(probability):
            return n + 1
    return len(probabilities) + 1


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.8, 1.0])
def test_ewif_of_a_chain(alpha):
    mean = mean_of(lambda chance: accepted_run(chance, [alpha] * 4))
    assert theory.ewif_speculative(alpha, 4, 0.1) == pytest.approx(mean / 1.4)


@pytest.mark.parametrize(("alpha", "a"), [(0.7, 0.4), (0.3, 0.9), (1.0, 0.5), (0.5, 1.0), (0.6, 0.0)])
def test_ewif_of_a_vertical_cascade(alpha, a):
    n, k, c1, c2 = 2, 3, 0.2, 0.05

    def tokens(chance):
        drafted = sum(accepted_run(chance, [a] * k) for _ in range(n))
        return accepted_run(chance, [alpha] * drafted)

    expected = mean_of(tokens) / (1 + n * c1 + n * k * c2)
    assert theory.ewif_vertical(alpha, n, c1, a, k, c2) == pytest.approx(expected)


def test_phi_generates_the_tokens_of_a_review():
    counts = outcomes(lambda chance: accepted_run(chance, [0.6] * 3))
    for x in (0.0, 0.5, 1 / 0.6, 1.0, 2.0):
        assert theory.phi(x, 0.6, 3) == pytest.approx(sum(p * x**n for n, p in counts.items()))


def test_ewif_of_a_horizontal_cascade():
    a, c = [0.9, 0.7, 0.4], [0.3, 0.1, 0.0]
    mean = mean_of(lambda chance: accepted_run(chance, a))
    assert theory.ewif_horizontal(a, c) == pytest.approx(mean / 1.4)
    places, value = theory.best_horizontal(a, c, 3)
    assert value == pytest.approx(max(
        theory.ewif_horizontal([a[i] for i in row], [c[i] for i in row])
        for row in [(), *[(i,) for i in range(3)], *[(i, j) for i in range(3) for j in range(i, 3)],
                    *[(i, j, k) for i in range(3) for j in range(i, 3) for k in range(j, 3)]]
    )) and list(places) == sorted(places)  # fmt: skip
    with pytest.raises(DraftError, match="1 acceptances for 2 costs"):
        theory.ewif_horizontal([0.5], [0.1, 0.1])
    with pytest.raises(DraftError, match="alpha=1.5; it must be a number from 0 to 1"):
        theory.ewif_speculative(1.5, 2, 0.1)


# --- trees


def test_dytc_expands_the_most_probable_leaf():
    """One token by the draft and one by the bottom: 0.8 + 0.4; two by it only (0.8 + 0.64 + 0.32) / 2."""
    draft = np.array([[0.1, 0.6, 0.3], [0.2, 0.3, 0.5], [0.7, 0.2, 0.1]])
    bottom = np.eye(3)[[1, 2, 0]]
    assert best_expansion([0.8, 0.5], [1, 0], 5) == (0, 1)
    laws = [TableLaws(draft, 0), TableLaws(bottom, 0)]
    tree = dytc(laws, 5, Dice(0), costs=[1, 0], acceptances=[0.8, 0.5], names=["draft", "MaG"])
    # 1 and 2 below the root (0.8, 0.2 x 0.3 / 0.4), MaG's 2 below 1 (0.4); then 0 and 1 below that
    assert tree.parents == (-1, -1, 0, 2, 2) and tree.tokens == (1, 2, 2, 0, 1)
    assert tree.scores == pytest.approx((0.8, 0.15, 0.4, 0.32, 0.4 * 0.2 * 0.2 / 0.3))
    assert tree.provenance == ("draft", "draft", "MaG", "draft", "draft")


@pytest.mark.parametrize("budget", [1, 7, 40])
def test_dytc_keeps_the_budget_and_names_its_drafts(budget):
    rng = np.random.default_rng(0)
    laws = [TableLaws(rng.dirichlet(np.ones(20), 20), 3) for _ in range(2)]
    laws.append(MaxGramLaws((1, 2, 3, 4, 3), 20, [0] * 20))
    tree = dytc(laws, budget, Dice(0), costs=[1, 0.3, 0], names=["base", "small", "MaG"])
    assert len(tree) == budget and set(tree.provenance) <= {"base", "small", "MaG"}
    assert all(p < 0 or tree.scores[i] <= tree.scores[p] for i, p in enumerate(tree.parents))
    texts = [tree.text(node) for node in range(budget)]
    assert len(set(texts)) == budget  # top-k: no token stands twice among siblings
    assert len(dytc(laws[0], budget, Dice(0))) == budget


def test_dytc_refuses_what_does_not_fit():
    laws = [TableLaws(np.eye(3), 0), TableLaws(np.eye(4), 0)]
    with pytest.raises(DraftError, match=r"drafts of \[3, 4\] tokens"):
        dytc(laws, 4, Dice(0))
    with pytest.raises(DraftError, match="1 costs for 2 drafts"):
        dytc(laws, 4, Dice(0), costs=[1])
    with pytest.raises(DraftError, match="give each draft a name of its own"):
        dytc(laws[:1] * 2, 4, Dice(0), names=["a", "a"])
    with pytest.raises(DraftError, match=r"costs\[0\]=0; only the bottom draft"):
        dytc(laws[:1], 4, Dice(0), costs=[0])


def test_max_gram_as_laws_says_nothing_where_it_knows_nothing():
    laws = MaxGramLaws((1, 2, 3), 5)
    assert laws([(1,), (4,)]).tolist() == [[0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    assert MaxGramLaws((1, 2, 3), 5, [4] * 5)([(4,)]).argmax() == 4
    alone = dytc(TableLaws(np.eye(5)[[1, 2, 3, 4, 0]], 0), 3, Dice(0))  # nothing to match in
    assert alone.tokens == (1, 2, 3) and set(alone.provenance) == {"draft 0"}


def test_dytc_believes_what_the_rounds_before_say():
    """A round: the draft's best passed, Max-Gram's below it did not; its second best is no evidence."""
    tree = TokenTree((-1, -1, 0), (1, 2, 2), (1.0,) * 3, ("draft 0", "draft 0", "max-gram"))
    believed = {"draft 0": 0.5, "max-gram": 0.5}
    assert acceptances_after([(tree, (0,))], believed) == pytest.approx([0.65, 0.35])
    assert acceptances_after([(tree, (1,))], believed) == pytest.approx([0.35, 0.5])
    assert acceptances_after([(tree, ())] * 60, believed) == [0.01, 0.5]
    # two near-equal drafts: the one that failed is asked no more
    laws = [TableLaws(np.eye(3)[[1, 2, 0]], 0) for _ in range(3)]
    named = {"names": ["a", "b", "c"], "costs": [1, 0.9, 0.9], "acceptances": [0.8, 0.8, 0.8]}
    failed = TokenTree((-1,), (1,), (1.0,), ("b",))
    assert dytc(laws, 1, Dice(0), **named).provenance == ("b",)
    assert dytc(laws, 1, Dice(0), judged=[(failed, ())] * 9, **named).provenance == ("a",)


def test_gain_is_the_closed_form():
    a, k, c, a_n, c_n = 0.7, 4, 0.2, 0.5, 0.01
    closed = (a * (1 - a**k) / (1 - a) + a**k * a_n) / (c * k + c_n)
    assert gain(a, k, c, a_n, c_n) == pytest.approx(closed)


def test_an_acceptance_follows_what_the_target_takes():
    estimate = Acceptance(0.5)
    estimate.update(True)
    assert estimate.value == pytest.approx(0.7 * 0.5 + 0.3)
    for _ in range(60):
        estimate.update(False)
    assert estimate.value < 1e-3


def test_a_round_drawn_as_a_token_tree_keeps_trunk_and_twigs():
    drafts = (constant(2, "base"), constant(3, "small"), Stubborn([4, 4]))
    k = ((1, 1, 1), (0, 1, 1), (0, 0, 1))
    record = csd(drafts, constant(1, "target"), [0], [0], k, max_length=1)[1]
    tree = call_tree_to_token_tree(record.rounds[0])
    named = {tree.text(node): tree.provenance[node] for node in range(len(tree))}
    assert tree.text(0) == (1,) and tree.scores[0] == 1 and sum(tree.scores) == 1
    assert named[(1,)] == "target" and named[(2,)] == "base, cut by target"
    assert named[(4,)] == "MaG, cut by small" and named[(3,)] == "small, cut by base"
    assert named[(2, 3)] == "small" and named[(2, 4)] == "MaG, cut by small"


# --- the command


def test_the_command_prints_text_calls_and_costs(tmp_path):
    file, config = tmp_path / "out.json", tmp_path / "run.json"
    config.write_text(json.dumps({"draft_names": ["draft"], "k_matrix": [[9, 9], [0, 9]], "lenience": 3}))
    arguments = ["--config", str(config), "--k-matrix", "[[5,10],[0,10]]", "--max-length", "30"]
    done = CliRunner().invoke(app, ["cascade", *arguments, "--output", str(file)])
    assert done.exit_code == 0, done.output
    assert "take 7 2 9 4 : 2 4 7 9" in done.output and "calls of round 0" in done.output
    assert "model_parameters" in done.output and "previous_work" in done.output
    written = json.loads(file.read_text())
    assert written["config"]["k_matrix"] == [[5, 10], [0, 10]] and written["config"]["lenience"] == 3
    (run,) = written["runs"]
    assert run["n_calls"]["target"] == len(run["rounds"]) and len(run["tokens"]) == 30
    assert run["swi"]["model_parameters"] > 1


def test_the_command_samples_and_refuses():
    runner = CliRunner()
    options = ["cascade", "--sample", "--temperature", "0.8", "--max-length", "12", "--prompt", "add 1 + 2"]
    one, two = (runner.invoke(app, [*options, "--seed", "4"]).output for _ in range(2))
    assert one == two and "column" in one
    done = runner.invoke(app, ["cascade", "--k-matrix", "5"])
    assert isinstance(done.exception, DraftError) and "is no list of rows" in str(done.exception)
