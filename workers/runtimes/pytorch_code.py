"""Run the code of a source package: only ever in a child, which is made for such things."""

import contextlib
import importlib.util
import inspect
import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError
from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Signature, Tensor
from workers.runtimes.output_names import joined, unique
from workers.runtimes.torch_arrays import numpy_name

CODE: Final = "model.py"
SIGNATURE: Final = "signature.json"
MODULE: Final = "source_package_model"
CONTRACT: Final = (
    "A package's model.py defines build(), which gives an nn.Module with its weights loaded, and"
    " example_inputs(), which gives a tuple of tensors for it."
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Package:
    """A module in evaluation mode, an example for it, and what it takes and gives."""

    module: Any
    examples: tuple[Any, ...]
    signature: Signature


def load_package(folder: Path) -> Package:
    """Run `model.py` and build its module.

    Raises:
        InvalidModel: the code raises, or does not define what a package must; which line is said.
    """
    import torch

    code = _imported(folder)
    module = _made(code, "build", folder)
    if not isinstance(module, torch.nn.Module):
        raise InvalidModel(
            f"build() in model.py gives a {type(module).__name__}, not an nn.Module. {CONTRACT}",
            node="build",
        )
    given = _made(code, "example_inputs", folder)
    if not isinstance(given, tuple) or not all(isinstance(each, torch.Tensor) for each in given):
        raise InvalidModel(
            f"example_inputs() in model.py gives no tuple of tensors. {CONTRACT}",
            node="example_inputs",
        )
    module = module.eval()
    return Package(module, given, _signature(folder, module, given))


def _imported(folder: Path) -> Any:
    """The code as a module. Its neighbours can be imported by it while it loads."""
    spec = importlib.util.spec_from_file_location(MODULE, folder / CODE)
    if spec is None or spec.loader is None:
        raise InvalidModel(f"{CODE} cannot be imported. {CONTRACT}")
    code = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = code
    sys.path.insert(0, str(folder))
    loader = spec.loader
    try:
        _guarded(lambda: loader.exec_module(code), folder, "model.py raises when it is imported")
    finally:
        sys.path.remove(str(folder))
    return code


def _made(code: Any, name: str, folder: Path) -> Any:
    function = getattr(code, name, None)
    if not callable(function):
        raise InvalidModel(f"model.py defines no {name}(). {CONTRACT}", node=name)
    return _guarded(function, folder, f"{name}() in model.py raises")


def _guarded(function: Callable[[], T], folder: Path, what: str) -> T:
    try:
        with quiet():
            return function()
    except (Exception, SystemExit) as error:
        line = _line_of(error, folder)
        reason = (str(error).strip().splitlines() or ["no message"])[0]
        raise InvalidModel(
            f"{what}{line}: {type(error).__name__}: {reason[:300]}", node=what.partition(" ")[0]
        ) from error


def _line_of(error: BaseException, folder: Path) -> str:
    """Where in the package it happened."""
    if isinstance(error, SyntaxError) and error.lineno:
        return f" (line {error.lineno})"
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(folder / CODE):
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f" (line {lines[-1]})" if lines else ""


def _signature(folder: Path, module: Any, examples: tuple[Any, ...]) -> Signature:
    """What the package says of itself; else what its example shows, with every length fixed."""
    path = folder / SIGNATURE
    if path.is_file():
        try:
            signature = Signature.model_validate_json(path.read_bytes())
        except ValidationError as error:
            raise InvalidModel(
                f"{SIGNATURE} is not as it should be: {error.errors()[0]['msg']}. Delete it to"
                " have the example inputs looked at instead."
            ) from error
        if len(signature.inputs) != len(examples):
            raise InvalidModel(
                f"{SIGNATURE} lists {len(signature.inputs)} inputs, example_inputs() gives"
                f" {len(examples)}."
            )
        return signature
    return _guarded(lambda: _shown(module, examples), folder, "forward() in model.py raises")


def _shown(module: Any, examples: tuple[Any, ...]) -> Signature:
    import torch

    parameters = list(inspect.signature(module.forward).parameters)
    names = [*parameters, *(f"input_{place}" for place in range(len(parameters), len(examples)))]
    with torch.inference_mode():
        paths, _ = torch.utils._pytree.tree_flatten_with_path(module(*examples))  # noqa: SLF001 - torch has no public one
    tensors = [(path, each) for path, each in paths if isinstance(each, torch.Tensor)]
    lone = len(paths) == 1 and not paths[0][0]
    called = ["output"] if lone else unique([_written(path) for path, _ in tensors])
    return Signature(
        inputs=tuple(map(_described, names, examples)),
        outputs=tuple(map(_described, called, (each for _, each in tensors))),
    )


def _described(name: str, tensor: Any) -> Tensor:
    return Tensor(name=name, dtype=numpy_name(tensor.dtype), shape=tuple(tensor.shape))


def _written(path: tuple[Any, ...]) -> str:
    return joined(
        [str(getattr(key, "key", getattr(key, "name", getattr(key, "idx", key)))) for key in path]
    )


class _Nowhere(io.TextIOBase):
    """Takes whatever is printed, and keeps none of it."""

    @override
    def write(self, text: str) -> int:
        return len(text)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Let the package's code print: its words are no progress of the step's."""
    with contextlib.redirect_stdout(_Nowhere()), contextlib.redirect_stderr(_Nowhere()):
        yield
