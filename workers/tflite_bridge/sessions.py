"""Sessions: a TensorFlow Lite model, loaded and called."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import FerryError, InvalidModel, UnsupportedOperator
from workers.runtime import Arrays
from workers.tflite_bridge.files import FLEX, Entry, Lite

UNRESOLVED: Final = re.compile(r"unresolved custom op: (\S+?)\.?(?:See|\s|$)")
UNKNOWN: Final = re.compile(r"Didn't find op for builtin opcode '(\w+)' version '(\d+)'")
SELECT: Final = "Select TensorFlow op"


def opened(path: Path, lite: Lite, entry: Entry) -> Callable[[Arrays], dict[str, NDArray[Any]]]:
    """The model as a callable on named arrays; inputs are resized to what they are given.

    Raises:
        UnsupportedOperator: it holds an operator that the interpreter does not have.
        InvalidModel: the interpreter cannot load it.
    """
    interpreter = _interpreter(path, lite)
    if entry.key is not None:
        runner = _loaded(lambda: interpreter.get_signature_runner(entry.key), lite)

        def call(inputs: Arrays) -> dict[str, NDArray[Any]]:
            answers = runner(**inputs)
            return {name: answers[name] for name in entry.outputs}

        return call
    return _plain(interpreter, entry)


def _plain(interpreter: Any, entry: Entry) -> Callable[[Arrays], dict[str, NDArray[Any]]]:
    """Of a file without signatures."""

    def call(inputs: Arrays) -> dict[str, NDArray[Any]]:
        for name, index in entry.inputs.items():
            interpreter.resize_tensor_input(index, inputs[name].shape)
        interpreter.allocate_tensors()
        for name, index in entry.inputs.items():
            interpreter.set_tensor(index, inputs[name])
        interpreter.invoke()
        return {name: interpreter.get_tensor(index) for name, index in entry.outputs.items()}

    return call


def _interpreter(path: Path, lite: Lite) -> Any:
    from ai_edge_litert.interpreter import Interpreter

    def load() -> Any:
        interpreter = Interpreter(model_path=str(path), num_threads=1)
        interpreter.allocate_tensors()
        return interpreter

    return _loaded(load, lite)


def _loaded(load: Callable[[], Any], lite: Lite) -> Any:
    try:
        return load()
    except Exception as error:
        raise fault(str(error), lite) from error


def fault(said: str, lite: Lite) -> FerryError:
    """What the interpreter says of a file, as what its owner can do."""
    if found := UNRESOLVED.search(said):
        return _lacking(found.group(1), "is a custom one and does not come with the file")
    if found := UNKNOWN.search(said):
        name, version = found.groups()
        return _lacking(name, f"is not known in its version {version}; it is newer than LiteRT")
    if SELECT in said:
        selects = [node.operator for node in lite.nodes if node.operator.startswith(FLEX)]
        name = selects[0].removeprefix(FLEX) if selects else FLEX
        return _lacking(name, "is TensorFlow's own (Select-TF) and runs on devices that bring it")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return InvalidModel(f"LiteRT cannot load the model: {lines[-1][:300] if lines else 'no word'}")


def _lacking(operator: str, why: str) -> UnsupportedOperator:
    return UnsupportedOperator(
        f"The TensorFlow Lite model holds the operator {operator}, which {why}. Convert the"
        " model that it was made of instead, or compile it again without that operator.",
        operator=operator,
    )
