"""Count every byte that Triton kernels load and store, by running them in the interpreter.

    with count_bytes({"kv": [k, v], "q": q, "o": out}) as counted:
        kernel[grid](q, k, v, out, ...)
    counted.bytes("kv")

An access is one load, store or atomic operation of one program, of all its lanes. A lane that its mask
lets through counts the size of its element, also where several lanes read one address; a masked lane
counts nothing. An atomic operation loads and stores. Every access must lie in a tensor that has a role:
any other is an error that names the line, raised before memory is touched.
"""

from .counted import Counted, Line, Moved, Program
from .watch import count_bytes

__all__ = ["Counted", "Line", "Moved", "Program", "count_bytes"]
