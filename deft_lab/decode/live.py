"""Decodes of trees as they are drawn: a topology goes in, tokens come out, and are checked branch by branch.

topology: a tree whose root stands for the prompt, however long it is drawn, and whose other nodes say how
many tokens they get. All branches go on side by side; one forks where the topology does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from ..errors import DecodeError
from ..geometry import Geometry
from ..methods import find_method
from ..trace import Compared, Event, Opening, Told
from ..tree import Tree
from .changes import Children
from .hf import TreeModel
from .sampling import Sampler
from .session import Session

MOST_TOKENS = 4096  # of a topology, unless asked for
# what rounding explains between logits of the tree and those of the sequence, by bytes of a number
TOLERANCES = {4: 1e-3, 2: 0.25}


@dataclass(frozen=True)
class LiveDecoder:
    """Decodes topologies with one model and one prompt; call it with a tree, and iterate.

    It yields an `Opening`, a `Told` for each step, and then a `Compared` for each branch, decoded once more
    without any tree. None in between says that there is nothing to show yet.

    Args:
        model: with a tokenizer.
        prompt: a text, or token ids.
        method: a name of METHODS.
        temperature: 0 is greedy: siblings begin with the likeliest tokens in turn. Above it tokens are drawn,
            the same in the tree and alone.
        seed: of the draws.
        most_tokens: that a topology may ask for.

    Raises:
        DecodeError: the prompt is empty.
        DeftLabError: no such method.
    """

    model: TreeModel
    prompt: str | Sequence[int]
    method: str = "deft_flatten"
    temperature: float = 0.0
    seed: int = 0
    most_tokens: int = MOST_TOKENS
    tokens: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        find_method(self.method)
        Sampler(self.temperature)
        prompt = self.prompt
        ids = self.model.encode(prompt) if isinstance(prompt, str) else prompt
        self.model.check_tokens(ids)
        object.__setattr__(self, "tokens", tuple(ids))
        if not self.tokens:
            raise DecodeError("the prompt is empty; give it at least one token")

    @property
    def geometry(self) -> Geometry:
        """Of the model."""
        return self.model.geometry

    def check(self, tree: Tree) -> None:
        """Refuse what cannot be decoded.

        Raises:
            DecodeError: the tree has no branch, a leaf without tokens, more tokens than there is room for, or
                more siblings than the vocabulary has different first tokens for (greedy siblings differ).
        """
        if tree.n_nodes == 1:
            raise DecodeError("the tree is its prompt alone; add a branch to decode")
        bare = tree.leaves[tree.length[tree.leaves] == 0]
        if len(bare):
            raise DecodeError(f"leaf n{tree.label[bare[0]]} has 0 tokens; a branch decodes at least 1")
        wanted = int(tree.length[1:].sum())
        if wanted > self.most_tokens:
            raise DecodeError(
                f"the tree asks for {wanted:,} tokens; this decoder takes at most {self.most_tokens:,}: "
                "shorten it, or pass most_tokens"
            )
        self._check_siblings(tree)
        room = getattr(self.model.model.config, "max_position_embeddings", None)
        longest = len(self.tokens) + max(
            int(tree.length[list(tree.path(leaf))[1:]].sum()) for leaf in tree.leaves
        )
        if room is not None and longest > room:
            raise DecodeError(
                f"a branch would have {longest:,} tokens with its prompt; the model reads {room:,}"
            )

    def _check_siblings(self, tree: Tree) -> None:
        vocabulary = self.model.model.config.vocab_size
        node, kids = max(_Topology.of(tree).children.items(), key=lambda item: len(item[1]))
        if self.temperature == 0 and len(kids) > vocabulary:
            raise DecodeError(
                f"n{node} has {len(kids):,} branches. Greedy ones begin with different tokens, and the "
                f"vocabulary has {vocabulary:,}: draw fewer, or pass a temperature above 0"
            )

    def __call__(self, tree: Tree) -> Iterator[Opening | Told | Compared | None]:
        """Decode a topology, step by step, then check it.

        Raises:
            DecodeError: as `check`.
        """
        self.check(tree)
        plan = _Topology.of(tree)
        root = plan.root
        yield Opening(Tree([-1], [len(self.tokens)], label=[root]), self.tokens, self._pieces(self.tokens))
        said = _Said(plan)
        yield from self._decode(plan, said)
        for leaf in plan.leaves:
            yield from self._compare(plan, said, leaf)

    def _decode(self, plan: "_Topology", said: "_Said") -> Iterator[Told]:
        n_slots = len(self.tokens) + sum(plan.length.values()) + 16 * (len(plan.length) + 1)
        session = Session(self.model, self.method, n_slots=n_slots, graphs=False)
        session.prefill(self.tokens)
        name = {session.branches[0]: plan.root}  # the session's leaf -> the topology's node
        waits: set[int] = set()
        step = 0
        while True:
            births, events = {}, []
            for leaf in session.branches:
                node = name[leaf]
                if said.n_tokens(node) < plan.length.get(node, 0):
                    births[leaf] = [self._say(said, node, session.logits_of(leaf), 0)]
                    events.append(Event(step + 1, "append", node, tokens=tuple(births[leaf])))
                elif plan.children.get(node):
                    kids, logits = plan.children[node], session.logits_of(leaf)
                    births[leaf] = Children(self._say(said, kid, logits, i) for i, kid in enumerate(kids))
                    events.append(
                        Event(step + 1, "fork", node, children=tuple(kids), tokens=tuple(births[leaf]))
                    )
                elif node not in waits:
                    waits.add(node)
                    events.append(Event(step + 1, "pause", node))
            if not births:
                return
            session.step(births)
            step += 1
            name = self._renamed(session, plan, name)
            tokens = [token for event in events for token in event.tokens]
            yield Told(step, tuple(_in_order(events)), self._pieces(tokens))

    def _renamed(self, session: Session, plan: "_Topology", name: Mapping[int, int]) -> dict[int, int]:
        """The names of the session's leaves after a step."""
        assert session.tree is not None
        tree, found = session.tree, {}
        for leaf, node in name.items():
            born = [int(tree.label[i]) for i in tree.children(tree.index(leaf))]
            found |= zip(born, plan.children[node], strict=True) if born else {leaf: node}
        return found

    def _say(self, said: "_Said", node: int, logits: Tensor, rank: int) -> int:
        """The next token of a node; `rank`: which of its siblings it is."""
        logits = logits.float().cpu()
        token = self.choose(logits, node, said.n_tokens(node), rank)
        said.add(node, token, logits)
        return token

    def choose(self, logits: Tensor, node: int, place: int, rank: int) -> int:
        """The token at a place of a node, from logits [vocabulary]: a function of them and the seed alone."""
        if self.temperature == 0:
            return int(logits.topk(rank + 1).indices[rank] if place == 0 else logits.argmax())
        seed = np.random.SeedSequence((self.seed, node, place)).generate_state(1)
        noise = torch.Generator().manual_seed(int(seed[0]))
        law = Sampler(self.temperature).law(logits)
        return int((law - torch.empty_like(law).exponential_(generator=noise).log()).argmax())

    def _compare(self, plan: "_Topology", said: "_Said", leaf: int) -> Iterator[Compared | None]:
        """Decode one branch anew with the plain model, token by token, and compare."""
        same, worst, wanted = 0, 0.0, plan.places(leaf)
        next_, cache = list(self.tokens), None
        for node, place in wanted:
            with self.model.plain() as plain, torch.inference_mode():
                ids = torch.tensor([next_], device=self.model.device)
                out = plain(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            cache, logits = out.past_key_values, out.logits[0, -1].float().cpu()
            token = self.choose(logits, node, place, plan.rank[node])
            worst = max(worst, float((logits - said.logits[node][place]).abs().max()))
            if token != said.tokens[node][place]:
                break
            same, next_ = same + 1, [token]
            yield None
        tolerance = TOLERANCES.get(self.model.dtype.itemsize, TOLERANCES[2])
        yield Compared(leaf, len(wanted), same, worst, tolerance)

    def _pieces(self, tokens: Sequence[int]) -> dict[int, str]:
        if self.model.tokenizer is None:
            return {}
        return {token: self.model.piece(token) for token in sorted(set(tokens))}


def _in_order(events: Sequence[Event]) -> list[Event]:
    return sorted(events, key=lambda event: ("pause", "append", "fork").index(event.kind))


@dataclass(frozen=True)
class _Topology:
    """A tree without nodes of 0 tokens: whose children come where they were."""

    root: int
    length: dict[int, int]  # label -> tokens; without the root
    children: dict[int, list[int]]
    rank: dict[int, int]  # which of its siblings a node is
    path: dict[int, list[int]]  # label -> labels from below the root

    @classmethod
    def of(cls, tree: Tree) -> "_Topology":
        label, length = tree.label.tolist(), tree.length.tolist()
        above = {0: label[0]}  # index -> label of the nearest node with tokens, itself included
        children: dict[int, list[int]] = {label[0]: []}
        path: dict[int, list[int]] = {label[0]: []}
        for i in range(1, tree.n_nodes):
            parent = above[int(tree.parent[i])]
            above[i] = label[i] if length[i] else parent
            if length[i]:
                children[parent].append(label[i])
                children[label[i]] = []
                path[label[i]] = [*path[parent], label[i]]
        rank = {kid: i for kids in children.values() for i, kid in enumerate(kids)}
        tokens = {label[i]: length[i] for i in range(1, tree.n_nodes) if length[i]}
        return cls(label[0], tokens, children, rank, path)

    @property
    def leaves(self) -> list[int]:
        return [node for node in self.length if not self.children[node]]

    def places(self, leaf: int) -> list[tuple[int, int]]:
        """(node, place in it) of each token of a branch."""
        return [(node, place) for node in self.path[leaf] for place in range(self.length[node])]


class _Said:
    """What each node of a topology has said, and the logits that it was chosen from."""

    def __init__(self, plan: _Topology) -> None:
        self.tokens: dict[int, list[int]] = {node: [] for node in plan.length}
        self.logits: dict[int, list[Tensor]] = {node: [] for node in plan.length}

    def n_tokens(self, node: int) -> int:
        return len(self.tokens.get(node, ()))

    def add(self, node: int, token: int, logits: Tensor) -> None:
        self.tokens[node].append(token)
        self.logits[node].append(logits)
