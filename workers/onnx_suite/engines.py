"""Engines: what the cases are run on.

An engine is a module with a function `run_model(path)` that reads a model and gives a callable
from a list of inputs, in the graph's order, to the list of outputs. Values are numpy arrays
(bfloat16, float8 and 4-bit ones by ml_dtypes, text as arrays of `str` objects), lists for
sequences, dicts for maps and None for an empty optional. `PRELOAD`, where the module has it,
names what its children would import.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Final

Run = Callable[[Sequence[Any]], list[Any]]

OWN: Final = {
    "pytorch": "workers.onnx_torch.running",
    "tensorflow": "workers.onnx_tensorflow.running",
}

BESIDE: Final = "bench.backends"
"""Where a checkout has the engines that ours are compared with."""

ALWAYS: Final = ("numpy", "ml_dtypes", "onnx", "onnx.inliner", "google.protobuf.message")
OF_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "pytorch": ("torch", "torch.fx"),
    "tensorflow": ("tensorflow",),
}


def engine_named(name: str) -> ModuleType:
    """The module of `pytorch`, of `tensorflow`, of a known engine, or of that dotted name.

    Raises:
        ModuleNotFoundError: there is none.
        TypeError: it has no `run_model`.
    """
    module = import_module(OWN.get(name, name if "." in name else f"{BESIDE}.{name}"))
    if not callable(getattr(module, "run_model", None)):
        raise TypeError(f"{module.__name__} has no function run_model(path)")
    return module


def preload(name: str, engine: ModuleType) -> None:
    """Import what `engine`, which goes by that name, will need, and execute nothing.

    A fork of a process that has run a framework hangs.

    Raises:
        ImportError: a library is missing.
    """
    for each in (*ALWAYS, *OF_OWN.get(name, ()), *getattr(engine, "PRELOAD", ())):
        import_module(each)


def load(engine: ModuleType, path: Path) -> Run:
    """Read a model with it."""
    run: Run = engine.run_model(path)
    return run
