"""A decode step whose tensors stay where they are: as a CUDA graph it costs the host one launch.

A step is made for a number of queries and one kernel table. A smaller decode is padded to it: the queries
that nobody asked for write no KV, and no group of the table holds them; what the layers compute for them is
thrown away. With `compiled`, torch.compile fuses what lies between the matrix products first.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .. import ops
from ..errors import DecodeError
from ..kv import Pool
from ..tree._shape import Ints
from .hf import TreeModel
from .visit import Move, Visit, fixed


def padded(n_queries: int) -> int:
    """The size of the step that decodes so many queries: few sizes, so few graphs, and little padding."""
    grain = 8 if n_queries <= 64 else 16 if n_queries <= 128 else 32
    return -(-n_queries // grain) * grain


class FixedStep:
    """One forward of at most `size` queries.

    Args:
        model: whose forward it is.
        pool: where keys and values go.
        table: of the plan; each decode refills it before.
        size: queries.
        compiled: run what torch.compile makes of the model.
        shared: by the CUDA graphs, which never run at once; None: no graph, as on a CPU.
    """

    def __init__(
        self,
        model: TreeModel,
        pool: Pool,
        table: ops.KernelTable,
        size: int,
        compiled: bool,
        shared: "Shared | None",
    ) -> None:
        self.size = size
        self._model, self._compiled, self._shared = model, compiled, shared
        cuda = model.device.type == "cuda"
        # rows: tokens, positions, slots; slots that are moved from, and to
        self._host = torch.zeros(5, size, dtype=torch.int64, pin_memory=cuda)
        self._rows = self._host.numpy()
        self._inputs = torch.zeros_like(self._host, device=model.device)
        self.visit = Visit(pool, self._inputs[2], table)
        self._sent = torch.cuda.Event() if cuda else None
        self._done = torch.cuda.Event() if cuda else None
        self._graph: torch.cuda.CUDAGraph | None = None
        self._logits: Tensor | None = None

    def __call__(
        self, tokens: Sequence[int], positions: Ints, slots: Ints, move: Move | None = None
    ) -> Tensor:
        """[query, vocabulary] logits; the next call overwrites them.

        Args:
            tokens: [query] ids, in the caller's order, as the others.
            positions: [query] on their own paths.
            slots: [query] where their KV goes.
            move: whose KV arrives first; at most `size` tokens.
        """
        device = self._inputs.device  # which need not be the current one
        with torch.cuda.device(device) if device.type == "cuda" else nullcontext():
            self._upload(tokens, positions, slots, move)
            self._run()
        assert self._logits is not None
        return self._logits[: len(tokens)]

    def _upload(self, tokens: Sequence[int], positions: Ints, slots: Ints, move: Move | None) -> None:
        n = len(tokens)
        if self._sent is not None:
            self._sent.synchronize()  # the last upload may still be reading the pinned memory
        self._rows[:3, n:] = [[0], [0], [-1]]
        self._rows[0, :n], self._rows[1, :n], self._rows[2, :n] = tokens, positions, slots
        self._rows[3:] = -1
        if move is not None:
            self._rows[3, : len(move.to)], self._rows[4, : len(move.to)] = move
        self._inputs.copy_(self._host, non_blocking=True)
        if self._sent is not None:
            self._sent.record()

    def _run(self) -> None:
        if self._shared is None:
            self._logits = self._forward()
        elif self._graph is None:
            self._logits = self._capture(self._shared)
        else:
            self._graph.replay()
        if self._done is not None:
            self._done.record()

    def is_busy(self) -> bool:
        """Whether the device is still at it; without a GPU nobody can tell, and nobody waits."""
        return self._done is None or not self._done.query()

    @torch.inference_mode()
    def _forward(self) -> Tensor:
        forward = self._model.compiled_forward if self._compiled else self._model.fixed_forward
        ops.move(self.visit.pool, self._inputs[3], self._inputs[4])
        with fixed(self.visit):
            return forward(self._inputs[0], self._inputs[1])

    def _capture(self, shared: "Shared") -> Tensor:
        """Run once as it is, which compiles what needs it, and once more for the graph."""
        shared.stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(shared.stream):
            self._forward()
        torch.cuda.current_stream().wait_stream(shared.stream)
        graph = torch.cuda.CUDAGraph()
        # torch's own stream for captures may be another GPU's
        with torch.cuda.graph(graph, pool=shared.memory, stream=shared.stream):
            logits = self._forward()
        self._graph = graph
        graph.replay()
        return logits


class Shared(NamedTuple):
    """What graphs that never run at once have in common, so that one may use the memory of another."""

    memory: Any
    stream: torch.cuda.Stream

    @classmethod
    def on(cls, device: torch.device) -> "Shared | None":
        """Of a GPU; None elsewhere."""
        if device.type != "cuda":
            return None
        return cls(torch.cuda.graph_pool_handle(), torch.cuda.Stream(device))


class FixedSteps:
    """The fixed steps of a session, made when they are needed.

    Args:
        model: whose forward they are.
        pool: where keys and values go.
        compiled: see `FixedStep`.
    """

    def __init__(self, model: TreeModel, pool: Pool, compiled: bool) -> None:
        self._model, self._pool, self._compiled = model, pool, compiled
        self._shared: Shared | None = None
        self._steps: dict[int, FixedStep] = {}
        self._last: FixedStep | None = None
        self._table: ops.KernelTable | None = None

    def step(self, n_queries: int, table: ops.KernelTable) -> FixedStep:
        """The one for so many queries on this table. A new table ends those of the old one."""
        if table is not self._table:
            self._steps.clear()
            self._table = table
            # the memory goes with the last graph that used it
            self._shared = Shared.on(table.device)
        size = padded(n_queries)
        if size not in self._steps:
            self._steps[size] = FixedStep(self._model, self._pool, table, size, self._compiled, self._shared)
        self._last = self._steps[size]
        return self._last

    def is_busy(self) -> bool:
        """Whether the device is still at the last step."""
        return self._last is not None and self._last.is_busy()


def fixed_steps(model: TreeModel, pool: Pool, graphs: bool | None, compiled: bool) -> FixedSteps | None:
    """CUDA graphs of decode steps, where they are wanted and can be.

    Args:
        model: whose forward they are.
        pool: where keys and values go.
        graphs: None: on one GPU.
        compiled: see `FixedStep`.

    Raises:
        DecodeError: they are wanted where they cannot be.
    """
    cuda = model.device.type == "cuda"
    if graphs and not cuda:
        raise DecodeError("graphs=True needs an NVIDIA GPU; leave graphs out on a CPU")
    if compiled and (not cuda or graphs is False):
        raise DecodeError("compiled=True makes the kernels of CUDA graphs; it needs a GPU and graphs")
    wanted = cuda and model.n_ways == 1 if graphs is None else graphs
    return FixedSteps(model, pool, compiled) if wanted else None
