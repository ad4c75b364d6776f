"""What torch.compile makes of a model: matrix products that share their input become one, and more is kept.

A Llama layer multiplies the same hidden states by three matrices (queries, keys, values), later by two (gate,
up). For the few rows of a decode step each product is a read of its matrix, and small matrices are read
slowly: too few programs for the GPU, and a launch each. So the rows of all of them are laid into one matrix;
the model's own parameters become views of it: no weight is there twice, and the model stays what it was.

The cosines and sines of positions serve all layers. torch would rather compute them anew in each, so that
nothing need be stored; here that takes longer than to read them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from operator import getitem
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.nn import Linear, Module, Parameter
from torch.nn.functional import linear

MANY = 8  # users of a value; within a layer none has so many
SIBLINGS = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))  # as transformers names them


def lay_together(model: Module) -> None:
    """Siblings without bias share their memory from now on, row after row; who holds addresses is misled."""
    for module in list(model.modules()):
        for names in SIBLINGS:
            layers = [getattr(module, name, None) for name in names]
            if all(_is_plain_layer(layer) for layer in layers):
                _lay([layer.weight for layer in layers])


def _is_plain_layer(layer: Any) -> bool:
    """Not one that holds its weight in parts or in fewer bits, as subclasses do."""
    return type(layer) is Linear and layer.bias is None and type(layer.weight) is Parameter


def _lay(weights: Sequence[Parameter]) -> None:
    if _follow(weights) or len({(w.dtype, w.device, w.shape[1:]) for w in weights}) > 1:
        return
    whole = torch.cat([weight.data for weight in weights])
    for weight, rows in zip(weights, whole.split([len(weight) for weight in weights]), strict=True):
        weight.data = rows


def _follow(weights: Sequence[Tensor]) -> bool:
    """Whether the rows of each follow those of the one before, in memory that is theirs."""
    first, at = weights[0], weights[0].storage_offset()
    for weight in weights:
        if (weight.untyped_storage().data_ptr(), weight.storage_offset()) != (
            first.untyped_storage().data_ptr(), at,
        ) or not weight.is_contiguous() or weight.shape[1:] != first.shape[1:]:  # fmt: skip
            return False
        at += weight.numel()
    return True


def compile_joined(graph: GraphModule, inputs: Sequence[Any]) -> Callable[..., Any]:
    """A backend of torch.compile: join, then compile as torch does by default."""
    from torch._inductor.compile_fx import compile_fx

    join(graph, inputs)
    keep_shared(graph)
    return compile_fx(graph, list(inputs))


def join(graph: GraphModule, inputs: Sequence[Any]) -> int:
    """Join products in a graph whose weights lie together; gives how many products are gone.

    Args:
        graph: as torch.compile hands it to a backend; its parameters are inputs.
        inputs: one for each placeholder.
    """
    holders = [node for node in graph.graph.nodes if node.op == "placeholder"]
    weights = {n: x for n, x in zip(holders, inputs, strict=True) if isinstance(x, Parameter)}
    of_input: dict[Node, list[Node]] = defaultdict(list)
    for node in graph.graph.nodes:
        if node.target is linear and _is_plain(node, weights):
            of_input[node.args[0]].append(node)
    gone = 0
    for products in of_input.values():
        mine = [weights[product.args[1]] for product in products]
        if len(products) > 1 and _follow(mine):
            _replace(graph, products, [len(weight) for weight in mine], mine[0].shape[1])
            gone += len(products) - 1
    graph.recompile()
    return gone


def keep_shared(graph: GraphModule) -> int:
    """Store what many layers use, instead of computing it in each; gives how much was found."""
    shared = [
        node
        for node in graph.graph.nodes
        if node.op in ("call_function", "call_method") and len(node.users) >= MANY and _is_float(node)
    ]
    for node in shared:
        with graph.graph.inserting_after(node):
            stored = graph.graph.call_function(torch.ops.deft_lab.stored.default, (node,))
        node.replace_all_uses_with(stored, delete_user_cb=lambda user, stored=stored: user is not stored)
    graph.recompile()
    return len(shared)


@torch.library.custom_op("deft_lab::stored", mutates_args=())
def stored_op(x: Tensor) -> Tensor:
    """A copy: a border that no fusion crosses."""
    return x.clone()


@stored_op.register_fake
def _(x: Tensor) -> Tensor:
    return torch.empty_like(x)


def _is_float(node: Node) -> bool:
    value = node.meta.get("example_value")
    return isinstance(value, Tensor) and value.is_floating_point()


def _is_plain(node: Node, weights: dict[Node, Parameter]) -> bool:
    """Whether it multiplies by a parameter and adds nothing."""
    return len(node.args) == 3 and node.args[2] is None and not node.kwargs and node.args[1] in weights


def _replace(graph: GraphModule, products: Sequence[Node], rows: Sequence[int], width: int) -> None:
    first = products[0]
    x, weight = first.args[:2]
    with graph.graph.inserting_before(first):
        call = graph.graph.call_function
        whole = call(torch.as_strided, (weight, (sum(rows), width), (width, 1)))
        parts = call(torch.split, (call(linear, (x, whole)), list(rows), -1))
        for number, product in enumerate(products):
            product.replace_all_uses_with(call(getitem, (parts, number)))
    for product in products:
        graph.graph.erase_node(product)
