"""Decodes on a GPU: CUDA graphs give what the layers give one by one, for trees that grow, fork and prune."""

import pytest
import torch

from deft_lab import METHODS

transformers = pytest.importorskip("transformers")

from deft_lab.decode import Sampler, Session, TreeModel, run  # noqa: E402
from deft_lab.decode.tasks import FewShot  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU"),
]


@pytest.fixture(scope="module")
def model() -> TreeModel:
    config = transformers.LlamaConfig(
        vocab_size=512, hidden_size=256, intermediate_size=512, num_hidden_layers=3, num_attention_heads=8,
        num_key_value_heads=2, head_dim=64, max_position_embeddings=4096,
    )  # fmt: skip
    torch.manual_seed(0)
    return TreeModel(transformers.LlamaForCausalLM(config).to("cuda", torch.bfloat16))


def lived(model: TreeModel, method: str, **options) -> list[torch.Tensor]:
    """Logits of a life with forks, prunes, a pause, drafts, and more growth than the first tables hold."""
    session = Session(model, method, n_slots=2048, **options)
    session.prefill(list(range(1, 90)))
    kept = []
    session.step({0: [5, 6, 7]})
    for token in range(40):
        session.step({leaf: [token + i] for i, leaf in enumerate(session.branches)})
        kept.append(session.logits)
    first, second, third = session.branches
    session.step({first: [8, 9, 10, 11], second: [], third: [12]})
    kept.append(session.logits)
    session.step({leaf: list(range(20, 26)) for leaf in session.branches})
    kept.append(session.logits)
    leaf = session.branches[3]
    kept.append(session.verify(leaf, [-1, 0, 0, 1], [3, 4, 5, 6]))
    session.accept([0, 2])
    kept.append(session.logits)
    for token in range(3):
        session.step({leaf: [token] for leaf in session.branches})
        kept.append(session.logits)
    session.check()
    return kept


@pytest.mark.parametrize("method", METHODS)
def test_a_graph_gives_what_the_layers_give(model, method):
    one_by_one = lived(model, method, graphs=False)
    for ours, theirs in zip(lived(model, method), one_by_one, strict=True):
        assert ours.shape == theirs.shape and ours.isfinite().all()
        assert (ours - theirs).float().norm() <= 2e-2 * theirs.float().norm()


def test_a_compiled_graph_gives_it_too(model):
    for ours, theirs in zip(lived(model, "tree_waves", compiled=True), lived(model, "radix"), strict=True):
        assert (ours - theirs).float().norm() <= 2e-2 * theirs.float().norm()


def test_graphs_stay_right_when_another_session_compiles():
    config = transformers.LlamaConfig(
        vocab_size=512, hidden_size=256, intermediate_size=512, num_hidden_layers=9, num_attention_heads=8,
        num_key_value_heads=2, head_dim=64,
    )  # fmt: skip
    torch.manual_seed(1)
    model = TreeModel(transformers.LlamaForCausalLM(config).to("cuda", torch.bfloat16))

    def start(**options):
        session = Session(model, n_slots=2048, **options)
        session.prefill(list(range(1, 90)))
        session.step({0: [5, 6, 7]})
        session.step({leaf: [1] for leaf in session.branches})
        return session

    plain, graphs = start(graphs=False), start()
    compiled = start(compiled=True)
    torch.cuda.empty_cache()
    for token in range(5):
        for session in (plain, graphs, compiled):
            session.step({leaf: [token] for leaf in session.branches})
        for session in (graphs, compiled):
            assert (session.logits - plain.logits).float().norm() <= 2e-2 * plain.logits.float().norm()


def test_a_compiled_model_is_compiled_once(model):
    lived(model, "tree_waves", compiled=True)
    with torch._dynamo.config.patch(error_on_recompile=True):
        lived(model, "radix", compiled=True)
        lived(model, "tree_waves", compiled=True)


@pytest.mark.parametrize("method", METHODS)
def test_rounds_made_ready_give_what_the_layers_give(model, method):
    paths = [[0], [0, 2], [0, 2], [], [4], [0, 2, 3], [0], [], [0, 1], [0, 2]]

    def rounds(**options):
        session = Session(model, method, n_slots=2048, **options)
        session.prefill(list(range(1, 90)))
        kept = []
        for number, path in enumerate(paths):
            tokens = [3 + number, 4, 5, 6, 7]
            kept.append(session.verify(0, [-1, 0, 0, 2, -1], tokens))
            session.accept(path)
            kept.append(session.logits)
            if number == 6:
                session.check()
        return kept, session

    found, session = rounds()
    for ours, theirs in zip(found, rounds(graphs=False)[0], strict=True):
        assert ours.shape == theirs.shape and ours.isfinite().all()
        assert (ours - theirs).float().norm() <= 2e-2 * theirs.float().norm()
    assert session._memory.foreseen is not None
    session.check()


def test_kv_moves_in_one_launch(model):
    from deft_lab import Pool, ops

    pool = Pool(8, 16, model.geometry, dtype=torch.bfloat16, device="cuda")
    pool.k.normal_(), pool.v.normal_()
    k, v = pool.k.clone(), pool.v.clone()
    from_, to = torch.tensor([[3, -1, 100, 7], [5, -1, 0, 6]], device="cuda")
    ops.move(pool, from_, to)
    k[:, [5, 0, 6]], v[:, [5, 0, 6]] = k[:, [3, 100, 7]], v[:, [3, 100, 7]]
    assert torch.equal(pool.k, k) and torch.equal(pool.v, v)


def test_two_runs_draw_the_same_tokens(model):
    def texts():
        session = Session(model, n_slots=4096)
        session.prefill(list(range(1, 50)))
        result = run(session, FewShot(9, Sampler(temperature=1.0, seed=3)), 60, honour_eos=False)
        return [branch.tokens for branch in result.branches]

    assert texts() == texts()


def test_slots_below_zero_are_not_written(model):
    from deft_lab import Pool, ops

    pool = Pool(8, 16, model.geometry, dtype=torch.bfloat16, device="cuda")
    k, v = torch.randn(2, 5, 2, 64, device="cuda", dtype=torch.bfloat16)
    slots = torch.tensor([3, -1, 100, 7, -1], device="cuda")
    ops.write(k, v, pool, slots, layer=1)
    real = slots >= 0
    assert torch.equal(pool.k[1, slots[real]], k[real]) and torch.equal(pool.v[1, slots[real]], v[real])
    assert int((~pool.k.isnan()).sum()) == 3 * 2 * 64
