"""Weights alone are looked into as models are, and not run."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import InvalidModel
from shared.domain.orders import ProducedNote
from tests.converters.conftest import Bench
from workers.runtimes import RUNTIMES
from workers.weights.variables import Variable
from workers.weights.writing import write_weights

FORMATS = ("safetensors", "state-dict", "keras-weights", "tf-checkpoint")


def written(folder: Path, format: str) -> Path:
    path = folder / "w"
    variables = {
        "a/kernel": Variable("a/kernel", (3, 4), "float32"),
        "a/bias": Variable("a/bias", (4,), "float32"),
    }
    with write_weights(path, format, variables) as sink:
        for name, each in variables.items():
            sink.write(name, np.ones(each.shape, np.float32))
    return packed(path, folder / "w.zip") if path.is_dir() else path


def packed(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.iterdir()):
            archive.write(each, each.name)
    return path


@pytest.mark.parametrize("format", FORMATS)
def test_weights_are_counted_and_cannot_be_opened(
    bench: Bench, tmp_path: Path, format: str
) -> None:
    note = bench.inspect(written(tmp_path, format), format)
    assert isinstance(note, ProducedNote), note
    assert note.report["parameters"] == 16
    assert note.report["signature"] == {"inputs": [], "outputs": []}
    with pytest.raises(InvalidModel, match="Weights alone cannot be run"):
        RUNTIMES[format].open(tmp_path, {})


def test_shards_are_counted_together(
    bench: Bench, tmp_path: Path, refused: Callable[[Any, str], Any]
) -> None:
    folder = tmp_path / "shards"
    folder.mkdir()
    for file in ("x", "y"):
        variables = {file: Variable(file, (5,), "bfloat16")}
        with write_weights(folder / f"{file}.safetensors", "safetensors", variables) as sink:
            sink.write(file, np.ones(5))
    weight_map = {file: f"{file}.safetensors" for file in ("x", "y")}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": weight_map}))
    note = bench.inspect(packed(folder, tmp_path / "s.zip"), "safetensors")
    assert note.report["parameters"] == 10
    (folder / "y.safetensors").unlink()
    note = bench.inspect(packed(folder, tmp_path / "s.zip"), "safetensors")
    assert refused(note, "invalid_model").node == "y.safetensors"
