"""Weights: the constants of a graph as parameters and buffers of one module."""

from collections.abc import Container, Iterable, Mapping
from typing import Any

import torch
from torch import nn

from workers.onnx_graph.values import Constant
from workers.onnx_torch.dtypes import tensor_of
from workers.onnx_torch.naming import FOREIGN, SEPARATORS


class Weights:
    """Makes the tensor of each constant once.

    An initializer becomes a parameter (floats) or a buffer of `module`, under its path:
    `layer1.0.conv1.weight` lies in `layer1`, `0` and `conv1`. Other constants are made when
    they are first wanted, and scalars, which are numbers rather than weights.
    """

    def __init__(
        self, module: nn.Module, constants: Iterable[Constant], paths: Mapping[str, str]
    ) -> None:
        self.module = module
        self._paths: dict[str, str] = {}
        self._others: dict[int, tuple[Constant, torch.Tensor]] = {}
        for each in constants:
            if each.name and each.array.ndim and each.array.dtype.kind not in "OUS":
                path = paths.get(each.name, each.name)
                self._paths[each.name] = _register(module, each, path)

    def tensor(self, constant: Constant) -> torch.Tensor:
        """The tensor; that of the module as it is now, which a tracer may have swapped."""
        if constant.name in self._paths:
            return _attribute(self.module, self._paths[constant.name])
        if not constant.array.ndim and torch.compiler.is_exporting():
            return _scalar(constant)
        kept = self._others.get(id(constant))
        if kept is None or kept[0] is not constant:
            if torch.compiler.is_exporting():
                return tensor_of(constant.array)
            kept = self._others[id(constant)] = (constant, tensor_of(constant.array))
        return kept[1]

    def path(self, name: str) -> str | None:
        """Where an initializer lies in the module."""
        return self._paths.get(name)


def _scalar(constant: Constant) -> torch.Tensor:
    """A call that makes the number: a tensor would have to be handed into branches and loops."""
    tensor = tensor_of(constant.array)
    return torch.full((), tensor.item(), dtype=tensor.dtype)


def _register(module: nn.Module, constant: Constant, wanted: str) -> str:
    named = [part for part in SEPARATORS.split(wanted) if part]
    *folders, leaf = [FOREIGN.sub("_", part) for part in named] or ["weight"]
    here: Any = module
    path: list[str] = []
    for folder in folders:
        name = _free(here, folder, among=here._modules)  # noqa: SLF001 - no public way to ask
        if name not in here._modules:  # noqa: SLF001 - as above
            here.add_module(name, nn.Module())
        here = here.get_submodule(name)
        path.append(name)
    leaf = _free(here, leaf, among={})
    tensor = tensor_of(constant.array)
    if tensor.is_floating_point() or tensor.is_complex():
        here.register_parameter(leaf, nn.Parameter(tensor, requires_grad=False))
    else:
        here.register_buffer(leaf, tensor)
    return ".".join((*path, leaf))


def _free(module: Any, name: str, among: Container[str]) -> str:
    """The name with as many underscores behind it as it takes to be free, or `among` those
    that may be shared. `training`, `type` and the like belong to every module."""
    while name not in among and hasattr(module, name):
        name += "_"
    return name


def _attribute(module: Any, path: str) -> torch.Tensor:
    found = module
    for part in path.split("."):
        found = getattr(found, part)
    tensor: torch.Tensor = found
    return tensor
