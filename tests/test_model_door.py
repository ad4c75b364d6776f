"""Models come through the door, or the refusal says which of many reasons it was and what to do."""

import json
from copy import deepcopy
from importlib import import_module
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
httpx = pytest.importorskip("httpx")

from decoding import EOS, make_session, tiny_model, worst_difference  # noqa: E402
from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError  # noqa: E402
from transformers import LlamaConfig, LlamaForCausalLM  # noqa: E402

from deft_lab.decode import preflight as door  # noqa: E402
from deft_lab.decode.hf import BUNDLED, TreeModel, load_model  # noqa: E402
from deft_lab.decode.layers import check_heads  # noqa: E402
from deft_lab.decode.run import run  # noqa: E402
from deft_lab.decode.session import Session  # noqa: E402
from deft_lab.decode.tasks import FewShot  # noqa: E402
from deft_lab.errors import AttentionError, DecodeError, ModelError  # noqa: E402

HUB = "someone/some-model"


@pytest.fixture
def folder(tmp_path):
    """A saved model without a tokenizer."""
    tiny_model().twin.save_pretrained(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_models_decode_words(name):
    model = load_model(name, device="cpu")
    session = Session(model, n_slots=1024)
    session.prefill(model.encode("sort 7 2 9 4 1 8 3 6 by 4\n"))
    result = run(session, FewShot(1), 60)
    assert model.decode(session.tokens[0]).startswith("sort 7 2 9 4")
    assert all(isinstance(branch.text, str) for branch in result.branches)
    if name == "target":
        assert result.branches[0].text.strip().endswith("done 1 2 3 4 6 7 8 9")
    pieces = "".join(model.piece(token) for token in session.path_tokens(0)[1:])
    assert model.decode(session.path_tokens(0)) == pieces.replace("<eos>", "")


def test_a_folder_loads_in_the_dtype_that_is_asked_for(folder):
    assert load_model(folder, device="cpu").dtype == torch.float32
    model = load_model(folder, device="cpu", dtype="bfloat16")
    assert model.dtype == torch.bfloat16 and model.eos == {EOS} and model.tokenizer is None
    with pytest.raises(ModelError, match="has no tokenizer; pass token ids"):
        model.encode("text")
    with pytest.raises(ModelError, match="dtype='int8'; choose one of float32"):
        load_model(folder, dtype="int8")


def stranger(kind, **fields):
    """A tiny random model of another architecture, and its twin with its own attention."""
    import transformers

    made = getattr(transformers, kind)
    config = made.config_class(**{**SMALL, "sliding_window": None, **fields})
    torch.manual_seed(1)
    model = TreeModel(made(config), name=kind)
    model.twin = made(deepcopy(config)).eval()
    model.twin.set_attn_implementation("sdpa")
    model.twin.load_state_dict(model.model.state_dict())
    return model


SMALL = {
    "vocab_size": 40, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "head_dim": 8,
    "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
}  # fmt: skip


@pytest.mark.parametrize(
    "kind", ["MistralForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM", "GemmaForCausalLM"]
)
def test_other_models_with_the_attention_interface(kind):
    """What costs nothing: models whose layers take their attention by name."""
    model = stranger(kind)
    assert model.reach is None
    session = make_session(model)
    session.step({0: [3, 4, 5]})
    session.step({leaf: [6] for leaf in session.branches})
    assert worst_difference(session) < 1e-4


ROPES = {
    "LlamaForCausalLM": {"rope_parameters": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0}},
    "Phi3ForCausalLM": {
        "rope_parameters": {
            "rope_type": "longrope", "short_factor": [1.0] * 4, "long_factor": [4.0] * 4,
            "rope_theta": 10000.0, "partial_rotary_factor": 1.0,
        },
        "original_max_position_embeddings": 16, "max_position_embeddings": 64, "pad_token_id": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", ROPES)
def test_rotary_angles_that_follow_the_longest_text_end_the_reach(kind):
    """Beyond, a short branch would be decoded with the angles of a long one."""
    model = stranger(kind, **{"max_position_embeddings": 16, **ROPES[kind]})
    assert model.reach == 16
    session = make_session(model, prompt=range(3, 12))
    session.step({0: [3, 4, 5]})
    first = session.branches[0]
    session.extend(first, [6, 7, 8, 9, 10, 11])
    assert worst_difference(session) < 1e-4
    with pytest.raises(DecodeError, match="a path would have 17 tokens; .* exactly up to 16"):
        session.step({leaf: [6] for leaf in session.branches})


def test_a_sliding_window_is_exact_up_to_its_end_and_refused_beyond():
    model = stranger("MistralForCausalLM", sliding_window=16)
    assert model.reach == 16
    session = make_session(model, prompt=range(3, 17))
    session.step({0: [3, 4, 5]})
    session.step({leaf: [6] for leaf in session.branches})
    assert worst_difference(session) < 1e-4
    leaf, free = session.branches[0], session.pool.n_free
    for verb in (
        lambda: session.step({leaf: [7]}),
        lambda: session.extend(leaf, [7]),
        lambda: session.verify(leaf, [-1], [7]),
    ):
        with pytest.raises(DecodeError, match="a path would have 17 tokens; .* exactly up to 16"):
            verb()
        assert session.n_steps == 2 and session.pool.n_free == free
    session.check()
    with pytest.raises(DecodeError, match="a path would have 17 tokens"):
        make_session(model, prompt=range(3, 20))
    assert stranger("Qwen2ForCausalLM", sliding_window=16, use_sliding_window=False).reach is None


def test_learned_positions_end_where_their_table_does():
    model = stranger("GPT2LMHeadModel", num_key_value_heads=None, max_position_embeddings=8)
    session = make_session(model)
    session.step({0: [3, 4]})
    assert model.reach == 8 and worst_difference(session) < 1e-4
    with pytest.raises(DecodeError, match="up to 8"):
        session.extend(session.branches[0], [3, 4, 5, 6, 7])


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("Gemma2ForCausalLM", {}, r"caps its scores \(attn_logit_softcapping=50.0\)"),
        ("GptOssForCausalLM", {"num_local_experts": 2, "rope_parameters": None}, "has attention sinks"),
        ("BertLMHeadModel", {}, "looks ahead"),
        ("StableLmForCausalLM", {}, "does not take its attention from transformers' AttentionInterface"),
        ("MambaForCausalLM", {}, "has layers of another kind|does not take its attention"),
    ],
)
def test_models_whose_attention_is_another_are_refused_in_words(kind, fields, words):
    with pytest.raises(ModelError, match=f"{kind} cannot carry a tree: it ({words}).*; take a Llama"):
        stranger(kind, **fields)


def test_attention_that_asks_for_more_or_has_other_heads_is_refused():
    module, geometry = torch.nn.Linear(1, 1), tiny_model().geometry
    fits = torch.zeros(1, geometry.n_kv_heads, 3, geometry.head_dim)
    check_heads(module, fits, fits, geometry, {"sliding_window": None, "softcap": None})
    with pytest.raises(AttentionError, match="Linear asks for softcap, which tree attention does not give"):
        check_heads(module, fits, fits, geometry, {"softcap": 30.0})
    with pytest.raises(AttentionError, match="keys and values of 2 heads of 16 and 2 heads of 8, .* 2 of 16"):
        check_heads(module, fits, fits[..., :8], geometry, {})


class TestFolders:
    def refuses(self, words, folder):
        with pytest.raises(ModelError, match=words):
            load_model(folder, device="cpu")

    def test_what_is_no_model(self, folder, tmp_path):
        self.refuses("no folder '/nowhere/at/all'", "/nowhere/at/all")
        self.refuses("no folder 'target2'", "target2")
        (folder / "model.safetensors").unlink()
        self.refuses(r"holds no weights \(.safetensors or .bin\)", folder)
        (folder / "config.json").write_text("{ broken")
        self.refuses("config.json is not valid JSON", folder)
        (folder / "config.json").unlink()
        self.refuses("holds no config.json", folder)

    def test_what_transformers_cannot_read(self, folder):
        (folder / "tokenizer.json").write_text("{}")
        self.refuses("transformers cannot read the files of .*; fetch them again", folder)
        (folder / "model.safetensors").write_bytes(b"cut off")
        self.refuses("transformers cannot read the files of .*SafetensorError", folder)
        (folder / "config.json").write_text('{"model_type": "t5"}')
        self.refuses("transformers cannot read .*: Unrecognized configuration class", folder)

    def test_what_does_not_fit(self, folder, monkeypatch):
        monkeypatch.setattr(door, "free_memory", lambda device: 1000)
        self.refuses("needs about .* GB of memory on cpu, 0.0 GB are free", folder)


class TestHub:
    """No network is asked: the hub's answers are played back."""

    @pytest.fixture(autouse=True)
    def hub(self, monkeypatch):
        import huggingface_hub

        monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
        self.answer, self.token = None, None

        class Api:
            def model_info(api, name, **_):
                if isinstance(self.answer, Exception):
                    raise self.answer
                return self.answer

            def auth_check(api, name):
                pass

        monkeypatch.setattr(huggingface_hub, "HfApi", Api)
        monkeypatch.setattr(huggingface_hub, "get_token", lambda: self.token)
        monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: None)
        self.monkeypatch = monkeypatch

    def error(self, kind, status):
        request = httpx.Request("GET", "https://huggingface.co")
        return kind("said no", response=httpx.Response(status, request=request))

    def refuses(self, words):
        with pytest.raises(ModelError, match=words):
            door.preflight(HUB, 2, torch.device("cpu"), "main")

    def test_no_token(self):
        self.answer = self.error(GatedRepoError, 401)
        self.refuses("is gated, and this machine has no token; .* `hf auth login`")

    def test_no_licence(self):
        self.answer, self.token = self.error(GatedRepoError, 403), "hf_x"
        self.refuses("your token's owner has not accepted its licence")

    def test_no_such_model_or_revision(self):
        self.answer, self.token = self.error(RepositoryNotFoundError, 404), "hf_x"
        self.refuses(f"the hub has no model '{HUB}'$")
        self.token = None
        self.refuses("or it is private and this machine has no token")
        self.answer = self.error(RevisionNotFoundError, 404)
        self.refuses("has no revision 'main'")

    def test_offline(self):
        self.answer = ConnectionError("no route")
        self.refuses(r"the hub cannot be reached \(ConnectionError\)")
        client = next(name for name in ("httpx2", "httpx", "requests") if find_spec(name))
        errors = import_module(client)
        kind = errors.ConnectionError if client == "requests" else errors.ConnectError
        self.answer = kind("no route")
        self.refuses("the hub cannot be reached")
        self.answer = ZeroDivisionError("a defect of ours")
        with pytest.raises(ZeroDivisionError):
            door.preflight(HUB, 2, torch.device("cpu"))
        self.monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        self.refuses("is not in the cache, and HF_HUB_OFFLINE is set")

    def test_too_little_memory_or_disk(self):
        weights = SimpleNamespace(rfilename="model.safetensors", size=10**9)
        self.answer = SimpleNamespace(siblings=[weights], safetensors=SimpleNamespace(total=8 * 10**9))
        self.monkeypatch.setattr(door, "free_memory", lambda device: 10**9)
        self.refuses("needs about 18.4 GB of memory on cpu, 1.0 GB are free")
        weights.size = 10**17
        self.refuses("needs 100000000.0 GB on the disk")

    def test_what_is_in_the_cache_is_not_asked_for(self):
        import huggingface_hub

        self.answer = ConnectionError("no route")
        self.monkeypatch.setattr(huggingface_hub, "try_to_load_from_cache", lambda *_, **__: "/somewhere")
        door.preflight(HUB, 2, torch.device("cpu"))


def test_free_memory_of_this_machine():
    assert 10**6 < door.free_memory(torch.device("cpu")) < 2**63


def test_geometry_is_read_off_the_model():
    config = LlamaConfig(hidden_size=64, num_attention_heads=8, num_key_value_heads=2, num_hidden_layers=3)
    assert json.loads(config.to_json_string())["num_key_value_heads"] == 2
    geometry = tiny_model("mqa").geometry
    assert (geometry.n_q_heads, geometry.n_kv_heads, geometry.head_dim, geometry.n_layers) == (4, 1, 24, 2)
    assert geometry.dtype_bytes == 4 and isinstance(tiny_model().model, LlamaForCausalLM)
