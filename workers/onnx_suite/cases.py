"""Cases: folders with a model, and data sets of inputs and of the outputs that are due."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.domain.errors import InvalidModel
from workers.onnx_suite.values import Value, read

MODEL = "model.onnx"

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class DataSet:
    """Inputs in the graph's order, and the outputs that are due."""

    name: str
    inputs: Sequence[Value]
    outputs: Sequence[Value]


@dataclass(frozen=True, slots=True)
class Case:
    """One folder. `name` is its path below the folder that was asked for."""

    name: str
    folder: Path

    @property
    def model(self) -> Path:
        return self.folder / MODEL

    def own_tolerances(self) -> dict[str, float]:
        """What the case itself says of `rtol` and `atol`, in its `data.json`; mostly nothing."""
        told = self.folder / "data.json"
        if not told.is_file():
            return {}
        said = json.loads(told.read_text(encoding="utf-8"))
        return {name: float(said[name]) for name in ("rtol", "atol") if name in said}

    def data_sets(self) -> list[DataSet]:
        """All that the folder holds, in their order.

        Raises:
            InvalidModel: the model or one of the files cannot be read, or there is no data.
        """
        graph = _graph(self.model)
        weights = {each.name for each in graph.initializer}
        fed = [each for each in graph.input if each.name not in weights]
        found = []
        for folder in _numbered(self.folder, "test_data_set_*"):
            inputs, outputs = _numbered(folder, "input_*.pb"), _numbered(folder, "output_*.pb")
            named = fed if len(inputs) <= len(fed) else list(graph.input)
            found.append(
                DataSet(folder.name, _values(inputs, named), _values(outputs, graph.output))
            )
        if not found:
            raise InvalidModel(f"{self.name} has no data: no folder test_data_set_0.")
        return found


def cases_in(folder: Path) -> list[Case]:
    """Every case at or below `folder`, by name."""
    if (folder / MODEL).is_file():
        return [Case(folder.resolve().name, folder)]
    found = [path.parent for path in folder.rglob(MODEL) if path.is_file()]
    return sorted(
        (Case(each.relative_to(folder).as_posix(), each) for each in found),
        key=lambda case: case.name,
    )


def _graph(path: Path) -> Any:
    import onnx
    from google.protobuf.message import DecodeError

    try:
        return onnx.load(path, load_external_data=False).graph
    except DecodeError as error:
        raise InvalidModel(f"{path.name} is no ONNX model: {error}") from error


def _values(paths: Sequence[Path], named: Sequence[Any]) -> list[Value]:
    if len(paths) > len(named):
        raise InvalidModel(
            f"{paths[0].parent.name} has {len(paths)} files {paths[0].stem.partition('_')[0]}_*.pb"
            f" for {len(named)} of the model's."
        )
    return [read(path, info.type) for path, info in zip(paths, named, strict=False)]


def _numbered(folder: Path, pattern: str) -> list[Path]:
    """By their numbers: input_10 comes after input_9."""

    def number(path: Path) -> int:
        found = _NUMBER.findall(path.stem)
        return int(found[-1]) if found else -1

    return sorted(folder.glob(pattern), key=lambda path: (number(path), path.name))
