"""The kernel stepper: a Triton kernel line by line, forth and back, from a recorded run.

On one side the source with the line that has just run, on the other its variables; below, the tree and the
cells of memory that the line touched. Nothing here needs Triton.
"""

from typing import Any

import traitlets

from ...errors import DeftLabError
from ...kernel_run import KernelRun, load_kernel_run
from ...viz.words import count
from .kernel_picture import KernelPicture
from .kernel_words import formula, row_of, sentence
from .player import StepPlayer
from .step import Script, Step

MOST = 4000  # moments that a page takes well


def play_kernel(run: str | KernelRun = "deft_node") -> "KernelPlayer":
    """Play a kernel's run, line by line.

    Args:
        run: a recorded run (`deft_lab.stepping.record_run`), or the name of a bundled one: `deft_node` with
            its reduction, `deft_flatten` with its, `tree_waves`.

    Raises:
        DeftLabError: there is no run of that name, or it has more than 4,000 moments.
    """
    return KernelPlayer(load_kernel_run(run) if isinstance(run, str) else run)


class KernelPlayer(StepPlayer):
    """Plays a kernel's run. `player.stop_when("first == 4 and node(0)")` sets breakpoints by condition.

    On the page, besides the keys of every player: L for the next iteration, N for the next program, O to
    step over a helper, B for the next breakpoint, each with Shift backwards.
    """

    listing = traitlets.List(traitlets.Dict()).tag(sync=True)  # the functions' sources
    lines = traitlets.List(traitlets.List()).tag(sync=True)  # [step] function, line, depth, rows, changed
    jumps = traitlets.Dict().tag(sync=True)  # name -> key, label, title, steps
    breakpoint = traitlets.Unicode().tag(sync=True)
    hits = traitlets.List(traitlets.Int()).tag(sync=True)  # steps at which it begins to hold
    answered = traitlets.Unicode().tag(sync=True)  # the condition that the hits are of
    refusal = traitlets.Unicode().tag(sync=True)  # why it is none

    def __init__(self, run: KernelRun) -> None:
        if len(run) > MOST:
            raise DeftLabError(
                f"the run has {len(run):,} moments and a page takes {MOST:,}; record fewer programs or a "
                "smaller tree"
            )
        self.run = run
        super().__init__(kernel_script(run))
        self.observe(self._find, "breakpoint")
        with self.hold_sync():
            self.listing = [function._asdict() for function in run.functions]
            self.lines, self.parts = self._lines()
            self.jumps = {
                "loop": _jump("l", "Next iteration", "next loop iteration", run.loop_steps),
                "program": _jump("n", "Next program", "next program", run.program_steps),
            }

    def _lines(self) -> tuple[list[list[Any]], list[str]]:
        """What the page shows beside the picture; rows are numbers of parts."""
        parts = {part: i for i, part in enumerate(self.parts)}
        rows_of: dict[tuple[str, int], int] = {}  # values that are the same object have one row
        lines = []
        for step, moment in enumerate(self.run.moments):
            scope = self.run.variables(step)
            given = _arguments(self.run, step)
            ordered = [*(name for name in scope if name not in given), *(n for n in scope if n in given)]
            rows = []
            for name in ordered:
                key = (name, id(scope[name]))
                if key not in rows_of:
                    rows_of[key] = parts.setdefault(row_of(name, scope[name], self.run), len(parts))
                rows.append(rows_of[key])
            new = [i for i, name in enumerate(ordered) if name in moment.changes]
            lines.append([moment.function, moment.line, moment.depth, rows, new])
        return lines, list(parts)

    def stop_when(self, condition: str) -> tuple[int, ...]:
        """Set breakpoints by a condition; the steps at which it begins to hold. An empty one clears them.

        Raises:
            DeftLabError: it is no condition; see `deft_lab.kernel_run.conditions` for what is allowed.
        """
        found = self.run.steps_where(condition) if condition.strip() else ()
        self.breakpoint = condition
        return found

    def next_stop(self, backwards: bool = False) -> int:
        """Go to the next breakpoint, or the one before; stay where there is none. The step."""
        ahead = [hit for hit in self.hits if (hit < self.step if backwards else hit > self.step)]
        if ahead:
            self.step = max(ahead) if backwards else min(ahead)
        return self.step

    def _find(self, _change: object = None) -> None:
        try:
            found, why = self.run.steps_where(self.breakpoint) if self.breakpoint.strip() else (), ""
        except DeftLabError as bad:
            found, why = (), str(bad)
        with self.hold_sync():
            self.hits, self.refusal, self.answered = list(found), why, self.breakpoint


def _jump(key: str, label: str, title: str, steps: tuple[int, ...]) -> dict[str, Any]:
    return {"key": key, "label": label, "title": title, "steps": list(steps)}


def _arguments(run: KernelRun, step: int) -> set[str]:
    """Names that the function of a moment was entered with."""
    depth = run.moments[step].depth
    while run.moments[step].kind != "enter" or run.moments[step].depth != depth:
        step -= 1
    return set(run.moments[step].changes)


def kernel_script(run: KernelRun) -> Script:
    """The steps of `play_kernel`: one for each moment."""
    picture = KernelPicture(run)
    starts = set(run.program_steps)
    kernels = list(dict.fromkeys(program.kernel for program in run.programs))
    steps = []
    for i, moment in enumerate(run.moments):
        program = run.programs[moment.program]
        mark = f"{'pr'[kernels.index(program.kernel) % 2]}{program.x}" if i in starts else ""
        steps.append(Step(program.kernel, sentence(run, i), formula(run, i), {"step": i}, run.bytes[i], mark))
    loads = [i for i, moment in enumerate(run.moments) if len(moment.touches) and run.touched_nodes(i)]
    telling = (0, loads[len(loads) // 2], len(steps) - 1) if loads else ()
    title = f"{run.title}: {count(len(run.programs), 'program')}, line by line"
    return Script(title, tuple(steps), picture.draw, picture.tabulate, telling)
