"""The tests are tested: each deliberate break of the library must make some test fail.

A mutant is one line changed in a copy of the package. Run with `make test-long`.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import deft_lab

PACKAGE = Path(deft_lab.__file__).parent
TESTS = Path(__file__).parent

# what is broken -> (file, old, new, test files that must notice)
MUTANTS = {
    "a rescale factor the wrong way round": (
        "widgets/players/softmax.py",
        "decay = np.exp(m - shift)",
        "decay = np.exp(shift - m)",
        "test_players.py",
    ),
    "a variable of another program that lives on": (
        "kernel_run/core.py",
        "stack.append({})",
        "stack.append(dict(scopes[-1]) if scopes else {})",
        "test_kernel_run.py",
    ),
    "a subtree ends at its first sibling's parent": (
        "tree/_shape.py",
        "return frozen(next_sibling[climb])",
        "return frozen(np.maximum(next_sibling[climb] - 1, 1))",
        "test_tree.py",
    ),
    "a preorder check that looks at depth alone": (
        "tree/_shape.py",
        "wrong[1:] |= by_level[place] != parent[1:]",
        "pass",
        "test_tree.py",
    ),
    "seats lose the caller's order": (
        "tree/core.py",
        'order = np.argsort(seat_, kind="stable")',
        "seat_ = np.sort(seat_); order = np.arange(len(seat_))",
        "test_tree.py test_edits.py",
    ),
    "a merge that ignores a query in between": (
        "tree/edits.py",
        "if i in tree.seat:",
        "if False:",
        "test_edits.py",
    ),
    "a label used twice": ("tree/edits.py", "self.next_label += 1", "pass", "test_edits.py"),
    "a run of appends that ends a step late": (
        "trace/lives.py",
        "np.clip(step + n_steps - first, 0, count)",
        "np.clip(step + n_steps - first + 1, 0, count)",
        "test_trace.py",
    ),
    "queries counted one node too far": (
        "trace/lives.py",
        "stop = np.searchsorted(nodes, self.union.subtree_stop[nodes])",
        "stop = np.searchsorted(nodes, self.union.subtree_stop[nodes], 'right')",
        "test_trace.py",
    ),
    "a node that grows a token too long": (
        "builders/reasoning.py",
        "run = nodes[child].value - 1",
        "run = nodes[child].value",
        "test_templates.py",
    ),
    "a prune that leaves dead ancestors": (
        "builders/reasoning.py",
        "            top = above\n",
        "            break\n",
        "test_templates.py",
    ),
    "a piece that is one token short": (
        "methods/_cut.py",
        "start = np.maximum(number * chunk_len - offset[row], 0)",
        "start = np.maximum(number * chunk_len - offset[row] + (number > first[row]), 0)",
        "test_methods.py",
    ),
    "flatten forgets the queries of its later nodes": (
        "methods/deft_flatten.py",
        "np.maximum.reduceat(tree.q_stop[of_chunk], group_start[:-1])",
        "tree.q_stop[of_chunk[group_start[:-1]]]",
        "test_methods.py",
    ),
    "a check that does not see overlaps": (
        "plan.py",
        "(start != expected)",
        "(start > expected)",
        "test_plan.py",
    ),
    "tiles of queries rounded down": (
        "plan.py",
        "return -(-self.q_len // self.query_tile)",
        "return self.q_len // self.query_tile + 1",
        "test_cost.py test_plan.py",
    ),
    "partials that are written but not read": (
        "cost/requested.py",
        '"lse": 0 if call.direct else 2 * FLOAT',
        '"lse": 0 if call.direct else FLOAT',
        "test_cost.py",
    ),
    "GQA credited twice": (
        "cost/requested.py",
        "return self.geometry.n_q_heads // self.heads",
        "return self.geometry.n_kv_heads",
        "test_cost.py",
    ),
    "weights that are not rescaled": (
        "attention/grouped.py",
        "np.exp(lse[mine] - lse[mine].max(axis=0))",
        "np.ones_like(lse[mine])",
        "test_attention.py",
    ),
    "a row that sees nothing, without its guard": (
        "ops/torch_backend.py",
        'top.masked_fill(top == float("-inf"), 0)',
        "top",
        "test_ops.py",
    ),
    "a mask that is open upwards": (
        "ops/torch_backend.py",
        "sees &= query[:, :, None] < table.sees_stop[entry][:, None, :]",
        "pass",
        "test_ops.py",
    ),
    "query heads dealt to the wrong KV heads": (
        "ops/torch_backend.py",
        ".float().view(len(q), n_kv_heads, q_per_kv, dim)",
        ".float().view(len(q), q_per_kv, n_kv_heads, dim).transpose(1, 2)",
        "test_ops.py",
    ),
    "outputs in preorder": (
        "ops/torch_backend.py",
        "result[table.q_row] = mixed",
        "result[:] = mixed",
        "test_ops.py",
    ),
    "partials that are not rescaled to the maximum": (
        "ops/torch_backend.py",
        "weights = (lse - top.repeat_interleave(length, dim=0)).exp()",
        "weights = lse.exp()",
        "test_ops.py",
    ),
    "partials with another logarithm": ("ops/torch_backend.py", "total.log()", "total.log2()", "test_ops.py"),
    "tiles that repeat their first queries": (
        "ops/torch_backend.py",
        "plan.q_first[group] + first",
        "plan.q_first[group]",
        "test_ops.py",
    ),
    "a pool that ignores its seed": ("kv.py", "if seed is None else", "if True else", "test_kv.py"),
    "a shorter run that hides a longer one": (
        "trace/lives.py",
        "max(self.last_gain.get(event.node, 0), last)",
        "last",
        "test_trace.py",
    ),
    "an inner node that loses its last query": (
        "trace/lives.py",
        "if not self._has_children(node) and not self._has_query(node):",
        "if False:",
        "test_trace.py",
    ),
    "a slot within the wrong page": (
        "_slots.py",
        "slots = slots * size + within % size",
        "slots = slots * size + within % (size - 1)",
        "test_kv.py",
    ),
    "a pool that takes before it counts": (
        "kv.py",
        "if pages.sum() > self.n_free + freed:",
        "if pages.max(initial=0) > self.n_free + freed:",
        "test_kv.py",
    ),
    "a node that is taken to lie in a row for its ends": (
        "_slots.py",
        "breaks = slots != before + 1",
        "breaks = slots < before",
        "test_kv.py",
    ),
    "nodes of another tree": (
        "_slots.py",
        "if label is not tree.label or changes != self._changes:",
        "if changes != self._changes:",
        "test_kv.py",
    ),
    "words that begin a tile too late": (
        "ops/tables.py",
        "read_from = kv_first + n_open // KV_TILE * KV_TILE",
        "read_from = kv_first + -(-n_open // KV_TILE) * KV_TILE",
        "test_lower.py",
    ),
    "words of a later step that stay behind": (
        "ops/bucket.py",
        """begin = self.at["word"].start + first_word""",
        """begin = self.at["word"].start + ALIGN + first_word""",
        "test_lower.py",
    ),
    "trees that are empty elsewhere share what is seen": (
        "tree/_shape.py",
        "(length == 0).tobytes()",
        'b"some"',
        "test_tree.py",
    ),
    "a tile of waves that forgets the first token that it sees": (
        "methods/_wave_tiles.py",
        "np.where(sees, node, len(runs.lo))",
        "np.where(sees, node + 1, len(runs.lo))",
        "test_methods.py",
    ),
    "a kernel that does not rescale its sum": (
        "../kernels/attend.py",
        "total = total * decay + tl.sum(p, 1)",
        "total = total + tl.sum(p, 1)",
        "test_kernels.py",
    ),
    "a kernel whose log-sum-exp is in base 2": (
        "../kernels/attend.py",
        "(m + tl.log2(some)) * LN_2",
        "(m + tl.log2(some))",
        "test_kernels.py",
    ),
    "a kernel that takes the wrong KV head": (
        "../kernels/deft_node.py",
        "kv_head = head * HEADS // (N_Q_HEADS // N_KV_HEADS)",
        "kv_head = head % N_KV_HEADS",
        "test_kernels.py",
    ),
    "a mask word that is shifted by one": (
        "../kernels/deft_flatten.py",
        "word[None, :] >> member[:, None].to(tl.int64)",
        "word[None, :] >> (member[:, None] + 1).to(tl.int64)",
        "test_kernels.py",
    ),
    "partials in the order of groups, not of queries": (
        "ops/tables.py",
        "place[partial] = np.arange(len(partial))",
        "place = np.arange(len(partial))",
        "test_kernels.py",
    ),
    "one open token too many": (
        "cost/requested.py",
        "plan.chunk_entry[chunk] - plan.kv_start[:-1]",
        "plan.chunk_entry[chunk] + 1 - plan.kv_start[:-1]",
        "test_cost.py",
    ),
    "a token table that keeps the slots of a dead node": (
        "ops/node_table.py",
        "held = row.held if row.born == born else 0",
        "held = row.held",
        "test_ops.py",
    ),
    "a token rotated one place too far": (
        "decode/forwards.py",
        "positions[tree.query_order] = tree.n_path_tokens_of_query - 1",
        "positions[tree.query_order] = tree.n_path_tokens_of_query",
        "test_decode.py",
    ),
    "a token rotated in preorder's place": (
        "decode/forwards.py",
        "positions[tree.query_order] = tree.n_path_tokens_of_query - 1",
        "positions[:] = tree.n_path_tokens_of_query - 1",
        "test_decode.py",
    ),
    "accepted KV that stays behind": (
        "ops/__init__.py",
        "for kv in (pool.k, pool.v):",
        "for kv in (pool.k,):",
        "test_decode.py",
    ),
    "queries that nobody asked for write KV": (
        "decode/fixed_step.py",
        "[[0], [0], [-1]]",
        "[[0], [0], [0]]",
        "test_fixed_step.py",
    ),
    "a step made ready that is never undone": (
        "decode/memory.py",
        "self.pool.undo(self.prepared.mark)",
        "pass",
        "test_fixed_step.py",
    ),
    "a verification made ready for another number of accepted tokens": (
        "decode/foreseen.py",
        "foreseen.laid_out[length + n] =",
        "foreseen.laid_out[length] =",
        "test_foreseen.py",
    ),
    "accepted KV that never arrives": (
        "decode/memory.py",
        "ops.move(self.pool, from_, to)",
        "pass",
        "test_foreseen.py",
    ),
    "slots undone that others still hold": (
        "_slots.py",
        "self._born[mark.rows] = self._takes",
        "self._takes",
        "test_fixed_step.py",
    ),
    "paths spelled out from the wrong token": (
        "ops/bucket.py",
        "np.concatenate((pieces.first - before,",
        "np.concatenate((pieces.first,",
        "test_lower.py",
    ),
    "a paused branch that loses its logits": (
        "decode/branches.py",
        "logits = torch.cat((logits, self.logits[[self.rows[leaf] for leaf in waiting]]))",
        "logits = torch.cat((logits, self.logits[: len(waiting)]))",
        "test_decode.py",
    ),
    "pages of the pruned that are not freed": (
        "kv.py",
        "self.give_back(gone)",
        "pass",
        "test_decode.py",
    ),
    "a beam that ends among the worse half": (
        "decode/tasks/beam_search.py",
        "for (leaf, token, value), end in list(zip(rows, ends, strict=True))[: self.width]:",
        "for (leaf, token, value), end in zip(rows, ends, strict=True):",
        "test_tasks.py",
    ),
    "top-p that leaves the last token out": (
        "decode/sampling.py",
        "hidden = (before >= self.top_p).scatter(-1, order, before >= self.top_p)",
        "hidden = (before >= self.top_p).scatter(-1, order, ordered.softmax(-1).cumsum(-1) >= self.top_p)",
        "test_tasks.py",
    ),
    "a recording that waits to be written": (
        "decode/record.py",
        "self._file.flush()",
        "pass",
        "test_recording.py",
    ),
    "partials counted once": (
        "cost/requested.py",
        "else 2 * width * partial_rows",
        "else width * partial_rows",
        "test_counted.py",
    ),
    "Sequoia's q that keeps what was turned down": (
        "verifying/sequoia.py",
        "q = next_draw(q, tried)",
        "pass",
        "test_verifying.py",
    ),
    "Sequoia's q that runs dry": (
        "verifying/sequoia.py",
        "if q.sum() == 0 and len(set(tried)) < len(q):",
        "if False:",
        "test_verifying.py",
    ),
    "SpecInfer's residual of another draft": (
        "verifying/specinfer.py",
        "law = residual(law, mine)",
        "law = residual(law, q[0] if q.ndim == 2 else q)",
        "test_verifying.py",
    ),
    "traversal whose weight forgets what was turned down": (
        "verifying/traversal.py",
        "return total / (total + 1 - weight), rest / total",
        "return total, rest / total",
        "test_verifying.py",
    ),
    "traversal that weighs a child without its path": (
        "verifying/traversal.py",
        "ratio(weight[node] * p[1 + node, token], q[node][token])",
        "ratio(p[1 + node, token], q[node][token])",
        "test_verifying.py",
    ),
    "a residual that gives what the draft had": (
        "verifying/base.py",
        "rest = np.maximum(p - q, 0.0)",
        "rest = np.maximum(q - p, 0.0)",
        "test_acceptance.py",
    ),
    "dealt runs that are counted twice": (
        "verifying/deal.py",
        "self.n = int(dealt[first])",
        "pass",
        "test_lab.py",
    ),
}


def run_on_copy(tests: str, copy: Path) -> subprocess.CompletedProcess[str]:
    """Run test files against the package in `copy`."""
    environment = os.environ | {"PYTHONPATH": str(copy)}
    files = [str(TESTS / name) for name in tests.split()]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *files]
    return subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)


@pytest.fixture
def copy(tmp_path) -> Path:
    """A copy of the package, the kernels and the data."""
    shutil.copytree(PACKAGE, tmp_path / "deft_lab", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in ("data", "kernels"):
        shutil.copytree(PACKAGE.parent / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.parametrize(("file", "old"), [mutant[:2] for mutant in MUTANTS.values()], ids=MUTANTS)
def test_a_mutant_fits_its_file_once(file, old):
    assert (PACKAGE / file).read_text().count(old) == 1


@pytest.mark.long
def test_an_unbroken_copy_passes(copy):
    done = run_on_copy(
        " ".join(sorted({name for *_, tests in MUTANTS.values() for name in tests.split()})), copy
    )
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.long
@pytest.mark.parametrize(("file", "old", "new", "tests"), MUTANTS.values(), ids=MUTANTS)
def test_a_mutant_is_noticed(file, old, new, tests, copy):
    broken = copy / "deft_lab" / file
    source = broken.read_text()
    assert source.count(old) == 1, f"the mutant no longer fits {file}; mend it here"
    broken.write_text(source.replace(old, new))
    done = run_on_copy(tests, copy)
    # 1: a test fails; 2: the tests' own trees cannot even be made
    assert done.returncode in (1, 2), f"survived (exit code {done.returncode}):\n{done.stdout[-2000:]}"
