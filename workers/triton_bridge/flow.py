"""Flow: what Triton asks of an ensemble, whose steps hand tensors on.

Source: triton-inference-server/core, src/model_config_utils.cc
(ValidateEnsembleSchedulingConfig) and src/ensemble_scheduler/ensemble_utils.cc;
docs/user_guide/ensemble_models.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.errors import InvalidModel
from workers.triton_bridge.protobuf import type_name
from workers.triton_bridge.rules import fits


@dataclass(frozen=True, slots=True)
class Port:
    """A tensor of one model, as its config says: with the batch in `full`, without in `dims`."""

    model: str
    name: str
    dtype: str
    dims: tuple[int, ...]
    full: tuple[int, ...]

    def takes(self, other: "Port") -> bool:
        """Whether one may be the other: same data type, lengths that can agree."""
        return self.dtype == other.dtype and (
            fits(self.dims, other.dims) or fits(self.full, other.full)
        )

    def said(self) -> str:
        return f"{self.name!r} of {self.model!r} ({self.dtype}, {list(self.full)})"


def ports(config: Any, tensors: Any) -> dict[str, Port]:
    """The inputs or outputs of a model, by name."""
    batch = (-1,) if config.max_batch_size > 0 else ()
    return {
        each.name: Port(
            config.name,
            each.name,
            type_name(each.data_type),
            tuple(each.dims),
            (*batch, *each.dims),
        )
        for each in tensors
    }


def check_ensemble(config: Any, models: Mapping[str, Any]) -> None:
    """Hold an ensemble against the models of its repository.

    Raises:
        InvalidModel: a step's model is not there, an input has no source, a tensor is written
            twice, read by nobody, or of two kinds; or the batches are too large for a step.
    """
    for fault in _faults(config, models):
        raise InvalidModel(
            f"Triton would not load the ensemble {config.name!r}: {fault}.", node=config.name
        )


def _faults(config: Any, models: Mapping[str, Any]) -> Iterator[str]:
    known = ports(config, config.input)
    outside = set(known)
    ends = ports(config, config.output)
    read: set[str] = set()
    waiting = list(config.ensemble_scheduling.step)
    written = set(known)
    for step in waiting:
        if step.model_name not in models:
            yield f"there is no model {step.model_name!r} in the repository"
            return
        model = models[step.model_name]
        if 0 < model.max_batch_size < config.max_batch_size:
            yield (
                f"it takes batches of {config.max_batch_size}, and {step.model_name!r} only"
                f" {model.max_batch_size}"
            )
        takes, gives = ports(model, model.input), ports(model, model.output)
        yield from _mapped(step, takes, gives)
        for name, tensor in step.output_map.items():
            if tensor in written:
                yield f"the tensor {tensor!r} is written twice"
            written.add(tensor)
            yield from _agree(known, tensor, gives.get(name))
        for name, tensor in step.input_map.items():
            read.add(tensor)
            yield from _agree(known, tensor, takes.get(name))
    yield from _unready(config, outside)
    for name, end in ends.items():
        if name not in written:
            yield f"its output {name!r} is not written by any step"
        yield from _agree(known, name, end)
    for name in sorted(written - read - ends.keys()):
        yield f"the tensor {name!r} is used by nothing"


def _mapped(step: Any, takes: Mapping[str, Port], gives: Mapping[str, Port]) -> Iterator[str]:
    name = step.model_name
    for each in takes.keys() - step.input_map.keys():
        yield f"the input {each!r} of {name!r} gets no tensor"
    for each in step.input_map.keys() - takes.keys():
        yield f"{name!r} has no input {each!r}"
    for each in step.output_map.keys() - gives.keys():
        yield f"{name!r} has no output {each!r}"
    if not step.output_map:
        yield f"nothing of {name!r} is used"


def _agree(known: dict[str, Port], tensor: str, port: Port | None) -> Iterator[str]:
    if port is None:
        return
    before = known.setdefault(tensor, port)
    if not before.takes(port):
        yield f"the tensor {tensor!r} is {before.said()} and {port.said()}, which do not agree"


def _unready(config: Any, ready: set[str]) -> Iterator[str]:
    """Steps run as soon as all that they read is there; Triton does not mind their order."""
    there = set(ready)
    waiting = list(config.ensemble_scheduling.step)
    while waiting:
        able = [each for each in waiting if set(each.input_map.values()) <= there]
        if not able:
            missing = sorted(set(waiting[0].input_map.values()) - there)
            yield f"the step {waiting[0].model_name!r} waits for {missing[0]!r}, which never comes"
            return
        for each in able:
            there |= set(each.output_map.values())
        waiting = [each for each in waiting if each not in able]
