"""Exercises of notebook 10: what each baseline shares, Medusa's mask, a tree on which DeFT does not win."""

from ..contract import Exercise
from . import nb10_mutants as mutants
from .nb10_judges import (
    LEAST_SHARING,
    MARGIN,
    choice_cases,
    judge_ledger,
    judge_loss,
    judge_mask,
    seen_cases,
)

# --- solutions: the learner is shown the source of what the tests run


def ledger(tree):
    unique, total = tree.n_tokens, tree.n_path_tokens
    return {
        "flash_decoding": (total, total, total),
        "radix": (unique, total, total),
        "tree_mask": (unique, unique, tree.n_queries * unique),
        "deft_node": (unique, unique, total),
    }


def medusa_mask(choices):
    paths = [[], *sorted(choices, key=lambda path: (len(path), path))]
    return [[int(row[: len(column)] == column) for column in paths] for row in paths]


def my_tree():
    prompt, branch = 100, 20
    return [prompt, branch, branch]


# --- the exercises

EXERCISES = (
    Exercise(
        key="10.1",
        title="what does each one share?",
        difficulty=2,
        importance=5,
        minutes=10,
        task="""
            Write `ledger(tree)`, which returns a dict with the keys `"flash_decoding"`, `"radix"`,
            `"tree_mask"` and `"deft_node"`. Each value is a triple (stored, read, computed): KV tokens in
            memory, KV tokens read in one step, and pairs of query and token whose score is computed. You have
            `tree.n_tokens` (every token once), `tree.n_path_tokens` (for each query, all tokens that it sees,
            added up) and `tree.n_queries`.
        """,
        skeleton="def ledger(tree):\n    # return {method: (stored, read, computed), ...}\n    ...",
        hints=(
            "Three questions for each method: are there copies, who reads shared tokens, who is masked away?",
            """
            Flash-Decoding knows sequences alone: everything once per query. Radix has one copy, but a query
            still walks its path by itself. The dense mask computes every query with every token.
            """,
            """
            With `unique = tree.n_tokens` and `total = tree.n_path_tokens`: Flash-Decoding is
            `(total, total, total)`, Radix `(unique, total, total)`, DeFT-Node `(unique, unique, total)`. The
            mask computes `tree.n_queries * unique`.
            """,
        ),
        solution=ledger,
        why="""
            **Why it is right.** Storage, reads and computation are shared independently. Radix shares the
            first, DeFT the first two, and the dense mask too, but it pays for that with pairs that nobody
            sees. No method can share the third: a query and a token that it sees need a score of their own.
        """,
        judge=judge_ledger,
        cases=seen_cases,
        mutants=mutants.LEDGER,
    ),
    Exercise(
        key="10.2",
        title="Medusa's mask",
        difficulty=2,
        importance=3,
        minutes=10,
        task="""
            Write `medusa_mask(choices)`. `choices` is a list of rank paths in any order, such as
            `[[0], [1], [0, 0]]`: every guess is the path of ranks from the end of the text down to it. Return
            the mask as rows of 0 and 1, of size n + 1 for n guesses: row and column 0 are the end of the
            text, then come the guesses, shorter paths first and equally long ones in the order of their
            ranks. A 1 says that the row's query sees the column's token. A guess sees itself, the guesses
            above it on its path, and the end of the text; the end of the text sees itself alone.
        """,
        skeleton="def medusa_mask(choices):\n    # return rows of 0 and 1\n    ...",
        hints=(
            "Who lies above the guess `[0, 2, 1]`? Its path tells you, without looking at any other.",
            """
            A column's guess lies above a row's guess if its path is the beginning of the row's path. The end
            of the text has the empty path, which begins every other.
            """,
            """
            Sort with `key=lambda path: (len(path), path)` and put `[]` in front. Then the entry is
            `int(row[: len(column)] == column)`.
            """,
        ),
        solution=medusa_mask,
        why="""
            **Why it is right.** A rank path lists the turns from the end of the text downwards, so the
            ancestors of a guess are exactly the beginnings of its path, the empty one and the whole one
            included. Nothing else is visible: not the siblings, which say something else in the same place,
            and not what comes earlier in the list. In the library: `medusa_buffers(shape).attention_mask`.
        """,
        judge=judge_mask,
        cases=choice_cases,
        mutants=mutants.MEDUSA_MASK,
        tried="list of choices",
    ),
    Exercise(
        key="10.3",
        title="where DeFT does not win",
        difficulty=3,
        importance=4,
        minutes=12,
        task=f"""
            Find a tree of at least two queries and a sharing ratio of at least {LEAST_SHARING} (so that DeFT
            reads clearly fewer bytes) on which Radix attention is nevertheless predicted to be faster: on an
            H200, for a layer of Llama-3-8B, it takes at least {MARGIN:.0%} less time than the fastest of
            `deft_node`, `deft_node_chunk` and `deft_flatten` (`microseconds` above has these times). Write it
            as a nested list, `[length, child, child, ...]`.
        """,
        skeleton="my_tree = ...  # a nested list",
        hints=(
            """
            What does DeFT pay for reading less? Look at the launches in the timelines: which one does Radix
            not have?
            """,
            """
            The reduction costs its few microseconds whatever the tree. The time to read grows with the
            tokens. So where must you look?
            """,
            "A prompt of some 100 tokens with two short branches; `microseconds` of this notebook tells.",
        ),
        solution=my_tree,
        why="""
            **Why it is right.** The tree shares: its bytes are nearly halved. But 140 tokens are read in next
            to no time, and what is left is the start of programs and launches. DeFT's partials need a second
            launch, the reduction; Radix finishes in one. Bytes decide only where bytes are what takes the
            time, and a short prompt is not such a place.
        """,
        judge=judge_loss,
        mutants=mutants.MY_TREE,
    ),
)
