"""A session: one decode that is a tree, in the memory of one pool.

branch: a path from the root to a leaf. A live branch is active (its leaf has a query, and is decoded at each
step) or paused (it waits, and goes on in children). births: leaf -> the tokens that it gets at a step.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from torch import Tensor

from .. import ops
from ..errors import DecodeError, PoolError, check_counts, check_kind
from ..kv import Pool
from ..trace import Event
from ..tree import Tree
from ..tree._shape import Ints
from ..tree.edits import advance, drop, hang
from .branches import Branches
from .changes import Children, Drafts, Step, draft_events, going_on, step_events, tokens_of
from .fixed_step import fixed_steps
from .forwards import Forwards, LaidOut
from .hf import TreeModel
from .layers import check_reach
from .memory import Memory
from .plain import ids_of, plain_births, plain_ids
from .scores import Scores
from .stopwatch import Stopwatch
from .visit import Visit

ROOT = 0


@dataclass(eq=False)
class Session:
    """Steps a decoding tree through a model.

    Args:
        model: with its tokenizer.
        method: a name of METHODS; how queries and KV are grouped.
        n_slots: tokens that the pool has room for.
        page_size: slots of a page: 1, 16 or 64.
        backend: of the attention: "auto", "torch" or "triton".
        options: of the method, such as `chunk_len`.
        pack_heads: of the kernels: a program takes all query heads of a KV head; None: as the method does.
        graphs: decode steps run as CUDA graphs; None: where that can be, which is on one GPU, by kernels.
            Their parts cannot be timed apart.
        compiled: torch.compile makes the graphs' kernels first: some 20 s for a model of 32 layers.
        sampled: decode -> layers whose queries its listeners want to see.
        listeners: are told of each forward after it.

    Raises:
        PlanError: the method or an option is unknown.
        AttentionError: the backend is unknown, or does not pack heads.
        PoolError: the pool cannot be made.
    """

    model: TreeModel
    method: str = "tree_waves"
    n_slots: int = 4096
    page_size: int = 16
    backend: str = "auto"
    options: Mapping[str, int] = field(default_factory=dict)
    pack_heads: bool | None = None
    graphs: bool | None = None
    compiled: bool = False
    sampled: Callable[[int], Sequence[int]] = field(default=lambda step: ())
    listeners: list[Callable[[Step], None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_kind(DecodeError, TreeModel, "load_model('target') makes one", model=self.model)
        check_counts(DecodeError, 1, n_slots=self.n_slots, page_size=self.page_size)
        geometry = self.model.geometry
        if self.method == "tree_waves" and not self.options:
            self.options = {"q_per_kv": geometry.q_per_kv, "n_kv_heads": geometry.n_kv_heads}
        n_pages = -(-self.n_slots // self.page_size)
        pool = Pool(n_pages, self.page_size, geometry, dtype=self.model.dtype, device=self.model.device)
        self.watch = Stopwatch(self.model.device)
        self._forwards = Forwards(
            self.model, pool, self.method, self.options, self.backend, self.pack_heads, self.watch
        )
        self._forwards.prove()
        self._forwards.steps = fixed_steps(self.model, pool, self.graphs, self.compiled)
        self._memory = Memory(pool, self._forwards)
        self.tree: Tree | None = None
        self.decoded: tuple[Tree, Visit] | None = None  # of the last forward: what it saw, and what it read
        self.n_steps = self.n_prompt = 0
        self._known = Branches(self._forwards.tensor)
        self._pending: list[Event] = []
        self._broken = False
        self._drafts: Drafts | None = None
        self._seated: set[int] = {ROOT}  # nodes with a query at the last decode, as a trace sees it

    def __repr__(self) -> str:
        return f"Session({self.model.name} by {self.method}, step {self.n_steps}, {self.tree!r})"

    # --- what there is

    @property
    def pool(self) -> Pool:
        """The memory; it holds this tree and nothing else."""
        return self._memory.settled()

    @property
    def tokens(self) -> Mapping[int, list[int]]:
        """Label -> ids of the node's tokens."""
        return self._known.tokens

    @property
    def n_generated(self) -> int:
        """Tokens that branches gained by steps and accepts."""
        return self._known.n_generated

    @property
    def score(self) -> Scores:
        """Leaf -> sum of the log-probabilities of its generated tokens."""
        return self._known.score

    @property
    def branches(self) -> tuple[int, ...]:
        """Leaves (labels) of the live branches: the active ones in the order of creation, then the paused."""
        return tuple(self._known.rows)

    @property
    def active(self) -> tuple[int, ...]:
        """Leaves of the branches that are decoded."""
        tree = self._grown()
        return tuple(tree.label[tree.callers_seat()].tolist())

    @property
    def logits(self) -> Tensor:
        """[branch, vocabulary] what follows each of `branches`."""
        return self._known.logits

    def logits_of(self, leaf: int) -> Tensor:
        """[vocabulary] what follows a live branch."""
        return self.logits[self._known.row(leaf)]

    def path_tokens(self, leaf: int) -> list[int]:
        """Token ids from the first of the prompt to the end of a node."""
        tree = self._grown()
        return [token for node in tree.path(tree.index(leaf)) for token in self.tokens[int(tree.label[node])]]

    def new_tokens(self, leaf: int) -> list[int]:
        """Token ids of a path without the prompt."""
        return self.path_tokens(leaf)[self.n_prompt :]

    def text(self, leaf: int) -> str:
        """The text of a path without the prompt."""
        return self.model.decode(self.new_tokens(leaf))

    # --- verbs

    def prefill(self, prompt: Sequence[int]) -> None:
        """Run the prompt; it becomes the root, the only branch.

        Raises:
            DecodeError: there is a tree already, or the prompt is empty, beyond `model.reach`, or no tokens.
            PoolError: the pool is too small.
        """
        if self.tree is not None:
            raise DecodeError("the session has a tree; make a new session for another prompt")
        self.model.check_tokens(prompt := ids_of("the prompt", prompt))
        tree = Tree([-1], [len(prompt)])
        check_reach(self.model, tree)
        slots = self.pool.take({ROOT: len(prompt)})[ROOT]
        logits = self._told(tree, (), lambda: self._forwards.along(prompt, slots, slots))
        self._known.begin(ROOT, prompt, logits)
        self.tree, self.n_prompt = tree, len(prompt)

    def step(self, births: Mapping[int, Sequence[int]]) -> None:
        """Decode once: every active branch that gets a token, all in one forward.

        Args:
            births: leaf -> its next token; several: it forks; none: it is pruned. An active leaf that is not
                named pauses. A paused one that is named goes on in children, as does one with `Children`.

        Raises:
            DecodeError: a token is outside the vocabulary, a path beyond `model.reach`, or no branch is left.
            TreeError: a label names no live branch.
            PoolError: the pool is full. In all cases nothing has changed.
        """
        tree, births = self._idle(), plain_births(births)
        self.model.check_tokens(token for tokens in births.values() for token in tokens)
        if not any(births.values()):
            raise DecodeError("the step leaves no branch to decode; end the decode instead")
        with self.watch.host("branching"):
            forks = {leaf for leaf, tokens in births.items() if isinstance(tokens, Children)}
            change = advance(tree, {leaf: len(tokens) for leaf, tokens in births.items()}, forks)
            token_of = tokens_of(change, births)
        new = change.tree
        check_reach(self.model, new)
        seats = new.label[new.callers_seat()].tolist()
        table, ready = None, self._memory.take_prepared(new)
        if ready is not None:
            slots, table = ready.slots, ready.table
        else:
            with self.watch.host("memory"):
                taken = self.pool.exchange(change.gone, dict.fromkeys(token_of, 1))
                slots = np.concatenate([taken[label] for label in seats])
        self.n_steps += 1
        events = self._take_pending()
        if self.listeners:
            events += step_events(self.n_steps, change, births, self._seated)
        logits = self._run_seats([token_of[label] for label in seats], slots, new, events, table)
        # from here on the device is busy
        try:
            if self._forwards.steps is not None and not change.forked:
                with self.watch.host("ahead"):
                    self._memory.prepare(new)
        finally:  # the step has been made, whatever stops the next one
            self._known.advance(change, births, seats, logits)
            self.tree, self._seated = new, set(seats)

    def extend(self, leaf: int, tokens: Sequence[int]) -> None:
        """Put given tokens at the end of a live branch, in one forward of their own, without a step.

        Raises:
            DecodeError: no token, one outside the vocabulary, or the label is no live branch.
            PoolError: the pool is full; nothing has changed.
        """
        tree, _ = self._idle(), self._known.row(leaf)
        tokens = ids_of("what is to be put at the end of the branch", tokens)
        self.model.check_tokens(tokens)
        check_reach(self.model, tree, leaf, len(tokens))
        new = self.pool.take({leaf: len(tokens)})[leaf]
        node = tree.index(leaf)
        above = [self.pool.slots_of(int(tree.label[i]))[0] for i in tree.path(node)]
        path = np.concatenate(above)
        grown = tree.set_length(leaf, int(tree.length[node]) + len(tokens))
        event = Event(self.n_steps + 1, "extend", leaf, len(tokens), tokens=tuple(tokens))
        logits = self._told(grown, (event,), lambda: self._forwards.along(tokens, new, path))
        self._pending.append(event)
        self.tree = grown
        self._known.extend(leaf, tokens, logits)

    def verify(self, leaf: int, parents: Sequence[int], tokens: Sequence[int], more: bool = False) -> Tensor:
        """Decode a token tree below a branch, a query on every token, in one forward.

        The drafted tokens stay in memory until `accept` or `reject`.

        Args:
            leaf: the branch.
            parents: [token] the token that each follows, an earlier one; -1: the branch's end.
            tokens: [token] their ids.
            more: go on with drafts that await their verdict, and count first; they are not decoded again.

        Returns:
            [token, vocabulary] what follows each.

        Raises:
            DecodeError: drafts await their verdict already (`more`: none do, or someone listens), the label
                is no live branch, or a token is outside the vocabulary.
            TreeError: the parents are no token tree.
            PoolError: the pool is full; nothing has changed.
        """
        tree = self._grown() if more else self._idle()
        drafts = going_on(self._drafts, leaf, bool(self.listeners)) if more else Drafts(tree, leaf)
        self._known.row(leaf)
        parents, tokens = tuple(plain_ids(parents)), plain_ids(tokens)
        self.model.check_tokens(tokens)
        if len(tokens) != len(parents):
            raise DecodeError(f"{len(parents)} parents for {len(tokens)} tokens; give one of each")
        check_reach(self.model, tree, leaf, len(drafts.parents) + len(tokens))
        ready = None if more else self._memory.take_foreseen(tree, leaf, parents)
        laid_out = None if ready is None else ready.laid_out.get(int(tree.length[tree.index(leaf)]))
        if ready is None or laid_out is None:
            tree, labels = hang(drafts.base, leaf, (*drafts.parents, *parents), len(drafts.parents))
            labels = labels[len(drafts.parents) :]
        else:
            tree, labels = laid_out.tree, ready.labels
        with self.watch.host("memory"):
            slots = self._memory.take_drafts(labels) if ready is None else ready.slots
        self.n_steps += 1
        events = self._take_pending()
        if self.listeners:
            events += draft_events(self.n_steps, leaf, labels, parents, tokens, self._seated)
        self._seated = set(labels)
        logits = self._run_seats(list(tokens), slots, tree, events, laid_out)
        self._drafts = drafts.plus(labels, parents, tokens, slots, logits)
        self.tree = drafts.base_before(tree.next_label)
        # from here on the device is busy
        if not more and self._memory.foresight.saw(leaf, parents) and self._forwards.can_foresee:
            with self.watch.host("ahead"):
                self._memory.foresee(self.tree)
        return logits

    def accept(self, path: Sequence[int], *, as_replay: bool = False) -> None:
        """Keep drafted tokens: their keys and values move to the end of the branch; the others are freed.

        Args:
            path: numbers of drafted tokens, each following the one before; empty: none is kept.
            as_replay: take any drafted tokens, as the authors' mock does; the KV then means nothing.

        Raises:
            DecodeError: nothing is drafted, or the tokens do not follow each other.
        """
        drafts = self._drafts
        if drafts is None:
            raise DecodeError("no drafted tokens to accept; call verify first")
        if not as_replay:
            drafts.check_path(path)
        leaf, tree, path = drafts.leaf, self._grown(), plain_ids(path)
        if self.listeners:
            self._pending += drafts.prunes(self.n_steps + 1)
        self._drafts, self._seated = None, set()
        self._memory.accept(drafts, path)
        if not path:
            return
        kept = [drafts.tokens[i] for i in path]
        self._pending.append(Event(self.n_steps + 1, "accept", leaf, len(path), tokens=tuple(kept)))
        self._known.accept(leaf, kept, drafts.logits, path)
        self.tree = tree.set_length(leaf, len(self.tokens[leaf]))

    def reject(self) -> None:
        """Free all drafted tokens.

        Raises:
            DecodeError: nothing is drafted.
        """
        self.accept(())

    def prune(self, leaves: Iterable[int]) -> None:
        """End branches between steps; their memory is free at once.

        Raises:
            TreeError: one is no leaf, or no active branch would be left.
        """
        change = drop(self._idle(), leaves)
        self.pool.give_back(change.gone)
        self._pending += [Event(self.n_steps + 1, "prune", top) for top in change.pruned]
        self.tree = change.tree
        self._known.drop(change.gone)
        self._seated -= set(change.gone)

    def check(self) -> None:
        """Prove that the pool holds this tree, nothing else, and has lost no page.

        Raises:
            PoolError: it does not; this is a defect of deft_lab.
        """
        self.pool.check()
        tree = self._grown()
        owners = set(tree.label[tree.length > 0].tolist()) | set(self._drafts.labels if self._drafts else ())
        if set(self.pool.labels) != owners:
            raise PoolError(f"the pool's nodes {self.pool.labels} are not those of the tree {tree!r}")
        self.pool.slots(tree)

    # --- inside

    def _grown(self) -> Tree:
        if self._broken:
            raise DecodeError("a step of this session failed halfway: its KV is incomplete; start anew")
        if self.tree is None:
            raise DecodeError("the session has no tree yet; prefill a prompt first")
        return self.tree

    def _idle(self) -> Tree:
        """The tree, where no drafted tokens await their verdict."""
        if self._drafts is not None:
            raise DecodeError("drafted tokens await their verdict; call accept or reject first")
        return self._grown()

    def _take_pending(self) -> tuple[Event, ...]:
        pending, self._pending = tuple(self._pending), []
        return pending

    def _run_seats(
        self,
        tokens: list[int],
        slots: Ints,
        tree: Tree,
        events: tuple[Event, ...],
        ready: LaidOut | ops.PlanTable | ops.KernelTable | None = None,
    ) -> Tensor:
        """[query, vocabulary] logits of one token a query, in the caller's order."""
        seats, sampled, step = self._forwards.seats, self.sampled, self.n_steps
        move = self._memory.take_move
        return self._told(tree, events, lambda: seats(tokens, slots, tree, sampled(step), ready, move))

    def _told(
        self, tree: Tree, events: tuple[Event, ...], forward: Callable[[], tuple[Tensor, Visit]]
    ) -> Tensor:
        """Run a forward, and tell who listens; where one of them fails, nothing goes on."""
        self._broken = True
        logits, visit = forward()
        self._broken = False
        try:
            self._memory.free_spent()  # the device is busy now: what could wait costs no time
            self._known.catch_up()
            self.decoded = tree, visit
            for listener in self.listeners:
                listener(Step(self.n_steps, events, tree, visit))
        except BaseException:
            self._broken = True  # the pool holds the step, the tree does not yet
            raise
        return logits
