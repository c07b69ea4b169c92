"""Run the code of a source package: only ever in a child, which is made for such things."""

import importlib.util
import inspect
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Signature
from workers.runtimes.pytorch_contained import guarded
from workers.runtimes.pytorch_signature import signature_of
from workers.runtimes.pytorch_weights import Weights, fill, weights_in

CODE: Final = "model.py"
MODULE: Final = "source_package_model"
GIVEN: Final = "weights"
CONTRACT: Final = (
    "A package's model.py defines build() or build(weights), which gives an nn.Module, and"
    " example_inputs(), which gives a tuple of tensors for it."
)


@dataclass(frozen=True, slots=True)
class Package:
    """A module in evaluation mode, an example for it, and what it takes and gives.

    `weights` says which file the module was given by us, where it was.
    """

    module: Any
    examples: tuple[Any, ...]
    signature: Signature
    weights: str | None = None


def load_package(folder: Path) -> Package:
    """Judge the weights, run `model.py` and build its module.

    Raises:
        InvalidModel: the code raises, or does not define what a package must; which line is said.
        PickledModule, TruncatedFile: a file of weights is a pickle, or cut. No code has run then.
    """
    sets = weights_in(folder)
    code = _imported(folder)
    module, filled = _built(code, folder, sets)
    given = guarded(
        _defined(code, "example_inputs"), folder, "example_inputs() in model.py raises"
    )
    examples = _examples(given)
    signature, examples = signature_of(folder, module, examples)
    return Package(module, examples, signature, filled)


def _imported(folder: Path) -> Any:
    """The code as a package, so that its neighbours can be imported by name and relatively."""
    spec = importlib.util.spec_from_file_location(
        MODULE, folder / CODE, submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        raise InvalidModel(f"{CODE} cannot be imported. {CONTRACT}")
    code = importlib.util.module_from_spec(spec)
    _forget_the_last()
    sys.modules[MODULE] = code
    loader = spec.loader
    guarded(lambda: loader.exec_module(code), folder, "model.py raises when it is imported")
    return code


def _forget_the_last() -> None:
    """Two packages may be run by one step, and both may have a layers.py."""
    last = sys.modules.get(MODULE)
    if last is None:
        return
    folder = Path(last.__path__[0])
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and Path(path).is_relative_to(folder):
            del sys.modules[name]


def _built(code: Any, folder: Path, sets: Sequence[Weights]) -> tuple[Any, str | None]:
    """The module, and the name of the weights that it got from us."""
    import torch

    build = _defined(code, "build")
    wants = _wants_weights(build)
    what = "build() in model.py raises"
    if wants:
        if len(sets) != 1:
            held = ", ".join(each.name for each in sets) or "none"
            raise InvalidModel(
                f"build(weights) gets the weights of one file or one index; the package holds"
                f" {held}. Send the one, or load them in a build() without arguments.",
                node="build",
            )
        tensors = sets[0].read()
        module = guarded(lambda: build(**{GIVEN: tensors}), folder, what)
    else:
        module = guarded(build, folder, what)
    if not isinstance(module, torch.nn.Module):
        raise InvalidModel(
            f"build() in model.py gives a {type(module).__name__}, not an nn.Module. {CONTRACT}",
            node="build",
        )
    filled = wants or (len(sets) == 1 and fill(module, sets[0]))
    return module.eval(), sets[0].name if filled else None


def _wants_weights(build: Any) -> bool:
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [
        each.name
        for each in parameters
        if each.default is each.empty and each.kind not in {each.VAR_POSITIONAL, each.VAR_KEYWORD}
    ]
    if set(needed) - {GIVEN}:
        raise InvalidModel(
            f"build() in model.py takes {', '.join(needed)}. It is called without arguments, or"
            f" with {GIVEN} alone. {CONTRACT}",
            node="build",
        )
    return any(each.name == GIVEN for each in parameters)


def _defined(code: Any, name: str) -> Any:
    function = getattr(code, name, None)
    if not callable(function):
        raise InvalidModel(f"model.py defines no {name}(). {CONTRACT}", node=name)
    return function


def _examples(given: Any) -> tuple[Any, ...]:
    """A lone tensor and a list are a tuple to us."""
    import torch

    examples = (given,) if isinstance(given, torch.Tensor) else given
    if (
        not isinstance(examples, tuple | list)
        or not examples
        or not all(isinstance(each, torch.Tensor) for each in examples)
    ):
        raise InvalidModel(
            f"example_inputs() in model.py gives no tuple of tensors. {CONTRACT}",
            node="example_inputs",
        )
    return tuple(examples)
