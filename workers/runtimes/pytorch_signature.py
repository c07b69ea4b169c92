"""What a source package takes and gives: as its signature.json says, else as its example shows."""

import inspect
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Dim, Signature, Tensor
from workers.runtimes.output_names import joined, unique
from workers.runtimes.pytorch_contained import contained, guarded
from workers.torch_files.arrays import numpy_name

SIGNATURE: Final = "signature.json"
BATCH: Final = "batch"


def signature_of(
    folder: Path, module: Any, examples: tuple[Any, ...]
) -> tuple[Signature, tuple[Any, ...]]:
    """The signature, and examples to export with.

    Without a signature.json the first axis may vary where all inputs share its length and the
    module runs with one more; every other length is the example's.

    Raises:
        InvalidModel: signature.json does not fit, or the module does not run on its example.
    """
    path = folder / SIGNATURE
    if path.is_file():
        return _said(path, examples), examples
    what = "forward() in model.py raises"
    shown = guarded(lambda: _outputs(module, examples), folder, what)
    if not shown:
        raise InvalidModel("forward() in model.py gives no tensor.", node="forward")
    more = _one_more(examples)
    other = _tried(module, more) if more else None
    names = _input_names(module, len(examples))
    if more is None or other is None or other.keys() != shown.keys():
        fixed = Signature(
            inputs=tuple(map(_fixed, names, examples)),
            outputs=tuple(_fixed(name, each) for name, each in shown.items()),
        )
        return fixed, examples
    opened = Signature(
        inputs=tuple(map(_open, names, examples, more)),
        outputs=tuple(_open(name, each, other[name]) for name, each in shown.items()),
    )
    return opened, more if examples[0].shape[0] == 1 else examples  # 1 is never left open


def _said(path: Path, examples: tuple[Any, ...]) -> Signature:
    try:
        signature = Signature.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InvalidModel(
            f"{SIGNATURE} is not as it should be: {error.errors()[0]['msg']}. Delete it to have"
            " the example inputs looked at instead."
        ) from error
    if len(signature.inputs) != len(examples):
        raise InvalidModel(
            f"{SIGNATURE} lists {len(signature.inputs)} inputs, example_inputs() gives"
            f" {len(examples)}."
        )
    return signature


def _outputs(module: Any, examples: tuple[Any, ...]) -> dict[str, Any]:
    import torch

    with torch.inference_mode():
        paths, _ = torch.utils._pytree.tree_flatten_with_path(module(*examples))  # noqa: SLF001 - torch has no public one
    tensors = [(path, each) for path, each in paths if isinstance(each, torch.Tensor)]
    lone = len(paths) == 1 and not paths[0][0]
    called = ["output"] if lone else unique([_written(path) for path, _ in tensors])
    return dict(zip(called, (each for _, each in tensors), strict=True))


def _one_more(examples: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """The examples with their first sample once more; None where they share no batch."""
    import torch

    lengths = {each.shape[0] if each.ndim else 0 for each in examples}
    if len(lengths) > 1 or 0 in lengths:
        return None
    return tuple(torch.cat([each, each[:1]]) for each in examples)


def _tried(module: Any, examples: tuple[Any, ...]) -> dict[str, Any] | None:
    try:
        with contained():
            return _outputs(module, examples)
    except Exception:  # noqa: BLE001 - whatever it raises, its batch is fixed
        return None


def _input_names(module: Any, count: int) -> list[str]:
    known = inspect.signature(module.forward).parameters.values()
    names = [each.name for each in known if each.kind is not each.VAR_POSITIONAL]
    return [*names, *(f"input_{place}" for place in range(len(names), count))][:count]


def _fixed(name: str, tensor: Any) -> Tensor:
    return Tensor(name=name, dtype=numpy_name(tensor.dtype), shape=tuple(tensor.shape))


def _open(name: str, one: Any, more: Any) -> Tensor:
    pairs = zip(one.shape, more.shape, strict=True)
    return Tensor(
        name=name, dtype=numpy_name(one.dtype), shape=tuple(_dim(a, b) for a, b in pairs)
    )


def _dim(one: int, more: int) -> Dim:
    if one == more:
        return one
    return BATCH if more == one + 1 else None


def _written(path: tuple[Any, ...]) -> str:
    return joined(
        [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path]
    )
