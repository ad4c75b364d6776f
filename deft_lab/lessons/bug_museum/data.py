"""Exhibits: files that do not hold what they say."""

from ...errors import DeftLabError
from .exhibit import Exhibit

FILES = "the released speculative traces of DeFT (dataset/generation/Speculative_Decoding)"


def refuses(read, record):
    """Whether `read` refuses a record with a ValueError."""
    try:
        read(record)
    except ValueError:
        return True
    return False


# --- mislabelled_tree


def trusts_the_label(record):
    return record["Token_Tree_size"], record["Tree_Structure"]


def counts_the_paths(record):
    size, paths = record["Token_Tree_size"], record["Tree_Structure"]
    if len(paths) + 1 != size:
        raise ValueError(
            f"a tree of {size} tokens, root included, has {size - 1} paths; here are {len(paths)}"
        )
    return size, paths


def counts_the_nodes(record):
    nodes = {()} | {tuple(path) for path in record["Tree_Structure"]}
    if len(nodes) != record["Token_Tree_size"]:
        raise DeftLabError(f"{len(nodes)} nodes under the label {record['Token_Tree_size']}")
    return len(nodes), record["Tree_Structure"]


def test_mislabelled_tree(read):
    paths = [[0], [1], [0, 0]]
    assert read({"Token_Tree_size": 4, "Tree_Structure": paths})[0] == 4
    try:
        read({"Token_Tree_size": 10, "Tree_Structure": paths})
    except ValueError:
        return
    raise AssertionError("10 tokens are promised, and 4 are there")


def a_good_file_is_read(read):
    assert read({"Token_Tree_size": 3, "Tree_Structure": [[0], [1]]})[0] == 3


def forgets_the_root(read):
    assert refuses(read, {"Token_Tree_size": 4, "Tree_Structure": [[0], [1], [0, 0]]})


def refuses_everything(read):
    assert refuses(read, {"Token_Tree_size": 3, "Tree_Structure": [[0], [1]]})


MISLABELLED_TREE = Exhibit(
    key="mislabelled_tree",
    title="a tree of 32 tokens under the label 10",
    found=f"{FILES}: `APPS_tree_size10.json` lists 31 paths, and so a tree of 32.",
    did="""
        Whoever plots time or acceptance against the size of the tree puts a point at 10 that belongs to 32.
        The label and the tree stand in the same file, and nobody compared them.
    """,
    gets="""
        Your test gets `read(record)`, which gives back size and paths of a record, a dict with
        `Token_Tree_size` and `Tree_Structure`, a list of paths below a root that is not listed. A record that
        contradicts itself must raise a `ValueError`.
    """,
    defect=trusts_the_label,
    right=counts_the_paths,
    also_right=(counts_the_nodes,),
    test=test_mislabelled_tree,
    wrong_tests={
        "good files only": a_good_file_is_read,
        "forgets that the root is not listed": forgets_the_root,
        "asks to refuse a good file": refuses_everything,
    },
)

# --- impossible_acceptance


def takes_the_list_as_it_is(record):
    return record["Accept_length"]


def within_the_depth(record):
    most = max(len(path) for path in record["Tree_Structure"]) + 1  # every level, and the token on top
    if max(record["Accept_length"]) > most:
        raise ValueError(f"a step of {max(record['Accept_length'])} tokens; this tree gives {most} at most")
    return record["Accept_length"]


def step_by_step(record):
    depth = 0
    for path in record["Tree_Structure"]:
        depth = max(depth, len(path))
    for step, n in enumerate(record["Accept_length"]):
        if n > depth + 1:
            raise DeftLabError(f"step {step}: {n} tokens of a tree of depth {depth}")
    return record["Accept_length"]


def test_impossible_acceptance(read):
    paths = [[0], [1], [0, 0], [1, 0]]
    assert read({"Tree_Structure": paths, "Accept_length": [1, 3]}) == [1, 3]
    try:
        read({"Tree_Structure": paths, "Accept_length": [1, 3, 5]})
    except ValueError:
        return
    raise AssertionError("5 tokens of a tree of depth 2")


IMPOSSIBLE_ACCEPTANCE = Exhibit(
    key="impossible_acceptance",
    title="five tokens accepted from a tree of depth two",
    found=f"{FILES}: all sizes share one list of acceptance lengths, that of the largest tree.",
    did="""
        A step over a tree of depth two commits three tokens at most: two accepted, and the target's own. The
        lists hold more. So replaying them says how long a step takes, and nothing about how acceptance
        depends on the tree.
    """,
    gets="""
        Your test gets `read(record)`, which gives back `Accept_length`, tokens committed in each step, of a
        record with `Tree_Structure`. What cannot be must raise a `ValueError`.
    """,
    defect=takes_the_list_as_it_is,
    right=within_the_depth,
    also_right=(step_by_step,),
    test=test_impossible_acceptance,
    wrong_tests={
        "good lists only": lambda read: _reads(read, [1, 2]),
        "forgets the target's own token": lambda read: _refused(read, [3]),
        "the mean, not the largest": lambda read: _refused(read, [1, 2, 3]),
    },
)


def _reads(read, lengths):
    assert read({"Tree_Structure": [[0], [0, 0]], "Accept_length": lengths}) == lengths


def _refused(read, lengths):
    assert refuses(read, {"Tree_Structure": [[0], [0, 0]], "Accept_length": lengths})


# --- twenty_copies


def every_record_counts(records):
    return len(records)


def only_different_ones_count(records):
    return len({tuple(record) for record in records})


def compare_with_earlier_ones(records):
    return sum(record not in records[:i] for i, record in enumerate(records))


def test_twenty_copies(n_samples):
    assert n_samples([[3, 1, 4]] * 20) == 1
    assert n_samples([[3, 1, 4], [3, 1, 5]]) == 2


TWENTY_COPIES = Exhibit(
    key="twenty_copies",
    title="one record, twenty times",
    found=f"{FILES}: the 20 records of each file are one and the same.",
    did="""
        A mean over twenty records with a spread of zero looks like a very stable method. It is one
        measurement, and says nothing about others.
    """,
    gets="Your test gets `n_samples(records)`: how many measurements a list of records holds.",
    defect=every_record_counts,
    right=only_different_ones_count,
    also_right=(compare_with_earlier_ones,),
    test=test_twenty_copies,
    wrong_tests={
        "different records only": lambda n_samples: says(n_samples, [[1], [2], [3]], 3),
        "no record": lambda n_samples: says(n_samples, [], 0),
        "equal lengths taken for equal": lambda n_samples: says(n_samples, [[1, 2], [3, 4]], 1),
    },
)


def says(function, argument, expected):
    assert function(argument) == expected


EXHIBITS = (MISLABELLED_TREE, IMPOSSIBLE_ACCEPTANCE, TWENTY_COPIES)
