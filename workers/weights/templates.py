"""Templates: models that are kept as they are but for their weights."""

import zipfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from shared.domain.errors import StepRefused
from workers.torch_files.arrays import to_torch
from workers.weights import pt2, safetensors_files, state_dict, torchscript
from workers.weights.checking import Checklist
from workers.weights.checkpoint_filling import fill_checkpoint, fill_savedmodel
from workers.weights.dtypes import cast
from workers.weights.hdf5_filling import fill_h5, fill_keras
from workers.weights.section_filling import fill_sections
from workers.weights.variables import Array, Sink


def fill_template(  # noqa: PLR0911 - one for each format
    template: Path, format: str, target: Path
) -> AbstractContextManager[Sink]:
    """A sink for the weights of a copy of the template, written within the block.

    A variable that is not written keeps the template's value. What is written is cast to the
    template's type.

    Args:
        template: what `Runtime.prepare` gives: a file, or the unpacked folder of a tree.
        target: a file that is made or written over, or a folder where the template is one.

    Raises:
        InvalidModel: the template is damaged, or its weights are constants.
        PickledModule: it holds objects of classes.
        StepRefused: the format is none whose weights can be replaced.
    """
    match format:
        case "keras":
            return fill_keras(template, target)
        case "keras-h5" | "keras-weights":
            return fill_h5(template, target)
        case "savedmodel":
            return fill_savedmodel(template, target)
        case "tf-checkpoint":
            return fill_checkpoint(template, target)
        case "pt2":
            return fill_sections(template, target, pt2.locate)
        case "torchscript":
            return fill_sections(template, target, torchscript.locate)
        case "safetensors":
            return fill_sections(template, target, safetensors_files.locate)
        case "state-dict":
            if zipfile.is_zipfile(template):
                return fill_sections(template, target, state_dict.locate)
            return _fill_legacy(template, target)
        case _:
            raise StepRefused(f"A {format} cannot be a template: its weights cannot be replaced.")


@contextmanager
def _fill_legacy(template: Path, target: Path) -> Iterator[Sink]:
    """What torch.save wrote before zips has to be in memory as a whole."""
    import torch

    with state_dict.open_state_dict(template) as store:
        variables, ties = store.variables, store.ties
    saved = state_dict.load_legacy(template)
    tensors, _ = state_dict.weights_of(saved, torch.Tensor)
    checklist = Checklist(variables, ties)

    class _Sink:
        def write(self, name: str, array: Array) -> None:
            """See Sink."""
            variable = checklist.admit(name, array)
            if not checklist.stands(name, array):
                tensors[name].data.copy_(to_torch(cast(name, array, variable.dtype)))

    yield _Sink()
    torch.save(saved, target)
