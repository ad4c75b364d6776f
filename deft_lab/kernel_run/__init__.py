"""A kernel's run, line by line: what was executed, which variables changed, which memory was touched.

    run = load_kernel_run("deft_node")           one of `bundled_kernel_runs()`; reading one needs no Triton
    run.variables(40)    run.touched_nodes(40)   run.steps_where("first == 4 and node(0)")

moment: one executed line of the kernel or of a helper. memory: a tensor that the kernel reads or writes; its
cells are elements, or whole rows of D. `deft_lab.stepping` records runs in Triton's interpreter.
"""

from .conditions import steps_where
from .core import Function, KernelRun, Memory, Moment, Program, Touch
from .files import bundled_kernel_runs, load_kernel_run, read_kernel_run, write_kernel_run

__all__ = [
    "Function",
    "KernelRun",
    "Memory",
    "Moment",
    "Program",
    "Touch",
    "bundled_kernel_runs",
    "load_kernel_run",
    "read_kernel_run",
    "steps_where",
    "write_kernel_run",
]
