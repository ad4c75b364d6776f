"""Judges of notebook 02: are these arrays, groups, words or verdicts right?

They read what is handed in as a table of (query, token) pairs, and count in it. The solutions build groups.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tree import Tree
from ..answers import shown, whole_numbers
from ..contract import Case, Complaint
from ..trees import cases as trees
from .nb01_judges import sees

Counts = NDArray[np.int64]
Pairs = list[tuple[list[int], list[int]]]  # (tokens, queries) of each group
CHUNK = 4  # tokens of a chunk in the cases


def node_of_token(tree: Tree) -> Counts:
    """[token] its node, tokens laid end to end in the order of the nodes."""
    return np.array([node for node, n in enumerate(tree.length.tolist()) for _ in range(n)], dtype=np.int64)


def wanted(tree: Tree) -> Counts:
    """[query, token] 1 where they must meet."""
    return sees(tree)[:, node_of_token(tree)].astype(np.int64)


def small_trees() -> Iterator[Tree]:
    """Trees of at most 600 tokens: enough for every trap, and quick."""
    return (tree for tree in trees(10) if tree.n_tokens <= 600)


# --- the cases


def with_slots(tree: Tree) -> Case:
    slots = np.random.default_rng(tree.n_tokens).permutation(tree.n_tokens) + 7
    words = f"the slots of the tokens are `{shown(slots.tolist()).strip('`')}`"
    return Case((tree, slots), words, tree, with_slots)


def with_chunk(tree: Tree) -> Case:
    return Case((tree, CHUNK), f"`chunk_len={CHUNK}`", tree, with_chunk)


def with_group(tree: Tree) -> Case:
    """A mask word's case: the first 12 tokens in reverse, with all queries, or 64 of them."""
    nodes = node_of_token(tree)[::-1][:12].tolist()
    queries = list(range(tree.n_queries))[-64:]
    words = f"`nodes={nodes}`, queries {queries[0]} to {queries[-1]}"
    return Case((tree, nodes, queries), words, tree, with_group)


def slot_cases() -> list[Case]:
    return [with_slots(tree) for tree in small_trees()]


def chunk_cases() -> list[Case]:
    return [with_chunk(tree) for tree in small_trees()]


def word_cases() -> list[Case]:
    return [with_group(tree) for tree in small_trees()]


def plan_cases() -> list[Case]:
    """Right and broken groups of some trees; the judge knows which."""
    return [case for tree in small_trees() if tree.n_tokens <= 120 for case in _plans(tree)]


def _plans(tree: Tree) -> Iterator[Case]:
    nodes, pairs = node_of_token(tree), sees(tree)
    right = [
        (np.flatnonzero(nodes == node).tolist(), np.flatnonzero(pairs[:, node]).tolist())
        for node in range(tree.n_nodes)
        if tree.length[node] and pairs[:, node].any()
    ]
    yield _plan(tree, right, True, "a right plan")
    halves = [half for t, q in right for half in ((t[: len(t) // 2], q), (t[len(t) // 2 :], q)) if half[0]]
    yield _plan(tree, halves[::-1], True, "a right plan of half nodes, in reverse order")
    yield _plan(tree, right[:-1], False, "the last group is missing")
    yield _plan(tree, [*right, right[0]], False, "the first group is there twice")
    (t, q), rest = right[0], right[1:]
    yield _plan(tree, [(t[1:], q), *rest], False, "the first token is missing")
    yield _plan(tree, [([*t, t[0]], q), *rest], False, "the first token is twice in its group")
    yield _plan(tree, [(t, [*q, q[-1]]), *rest], False, "a query is twice in a group")
    yield _plan(tree, [(t, q[:-1]), *rest], False, "a query is missing in a group")
    foreign = np.argwhere(~pairs[:, nodes])
    if len(foreign):
        query, token = foreign[0].tolist()
        yield _plan(tree, [*right, ([token], [query])], False, "a query meets a token that it does not see")
    yield from _traded(tree, right, pairs[:, nodes])


def _traded(tree: Tree, right: Pairs, sees: NDArray[np.bool_]) -> Iterator[Case]:
    """As many pairs as there should be, but not the right ones: who only counts does not notice."""
    tokens, queries = right[0]
    if len(tokens) > 1:
        doubled = [*_without(right, queries[0], tokens[0]), ([tokens[1]], [queries[0]])]
        yield _plan(tree, doubled, False, "one pair is missing, and another one is there twice")
    for query, token in np.argwhere(~sees)[:1].tolist():
        words = "one pair is missing, and a foreign one is there instead"
        own = int(np.flatnonzero(sees[query])[0])  # of the same query, then of the same token
        yield _plan(tree, [*_without(right, query, own), ([token], [query])], False, f"{words}: a token")
        for other in np.flatnonzero(sees[:, token])[:1].tolist():
            less = _without(right, other, token)
            yield _plan(tree, [*less, ([token], [query])], False, f"{words}: a query")
            for mine in np.flatnonzero(sees[query] & ~sees[other])[:1].tolist():
                swapped = [*_without(less, query, mine), ([token], [query]), ([mine], [other])]
                yield _plan(tree, swapped, False, "two queries have traded a token")


def _without(groups: Pairs, query: int, token: int) -> Pairs:
    """The same groups, in which one query does not meet one token."""
    found: Pairs = []
    for tokens, queries in groups:
        if token in tokens and query in queries:
            others = ([t for t in tokens if t != token], [q for q in queries if q != query])
            found += [part for part in ((others[0], queries), ([token], others[1])) if part[0] and part[1]]
        else:
            found.append((tokens, queries))
    return found


def _plan(tree: Tree, groups: Pairs, is_right: bool, words: str) -> Case:
    return Case((tree, groups), f"{words}, `groups={shown(groups).strip('`')}`", tree, known=is_right)


# --- the judges


def judge_node_arrays(case: Case, got: Any) -> Complaint | None:
    tree, slots = case.arguments
    names = (
        "KV_indices",
        "KV_indices_offset",
        "KV_len",
        "KVMapQ_List",
        "KVMapQ_List_Offset",
        "KVMapQ_List_Len",
    )
    if not isinstance(got, tuple | list) or len(got) != 6:
        return Complaint("the answer is six arrays", f"`{', '.join(names)}`", shown(got))
    arrays = [whole_numbers(part) for part in got]
    for name, array, part in zip(names, arrays, got, strict=True):
        if array is None:
            return Complaint(f"`{name}` is not made of whole numbers", "a list or an array", shown(part))
    kv, kv_offset, kv_len, q, q_offset, q_len = arrays
    if len({len(kv_offset), len(kv_len), len(q_offset), len(q_len)}) != 1:
        return Complaint(
            "the arrays with one entry a group are of different lengths",
            "as many entries as groups",
            f"{len(kv_offset)}, {len(kv_len)}, {len(q_offset)} and {len(q_len)} entries",
        )
    token_of = {int(slot): token for token, slot in enumerate(slots)}
    unknown = [slot for slot in kv if slot not in token_of]
    if unknown:
        return Complaint(f"there is no token in slot {unknown[0]}", "slots of the tree's tokens", shown(kv))
    groups = []
    for array, offsets, lengths, name in ((kv, kv_offset, kv_len, "KV"), (q, q_offset, q_len, "KVMapQ")):
        for offset, length in zip(offsets, lengths, strict=True):
            if not 0 <= offset <= offset + length <= len(array):
                return Complaint(f"a group of `{name}` reaches beyond its list of {len(array)} entries")
        groups.append([array[a : a + n] for a, n in zip(offsets, lengths, strict=True)])
        if sum(lengths) != len(array):
            return Complaint(f"the groups of `{name}` hold {sum(lengths)} entries, its list {len(array)}")
    pairs = [([token_of[slot] for slot in kv], queries) for kv, queries in zip(*groups, strict=True)]
    return broken_pairs(tree, pairs) or _no_nodes(tree, pairs)


def _no_nodes(tree: Tree, pairs: Pairs) -> Complaint | None:
    nodes, used = node_of_token(tree), set()
    for tokens, queries in pairs:
        found = set(nodes[tokens].tolist())
        if len(found) != 1 or len(tokens) != tree.length[next(iter(found))]:
            return Complaint(
                "a group is one whole node", got=f"a group with {len(tokens)} tokens of nodes {sorted(found)}"
            )
        if not queries:
            return Complaint("a group without queries reads its KV for nobody")
        used |= found
    return Complaint("a node is in two groups") if len(used) != len(pairs) else None


def judge_chunks(case: Case, got: Any) -> Complaint | None:
    tree, chunk_len = case.arguments
    rows = [_row(item) for item in got] if isinstance(got, tuple | list) else [None]
    if any(row is None for row in rows):
        return Complaint("the answer is a list", "`[(node, start, stop, [query, ...]), ...]`", shown(got))
    first = np.cumsum(tree.length) - tree.length
    for node, start, stop, _ in rows:
        if not 0 <= node < tree.n_nodes or not 0 <= start < stop <= tree.length[node]:
            return Complaint(
                f"there is no chunk {start}:{stop} of node {node}", "0 <= start < stop <= length", shown(got)
            )
        if stop - start > chunk_len:
            return Complaint(f"a chunk has {stop - start} tokens", f"at most {chunk_len}", shown(got))
    pairs = [(list(range(first[n] + a, first[n] + b)), queries) for n, a, b, queries in rows]
    wrong = broken_pairs(tree, pairs)
    if wrong:
        return wrong
    seen = (wanted(tree).sum(axis=0) > 0).nonzero()[0]
    most = sum(-(-n // chunk_len) for n in np.bincount(node_of_token(tree)[seen]).tolist())
    if len(rows) != most:
        return Complaint(
            "only the last chunk of a node may be short", f"{most} chunks", f"{len(rows)} chunks"
        )
    idle = [row for row in rows if not row[3]]
    return Complaint("a chunk without queries is read for nobody", got=shown(idle)) if idle else None


def _row(item: Any) -> tuple[int, int, int, list[int]] | None:
    if not isinstance(item, tuple | list) or len(item) != 4:
        return None
    place, queries = whole_numbers(item[:3]), whole_numbers(item[3])
    return None if place is None or queries is None else (*place, queries)


def judge_flatten(case: Case, got: Any) -> Complaint | None:
    tree, chunk_len = case.arguments
    groups = _pairs(got)
    if groups is None:
        return Complaint("the answer is a list of pairs", "`[([token, ...], [query, ...]), ...]`", shown(got))
    pairs = wanted(tree)
    read = [token for tokens, _ in groups for token in tokens]
    seen = np.flatnonzero(pairs.any(axis=0)).tolist()
    if read != seen:
        why = "the groups do not hold every token that some query sees once, in depth-first order"
        return Complaint(why, shown(seen), shown(read))
    lengths = [len(tokens) for tokens, _ in groups]
    if any(n != chunk_len for n in lengths[:-1]) or (lengths and not 0 < lengths[-1] <= chunk_len):
        why = f"every group but the last holds {chunk_len} tokens, across the borders of nodes"
        return Complaint(why, got=f"groups of {shown(lengths)} tokens")
    for number, (tokens, queries) in enumerate(groups):
        union = np.flatnonzero(pairs[:, tokens].any(axis=1)).tolist()
        if sorted(queries) != union:
            why = f"the queries of group {number} are not those that see at least one of its tokens"
            return Complaint(why, shown(union), shown(sorted(queries)))
    return None


def judge_words(case: Case, got: Any) -> Complaint | None:
    tree, nodes, queries = case.arguments
    words = whole_numbers(got)
    if words is None or len(words) != len(nodes):
        return Complaint("the answer is one whole number a token", f"{len(nodes)} numbers", shown(got))
    table = sees(tree)
    expected = [int("".join("01"[int(table[q, node])] for q in queries[::-1]), 2) for node in nodes]
    for i, (found, right) in enumerate(zip(words, expected, strict=True)):
        if found % 2**64 != right or abs(found) >= 2**64:  # an int64 of 64 bits may be negative
            width = max(4, len(queries))
            return Complaint(
                f"the word of token {i}, of node {nodes[i]}, is wrong",
                f"`{right:0{width}b}` (bit 0 is on the right)",
                f"`{found:0{width}b}`",
            )
    return None


def judge_verdict(case: Case, got: Any) -> Complaint | None:
    if isinstance(got, bool | np.bool_) and bool(got) == case.known:
        return None
    return Complaint("your function misjudges these groups", f"`{case.known}`", shown(got))


def _pairs(got: Any) -> Pairs | None:
    if not isinstance(got, tuple | list):
        return None
    groups: Pairs = []
    for pair in got:
        parts = [whole_numbers(part) for part in pair] if isinstance(pair, tuple | list) else []
        if len(parts) != 2 or None in parts:
            return None
        groups.append((parts[0], parts[1]))
    return groups


def broken_pairs(tree: Tree, groups: Pairs) -> Complaint | None:
    """The first (query, token) pair that is not met as it should be, where nothing is masked."""
    met = np.zeros((tree.n_queries, tree.n_tokens), dtype=np.int64)
    for tokens, queries in groups:
        for query in queries:
            if not 0 <= query < tree.n_queries:
                return Complaint(f"there is no query {query}", f"0 to {tree.n_queries - 1}")
            np.add.at(met[query], tokens, 1)
    pairs, nodes = wanted(tree), node_of_token(tree)
    for query, token in np.argwhere(met != pairs)[:1].tolist():
        times, node = int(met[query, token]), nodes[token]
        if not pairs[query, token]:
            return Complaint(f"query {query} meets token {token}, of node {node}, which it does not see")
        often = f"{times} times" if times else "never"
        return Complaint(f"query {query} meets token {token}, of node {node}, {often}", "exactly once")
    return None
