"""Run `@triton.jit` kernels on CPU tensors, in Triton's interpreter, in a process that also compiles them.

A launch is one `kernel[grid](...)`. Inside `interpreted()` every launch is interpreted, whatever module
the kernel and its helpers come from; outside it nothing has changed. No variable TRITON_INTERPRET is
needed; where it is set, kernels are interpreted anyway.

What is replaced are methods of Triton's JITFunction, not the kernels: nobody's name for a kernel goes
stale. Triton's own `InterpretedFunction` alone would not do: each of its helper calls (`tl.sum`, `tl.max`,
one's own) patches triton.language once more, slowly, and for good: after that nothing compiles.

bfloat16, which Triton's interpreter keeps as bits in uint16, is right here in what kernels do with it
(load, store, cast, `tl.dot`), and refused in arithmetic, which would compute with those bits.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache, partial
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import triton
import triton.language as tl
from triton.runtime.errors import InterpreterError
from triton.runtime.jit import JITFunction

from .errors import DeftLabError

# what this module and the counter use of Triton's interpreter; not public, so checked before use
_NAMES = (
    "GridExecutor", "InterpretedFunction", "TensorHandle", "_LangPatchScope", "_patch_lang",
    "interpreter_builder",
)  # fmt: skip
_BUILDER_NAMES = ("binary_op", "cast_impl", "create_dot", "create_fma", "options", "unary_op")
compiled_run = JITFunction.run  # Triton's own: compile and run


@contextmanager
def interpreted() -> Iterator[None]:
    """Interpret every launch made inside. Nested use is harmless; inside a recorder it changes nothing.

    Raises:
        DeftLabError: the interpreter of this version of Triton is not one that deft_lab knows, or a kernel
            does what the interpreter cannot.
    """
    interpreter()
    # if not, an outer `interpreted()` or a recorder has it in hand
    free = JITFunction.run is compiled_run
    try:
        with swapped(JITFunction, run=_run, __call__=_call, __get__=_bind) if free else nullcontext():
            yield
    except InterpreterError as error:
        if (ours := _ours_in(error)) is None:
            raise
        raise ours from None


@contextmanager
def swapped(owner: Any, **attributes: Any) -> Iterator[None]:
    """Set attributes of a class, module or object; on leaving, put back what was there."""
    before = {name: vars(owner).get(name, swapped) for name in attributes}  # swapped itself: nothing was
    try:
        for name, value in attributes.items():
            setattr(owner, name, value)
        yield
    finally:
        for name, value in before.items():
            if value is swapped:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def _ours_in(error: BaseException | None) -> DeftLabError | None:
    """The DeftLabError that Triton wrapped; its traceback leads into the kernel."""
    while isinstance(error, InterpreterError):
        error = error.__cause__
    return error if isinstance(error, DeftLabError) else None


@cache
def interpreter() -> Any:
    """The module triton.runtime.interpreter.

    Raises:
        DeftLabError: it lacks a name that deft_lab needs.
    """
    from triton.runtime import interpreter as module

    missing = [name for name in _NAMES if not hasattr(module, name)]
    if not missing:
        missing = [name for name in _BUILDER_NAMES if not hasattr(module.interpreter_builder, name)]
    if missing:
        raise DeftLabError(
            f"the interpreter of Triton {triton.__version__} has no {', '.join(missing)}; "
            "deft_lab interprets kernels with Triton 3.7.1: pip install triton==3.7.1"
        )
    return module


def _run(kernel: JITFunction, *args: Any, grid: Any, warmup: bool, **kwargs: Any) -> None:
    """In place of JITFunction.run: a launch."""
    with _language():
        _twin(kernel.fn).run(*args, grid=grid, warmup=warmup, **kwargs)


def _call(helper: JITFunction, *args: Any, **kwargs: Any) -> Any:
    """In place of JITFunction.__call__: a kernel calls a helper."""
    return _twin(helper.fn).rewrite()(*args, **kwargs)


def _bind(helper: JITFunction, instance: Any, owner: type | None = None) -> Any:
    """JITFunction.__get__: `x.sum(0)` is `tl.sum(x, 0)`; elsewhere a JITFunction binds to nothing."""
    return partial(helper, instance) if isinstance(instance, tl.tensor) else helper


@cache
def _twin(fn: FunctionType) -> Any:
    """The interpreted twin of a kernel's Python function."""
    twin = interpreter().InterpretedFunction(fn)
    names = set(fn.__globals__)
    twin.rewrite()
    # the rewriter leaves all names of the interpreter (np, math, ...) in the kernel's module; a kernel that
    # forgot an import must not pass because of them. Rewritten code needs this one
    for name in set(fn.__globals__) - names - {"interpreter_semantic"}:
        del fn.__globals__[name]
    return twin


@contextmanager
def _language() -> Iterator[None]:
    """Make the functions of triton.language compute, once for the launch and all helpers it calls."""
    module = interpreter()
    builder = module.interpreter_builder
    # kernels see `tl`; the helpers of triton.language see `core`
    patched = module._patch_lang(SimpleNamespace(__globals__={"tl": tl, "core": tl.core}))
    # Triton 3.6's own fails under NumPy 2.4: no kernel can loop to a bound that it has loaded
    patched.set_attr(tl.tensor, "__index__", lambda scalar: int(scalar.handle.data.item()))
    try:
        with (
            swapped(module, _patch_lang=lambda fn: module._LangPatchScope()),
            swapped(
                builder,
                # overflow of integers takes a third of the time, and is not even reported unless debug is on
                options=replace(builder.options, sanitize_overflow=False),
                cast_impl=partial(_cast, builder.cast_impl),
                create_dot=partial(_dot, builder.create_dot),
                binary_op=_refusing_bfloat16(builder.binary_op),
                unary_op=_refusing_bfloat16(builder.unary_op),
                create_fma=_refusing_bfloat16(builder.create_fma),
            ),
        ):
            yield
    finally:
        patched.restore()


def _is_bfloat16(handle: Any) -> bool:
    dtype = getattr(handle, "dtype", None)  # NumPy's functions pass here too
    return isinstance(dtype, tl.dtype) and dtype.scalar.is_bf16()


def _widened(handle: Any) -> Any:
    """bfloat16 as float32, exactly; anything else as it is."""
    if not _is_bfloat16(handle):
        return handle
    data = (handle.data.astype(np.uint32) << 16).view(np.float32)
    return interpreter().TensorHandle(data, tl.float32)


def _cast(triton_cast: Callable[..., Any], source: Any, target: tl.dtype) -> Any:
    """To bfloat16 to the nearest, ties to even, as a GPU rounds; Triton's interpreter cuts digits off."""
    if _is_bfloat16(source) or not target.scalar.is_bf16():
        source = _widened(source)
        return source if target.scalar == source.dtype.scalar else triton_cast(source, target)
    numbers = source.data.astype(np.float32)
    bits = numbers.view(np.uint32)
    rounded = ((bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    rounded = np.where(np.isnan(numbers), np.uint16(0x7FC0), rounded)
    return interpreter().TensorHandle(rounded, target.scalar)


def _dot(triton_dot: Callable[..., Any], a: Any, b: Any, *more: Any) -> Any:
    return triton_dot(_widened(a), _widened(b), *more)


def _refusing_bfloat16(compute: Callable[..., Any]) -> Callable[..., Any]:
    def checked(*handles: Any) -> Any:
        if any(map(_is_bfloat16, handles)):
            raise DeftLabError(
                "arithmetic on bfloat16, which the interpreter cannot do; "
                "convert with .to(tl.float32) after the load"
            )
        return compute(*handles)

    return checked
