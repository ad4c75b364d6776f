"""Recording a kernel line by line, in Triton's interpreter.

    with record_run("my kernel", {"q": Named(q, ("query", "D")), ...}) as recorded:
        my_kernel[(3,)](q, ...)
    run = recorded.run()

Every line of the kernel, and of its own helpers, becomes a moment of a `deft_lab.kernel_run.KernelRun`:
the variables that it changed, and the cells of memory that it touched.
"""

from .recorder import Named, Recorded, record_run

__all__ = ["Named", "Recorded", "record_run"]
