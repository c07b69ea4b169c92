"""Weights alone, written by format."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from shared.domain.errors import StepRefused
from workers.weights.keras_weights_writer import write_keras_weights
from workers.weights.safetensors_writer import write_safetensors
from workers.weights.state_dict_writer import write_state_dict
from workers.weights.tf_checkpoint_writer import write_checkpoint
from workers.weights.variables import Sink, Variable

UNTIED: Final[Mapping[str, str]] = MappingProxyType({})


def write_weights(
    path: Path,
    format: str,
    variables: Mapping[str, Variable],
    ties: Mapping[str, str] = UNTIED,
) -> AbstractContextManager[Sink]:
    """A sink for all of these variables, which are written within the block.

    Args:
        path: a file that is made or written over, or a folder where the format is a tree.
        variables: by name, in the order in which they shall be listed.
        ties: from each name that shares its memory with an earlier one to that one; a
            state_dict keeps it so, and every other format holds the values twice.

    Raises:
        StepRefused: the format has no such type, or a variable got no value.
    """
    match format:
        case "safetensors":
            return write_safetensors(path, variables)
        case "state-dict":
            return write_state_dict(path, variables, ties)
        case "tf-checkpoint":
            return write_checkpoint(path, variables)
        case "keras-weights":
            return write_keras_weights(path, variables)
        case _:
            raise StepRefused(f"Weights alone cannot be written as {format}.")
