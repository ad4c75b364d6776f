"""A recorded reasoning run, decoded anew: the template says when nodes fork and end, the model what they say.

The shape is real (DeFT's tree-of-thoughts recordings); the text is the model's own, and means nothing beyond
its tokens. The authors call it Practical_Tree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...errors import DecodeError
from ...trace import Event, Trace
from ..changes import Children
from ..run import Births
from ..sampling import Sampler
from ..session import ROOT, Session


@dataclass
class Reasoning:
    """Follow the events of a growth.

    Args:
        growth: of a template (`ReasoningTemplate.growth`); appends, forks and prunes.
        sampler: chooses the tokens; the children of a greedy fork begin with the likeliest ones.

    Raises:
        DecodeError: the growth has other events.
    """

    growth: Trace
    sampler: Sampler = field(default_factory=Sampler)

    def __post_init__(self) -> None:
        self._due: dict[int, list[Event]] = {}
        self._last: dict[int, int] = {}  # node of the template -> last step at which it gains a token
        self._leaf: dict[int, int] = {ROOT: ROOT}  # node of the template -> leaf of the session
        self._forked: list[tuple[int, list[int]]] = []  # leaf of the session, its children in the template
        for event in self.growth.events:
            if event.kind not in ("append", "fork", "prune"):
                raise DecodeError(
                    f"a reasoning run appends, forks and prunes; this growth has {event.kind!r}"
                )
            self._due.setdefault(event.step, []).append(event)

    def __call__(self, session: Session) -> Births | None:
        step = session.n_steps + 1
        if step > self.growth.n_steps:
            return None
        self._learn_leaves(session)
        events = self._due.get(step, ())
        pruned = {event.node for event in events if event.kind == "prune"}
        births: dict[int, Sequence[int]] = {}
        for node in pruned & set(self._leaf):
            births |= {leaf: [] for leaf in self._below(session, node)}
        for event in events:
            if event.kind == "append":
                self._last[event.node] = step + event.n_steps - 1
            elif event.kind == "fork":
                children = [child for child in event.children if child not in pruned]
                leaf = self._leaf[event.node]
                births[leaf] = Children(self._first_tokens(session, leaf, len(children)))
                self._forked.append((leaf, children))
        drawn = dict(zip(session.branches, self.sampler.draw(session.logits).tolist(), strict=True))
        for node, last in self._last.items():
            leaf = self._leaf.get(node)
            if last >= step and leaf in drawn and leaf not in births:
                births[leaf] = [drawn[leaf]]
        return births

    def _learn_leaves(self, session: Session) -> None:
        """The last step's forks: which node of the session each node of the template became."""
        assert session.tree is not None
        tree = session.tree
        for leaf, children in self._forked:
            born = [int(tree.label[child]) for child in tree.children(tree.index(leaf))]
            self._leaf |= zip(children, born, strict=True)
        self._forked.clear()

    def _below(self, session: Session, node: int) -> list[int]:
        """Live branches whose path holds the template's node."""
        assert session.tree is not None
        tree, top = session.tree, session.tree.index(self._leaf[node])
        inside = set(tree.label[top : tree.subtree_stop[top]].tolist())
        return [leaf for leaf in session.branches if leaf in inside]

    def _first_tokens(self, session: Session, leaf: int, k: int) -> list[int]:
        logits = session.logits_of(leaf)
        if self.sampler.temperature == 0:
            return self.sampler.draw_several(logits, k)
        return self.sampler.draw(logits.expand(k, -1)).tolist()
