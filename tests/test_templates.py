"""DeFT's templates: growth against the rules walked iteration by iteration, formats, and what is refused."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trees import trees

from deft_lab import build_tree
from deft_lab.builders import topologies
from deft_lab.builders.look_alike import TASKS, reasoning_template_like
from deft_lab.builders.medusa import medusa
from deft_lab.builders.reasoning import ReasoningTemplate, TemplateNode
from deft_lab.builders.templates import SpeculativeTemplate, TemplateFile, from_template
from deft_lab.errors import TemplateError


def walk(template: ReasoningTemplate, prompt: int, most: int) -> list[tuple[int, int, int]]:
    """(live leaves, N_tree, sum of N_i) of each decode, by the growth rules, one iteration at a time."""
    nodes = template.nodes
    parent = {c: v for v, n in nodes.items() for c in n.children}
    length, live, out = {0: prompt}, [0], []
    for iteration in range(most + 1):
        if iteration:
            paths = []
            for leaf in live:
                total, node = 0, leaf
                while True:
                    total += length[node]
                    if node == 0:
                        break
                    node = parent[node]
                paths.append(total)
            out.append((len(live), sum(length.values()), sum(paths)))
        for leaf in list(live):
            node = nodes[leaf]
            if node.end != iteration:
                length[leaf] += 1
                continue
            live.remove(leaf)
            # a child of value 0 is pruned at the fork, with all that hangs below it
            born = [c for c in node.children if nodes[c].value > 0]
            live += born
            length |= dict.fromkeys(born, 1)
            top = leaf
            while not any(parent.get(x) == top for x in length):
                del length[top]
                if top == 0:
                    return out
                top = parent[top]
    return out


@st.composite
def templates_drawn(draw: st.DrawFn) -> ReasoningTemplate:
    """A random template, children of value 0 included."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    nodes = {0: TemplateNode(0, 7, -6, 0, ())}
    for _ in range(draw(st.integers(1, 6))):
        above = nodes[int(rng.choice([v for v, n in nodes.items() if not n.children]))]
        children = tuple(range(len(nodes), len(nodes) + int(rng.integers(1, 4))))
        values = rng.integers(0, 6, len(children)).tolist()
        if not any(values):
            values[0] = 1
        nodes[above.id] = TemplateNode(above.id, above.value, above.start, above.end, children)
        for child, value in zip(children, values, strict=True):
            nodes[child] = TemplateNode(child, value, above.end + 1, above.end + value, ())
    return ReasoningTemplate(nodes)


def sums(trace) -> list[tuple[int, int, int]]:
    return [(t.n_queries, t.n_tokens, t.n_path_tokens) for t in trace.trees()]


@given(templates_drawn(), st.integers(1, 30))
def test_growth_follows_the_rules_step_by_step(template, budget):
    assert sums(template.growth(5)) == walk(template, 5, 1000)
    assert sums(template.growth(5, 5 + budget + 1)) == walk(template, 5, 1000)[:budget]


@pytest.mark.parametrize("task", TASKS)
def test_a_look_alike_follows_the_rules_too(task):
    template = reasoning_template_like(task, 5)
    assert sums(template.growth(30, 700)) == walk(template, 30, 669)[:669]
    assert len(template.nodes) == 1 + 10 * TASKS[task].n_expanded


@pytest.mark.parametrize("task", TASKS)
def test_look_alikes_have_the_lengths_of_their_task(task):
    drawn = [
        node.value
        for seed in range(40)
        for node in list(reasoning_template_like(task, seed).nodes.values())[1:]
    ]
    np.testing.assert_allclose(
        np.percentile(drawn, (25, 50, 75, 95)), TASKS[task].percentiles[1:], rtol=0.15, atol=12
    )


@given(trees())
def test_a_plain_tree_comes_back_from_its_template(tree):
    if tree.label[0] != 0 or not np.array_equal(tree.seat, tree.leaves):
        with pytest.raises(TemplateError, match="is no template"):
            ReasoningTemplate.from_tree(tree)
        return
    item = json.loads(json.dumps(ReasoningTemplate.from_tree(tree).to_item()))
    again = ReasoningTemplate.from_item(item).tree()
    for name in ("parent", "length", "label", "seat"):
        assert getattr(again, name).tolist() == getattr(tree, name).tolist()


@pytest.mark.parametrize("name", topologies())
def test_a_token_tree_comes_back_from_its_template(name):
    tree = medusa(name, prompt=50)
    item = json.loads(json.dumps(SpeculativeTemplate.from_tree(tree).to_item()))
    assert SpeculativeTemplate.from_item(item).tree(50) == tree


ITEM = {
    "incompleted": False,
    "prompt": "p",
    "data": {
        "0": {"id": 0, "value": 3, "start": -2, "end": 0, "children": [1, 2]},
        "1": {"id": 1, "value": 2, "start": 1, "end": 2, "children": [3]},
        "2": {"id": 2, "value": 4, "start": 1, "end": 4, "children": []},
        "3": {"id": 3, "value": 1, "start": 3, "end": 3, "children": []},
    },
}


def broken(node: str | None = None, **changes: object) -> dict:
    item = copy.deepcopy(ITEM)
    target = item if node is None else item["data"][node]
    for key, value in changes.items():
        if value is None:
            del target[key]
        else:
            target[key] = value
    return item


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (
            broken(incompleted=True),
            "the run is marked 'incompleted', its tree was cut off; choose another item",
        ),
        (broken(data=None), "an item has the fields incompleted, prompt and data"),
        ([], "an item has the fields"),
        (broken("1", children=[9]), "node 1 has a child 9, which is not in the data"),
        (broken("1", children=[3, 2]), "node 2 has two parents, 0 and 1"),
        (broken("1", children=[0]), r"node 0 has two parents"),
        (broken("1", children=[]), r"nodes \[3\] cannot be reached from the root"),
        (
            broken("3", start=5, end=5),
            "node 3 starts at 5, but its parent 1 ends at 2; a child starts one iteration",
        ),
        (broken("2", value=9), "node 2 has value 9, but lives from 1 to 4; value = end - start . 1"),
        (broken("0", start=-1, end=1), "the root ends at iteration 1; prefill ends at 0"),
        (broken("2", end="4"), "node 2 holds .*; id, value, times and children are integers"),
        (broken("2", value=4.5, end=4.5), "id, value, times and children are integers"),
        (broken("2", end=None), "a node lacks id, value, start, end or children"),
        (broken("2", id=7), "node 2 calls itself 7; the two must agree"),
        (broken(data={}), "no node 0; node 0 is the root"),
    ],
)
def test_a_broken_template_is_refused(item, message):
    with pytest.raises(TemplateError, match=message):
        ReasoningTemplate.from_item(item)


def test_a_template_file_names_itself_in_its_errors(tmp_path):
    path = tmp_path / "runs.json"
    path.write_text(json.dumps([ITEM, broken(incompleted=True)]))
    (tmp_path / "odd.json").write_bytes(b"\xff\xfe[]")
    with pytest.raises(TemplateError, match="odd.json is no UTF-8 text; fetch it again"):
        TemplateFile(tmp_path / "odd.json")
    assert TemplateFile(path).complete == (0,) and len(TemplateFile(path)) == 2
    assert from_template(path).n_queries == 2
    with pytest.raises(TemplateError, match=r"runs.json\[1\]: the run is marked 'incompleted'"):
        from_template(path, tree_idx=1)
    with pytest.raises(TemplateError, match=r"runs.json\[2\]: no such item; runs.json has 0..1"):
        from_template(path, tree_idx=2)
    path.write_text(json.dumps([ITEM])[:50])
    with pytest.raises(TemplateError, match="is not valid JSON at character 4. of 50; it may be cut short"):
        TemplateFile(path)
    path.write_text("3")
    with pytest.raises(TemplateError, match="holds neither a list of reasoning trees nor a speculative tree"):
        TemplateFile(path)
    with pytest.raises(TemplateError, match="cannot read .*fetch-templates"):
        TemplateFile(tmp_path / "absent.json")


def test_a_speculative_template_is_checked():
    item = {"Tree_Structure": [[0], [1]], "Token_Tree_size": 4, "Records": []}
    with pytest.raises(TemplateError, match="Token_Tree_size=4, but 2 paths and the implicit root make 3"):
        SpeculativeTemplate.from_item(item)
    with pytest.raises(TemplateError, match="Records.*is missing"):
        SpeculativeTemplate.from_item({"Tree_Structure": [[0], [1]], "Token_Tree_size": 3})
    with pytest.raises(TemplateError, match="no record 0"):
        SpeculativeTemplate.from_item(item | {"Token_Tree_size": 3}).growth()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, None), "prompt_len=0; a prompt has at least 1 token"),
        ((50, 51), "max_seq_len=51 leaves no decode .* 52"),
    ],
)
def test_a_budget_without_a_decode_is_refused(arguments, message):
    with pytest.raises(TemplateError, match=message):
        reasoning_template_like("set").growth(*arguments)


def test_every_released_template_reads(templates):
    counts = {}
    for name in ("docmergeToT", "keywordToT", "set128ToT", "sorting128ToT"):
        file = TemplateFile(templates / f"{name}.json")
        counts[name] = (len(file.complete), {len(file.reasoning(i).nodes) for i in file.complete})
    assert {name: n for name, (n, _) in counts.items()} == {
        "docmergeToT": 50, "keywordToT": 98, "set128ToT": 100, "sorting128ToT": 77,
    }  # fmt: skip
    assert [sorted(nodes) for _, nodes in counts.values()] == [[31], [61], [91], [101]]


@pytest.mark.parametrize("size", [32, 64, 128, 256])
def test_every_released_token_tree_reads(templates, size):
    file = TemplateFile(templates / f"APPS_tree_size{size}.json")
    assert file[0].tree(100).n_queries == size == file[0].size
    if size == 64:
        assert file[0].tree(1000) == build_tree("medusa", topology="mc_sim_7b_63", prompt=1000)


@pytest.mark.parametrize("name", ["docmergeToT", "sorting128ToT"])
def test_a_released_run_follows_the_rules_step_by_step(templates, name):
    file = TemplateFile(templates / f"{name}.json")
    template = file.reasoning(file.complete[2])
    assert sums(template.growth(100, 600)) == walk(template, 100, 499)[:499]
