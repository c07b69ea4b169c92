"""Checks of models of tables, of weights with a template, and of folders, through the service."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelferry import Modelferry, errors, export
from tests.functional.test_transplants import network

ENOUGH = 180.0  # seconds
RNG = np.random.default_rng(2)
ROWS = RNG.normal(size=(60, 3)).astype(np.float32)
TWO = (ROWS[:, 0] > 0).astype(int)


@pytest.fixture
def ferry(service: Any) -> Iterator[Modelferry]:
    with Modelferry(service.url, tenant=f"sources-{uuid.uuid4().hex[:8]}") as client:
        yield client


def table(kind: str, folder: Path) -> Path:
    import lightgbm
    import skops.io
    import xgboost
    from sklearn.linear_model import LogisticRegression

    if kind == "skops":
        skops.io.dump(LogisticRegression().fit(ROWS, TWO), folder / "m.skops")
        return folder / "m.skops"
    if kind == "xgboost":
        xgboost.train({}, xgboost.DMatrix(ROWS, TWO), 2).save_model(folder / "m.json")
        return folder / "m.json"
    settings = {"verbose": -1, "num_threads": 1}
    lightgbm.train(settings, lightgbm.Dataset(ROWS, TWO), 2).save_model(folder / "m.txt")
    return folder / "m.txt"


@pytest.mark.parametrize("kind", ["skops", "xgboost", "lightgbm"])
def test_a_model_of_a_table_is_told_what_covers_it(
    ferry: Modelferry, tmp_path: Path, kind: str
) -> None:
    path = table(kind, tmp_path)
    told = ferry.check(path, "openvino", timeout=ENOUGH)
    assert not told.supported
    kinds = {"skops": "LinearClassifier"}
    assert any(kinds.get(kind, "TreeEnsemble") in str(each.operator) for each in told.gaps)


def test_weights_are_checked_in_their_template(ferry: Modelferry, tmp_path: Path) -> None:
    import torch

    template = export.written(network(1), tmp_path, example_inputs=torch.zeros(2, 8))
    path = tmp_path / "weights.pt"
    torch.save(network(2).state_dict(), path)
    told = ferry.check(path, "savedmodel", template=ferry.upload(template), timeout=ENOUGH)
    assert told.supported
    assert told.gaps == ()
    with pytest.raises(errors.ModelferryError, match="weights only"):
        ferry.check(path, "savedmodel", timeout=ENOUGH)


def test_what_cannot_be_asked_names_what_can(ferry: Modelferry, tmp_path: Path) -> None:
    with pytest.raises(errors.NoRoute, match=r"from there: .*openvino.*found out by converting"):
        ferry.check(table("xgboost", tmp_path), "onnx", timeout=ENOUGH)
