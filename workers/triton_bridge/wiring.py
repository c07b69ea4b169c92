"""Wiring: an ensemble of models in a row, each fed by those before it.

A step's input is the tensor of the same name, else the only one of the same data type and
fitting dims; the first step's inputs are the ensemble's, and what nobody reads is its output.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared.domain.errors import InvalidOptions
from workers.triton_bridge.flow import Port, ports
from workers.triton_bridge.protobuf import messages
from workers.triton_bridge.rules import ENSEMBLE


@dataclass
class _Board:
    """Ensemble tensors by the name that the ensemble has for them."""

    tensors: dict[str, Port] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    inputs: list[str] = field(default_factory=list)

    def add(self, port: Port) -> str:
        """Under its own name, with the model's in front where that is taken."""
        name, number = port.name, 1
        while name in self.tensors:
            name = f"{port.model}_{port.name}" + (f"_{number}" if number > 1 else "")
            number += 1
        self.tensors[name] = port
        return name

    def feeding(self, port: Port) -> list[str]:
        """What could be this input: the latest of its name, else all outputs that fit it."""
        fitting = {name: each for name, each in self.tensors.items() if port.takes(each)}
        for name, each in reversed(fitting.items()):
            if each.name == port.name:
                return [name]
        return [name for name in fitting if name not in self.inputs]


def joined(names: Sequence[str], name: str, models: Mapping[str, Any]) -> Any:
    """The ModelConfig of the ensemble.

    Args:
        names: of its models, in order.
        models: the configs of the repository, by name.

    Raises:
        InvalidOptions: a name is not there, or an input fits no tensor or several.
    """
    config = messages().ModelConfig(name=name, platform=ENSEMBLE)
    config.version_policy.specific.versions.append(1)
    config.max_batch_size = _batch(_known(names, models))
    board = _Board()
    for position, each in enumerate(names):
        step = config.ensemble_scheduling.step.add(model_name=each, model_version=-1)
        _feed(step, ports(models[each], models[each].input), board, first=position == 0)
        for port in ports(models[each], models[each].output).values():
            step.output_map[port.name] = board.add(port)
    _frame(config, board)
    return config


def _known(names: Sequence[str], models: Mapping[str, Any]) -> list[Any]:
    for each in names:
        if each not in models:
            there = ", ".join(sorted(models))
            raise InvalidOptions(
                f"ensemble names {each!r}, and the repository has the models {there}.",
                field="options.ensemble",
            )
        if models[each].platform == ENSEMBLE:
            raise InvalidOptions(
                f"ensemble names {each!r}, which is an ensemble itself; name its models.",
                field="options.ensemble",
            )
    return [models[each] for each in names]


def _batch(models: Sequence[Any]) -> int:
    """The least of all; 0 where one does not batch: then the batch is a dimension like others."""
    return min(int(each.max_batch_size) for each in models)


def _feed(step: Any, takes: Mapping[str, Port], board: _Board, *, first: bool) -> None:
    if first:
        for port in takes.values():
            name = board.add(port)
            board.inputs.append(name)
            board.read.add(name)
            step.input_map[port.name] = name
        return
    for port in takes.values():
        found = board.feeding(port)
        if len(found) != 1:
            raise _unfed(port, found, board)
        step.input_map[port.name] = found[0]
        board.read.add(found[0])


def _unfed(port: Port, found: Sequence[str], board: _Board) -> InvalidOptions:
    if found:
        several = ", ".join(found)
        why = f"could be any of {several}: give one of them its name"
    else:
        there = "; ".join(each.said() for each in board.tensors.values())
        why = f"fits none of the tensors before it: {there}"
    return InvalidOptions(
        f"The ensemble cannot be joined: the input {port.said()} {why}.", field="options.ensemble"
    )


def _frame(config: Any, board: _Board) -> None:
    """The ensemble's own inputs, and as outputs all that no step reads."""
    for name, port in board.tensors.items():
        if name in board.inputs:
            entry = config.input.add(name=name)
        elif name not in board.read:
            entry = config.output.add(name=name)
        else:
            continue
        entry.data_type = messages().DataType.Value(port.dtype)
        entry.dims.extend(port.dims if config.max_batch_size else port.full)
