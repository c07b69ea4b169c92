"""Running files: which variable goes where, decided by what a Keras archive and an exported
program compute."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from shared.domain.formats import KERAS, PT2
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program
from workers.tensorflow_bridge import keras_models, keras_runs
from workers.transplant.examples import KERAS as IN_KERAS
from workers.transplant.examples import PYTORCH as IN_PYTORCH
from workers.transplant.expressions import Read
from workers.transplant.live_keras import KerasWeights, named
from workers.transplant.live_torch import TorchWeights
from workers.transplant.moves import Left, Transfer
from workers.transplant.running import by_running
from workers.transplant.simplifying import substituted
from workers.verification.dims import batch_names, lengths
from workers.verification.match import match, narrowed
from workers.verification.samples import generate
from workers.weights.keras_archive import called
from workers.weights.variables import Weights

RUN: Final = {KERAS.name, PT2.name}
"""The formats of the two: programs of TorchScript cannot be listened to, and names of HDF5 files
are not those of the models in them."""

LARGEST: Final = 1 << 26
"""Elements of both models' variables: both are held here once more, and what every layer gives."""

BATCH: Final = 3


@dataclass(frozen=True, slots=True)
class File:
    """A model, and its variables by the names that its file has for them."""

    path: Path
    format: str
    weights: Weights


def by_running_files(source: File, template: File) -> Transfer | None:
    """The transfer with which both models compute the same, found by running them on inputs drawn
    at random. None where they were not run, or compute something else with every one tried: then
    names and places are all there is, and the verification has the last word.

    Raises:
        Exception: whatever a library raises; models are of anybody's making.
    """
    if {source.format, template.format} != RUN or _elements(source, template) > LARGEST:
        return None
    archive, program = sorted((source, template), key=lambda each: each.format)
    model = keras_models.load(archive.path, f".{KERAS.name}")
    keras = KerasWeights(model)
    torch, example = _program(program, model)
    one, other = (keras, torch) if archive is source else (torch, keras)
    found = by_running(one, other, example, keep=False)
    if found is None or not found.agrees:
        return None
    ids = {id(variable): name for name, _, variable in called(model)}
    names = {name: ids[id(variable)] for name, variable in named(model) if id(variable) in ids}
    return _renamed(found.transfer, names, template.weights)


def _elements(*files: File) -> int:
    return sum(prod(each.shape) for file in files for each in file.weights.variables.values())


def _program(file: File, model: Any) -> tuple[TorchWeights, Mapping[str, Any]]:
    """The program as modules, and inputs for it and for Keras's model."""
    from torch.export import unflatten

    program = load_program(file.path)
    own, other = keras_runs.signature(model), signature_of(program)
    signature = narrowed(own, other)
    extents = next(lengths(signature)) | dict.fromkeys(batch_names(signature), BATCH)
    case = generate(signature, extents, scale=1.0, seed=(0,))
    taken = match(own, other).inputs(case.inputs)
    example = {
        IN_KERAS: [case.inputs[each.name] for each in own.inputs],
        IN_PYTORCH: [taken[each.name] for each in other.inputs],
    }
    return TorchWeights(unflatten(program), file.weights.layers), example


def _renamed(found: Transfer, names: Mapping[str, str], template: Weights) -> Transfer | None:
    """With the names of the files; None where one side has variables that the other lacks."""
    reads = {name: Read(told) for name, told in names.items()}
    moves = {
        names.get(each.target, each.target): (each, substituted(each.value, reads))
        for each in found.moves
    }
    left = {names.get(each.name, each.name) for each in found.unfilled}
    if {*moves, *left} != set(template.variables):
        return None
    return Transfer(
        tuple(
            type(move)(name, value, move.words, move.confidence, move.because)
            for name in template.variables
            if name in moves
            for move, value in [moves[name]]
        ),
        tuple(_left(each, names) for each in found.unread),
        tuple(_left(each, names) for each in found.unfilled),
        notes=found.notes,
    )


def _left(left: Left, names: Mapping[str, str]) -> Left:
    return Left(names.get(left.name, left.name), left.why, left.meant)
