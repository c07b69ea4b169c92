"""Branching: two branches of which the input decides, as one call of a program."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from workers.onnx_graph.bodies import Body
from workers.onnx_torch.operands import Lifted, lifted


def branched(condition: Any, then: Body, other: Body) -> tuple[Tensor, ...]:
    """Both branches, which must give tensors of the same types and ranks."""
    one, two = lifted(then), lifted(other)
    operands = list({id(each): each for each in (*one.tensors, *two.tensors)}.values())
    places = {id(each): place for place, each in enumerate(operands)}

    def run(branch: Lifted, given: Sequence[Tensor]) -> tuple[Tensor, ...]:
        return tuple(branch.outputs([given[places[id(each)]] for each in branch.tensors]))

    def first(*given: Tensor) -> tuple[Tensor, ...]:
        return run(one, given)

    def second(*given: Tensor) -> tuple[Tensor, ...]:
        return run(two, given)

    holds = then.tensor(condition).reshape(())
    return tuple(torch.ops.higher_order.cond(holds, first, second, tuple(operands)))
