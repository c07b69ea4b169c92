"""The table in docs/gpu.md: every model of it is built again, and ends as the table says."""

import json
from dataclasses import asdict

import pytest

from bench.architectures import ARCHITECTURES
from bench.engines import KEPT, Row, light, rows

TOLD = {each["model"]: each for each in json.loads(KEPT.read_text())}
FACTS = ("source", "outcome", "proof", "node", "operator")


@pytest.fixture(scope="module")
def found() -> dict[str, Row]:
    return {row.model: row for row in rows()}


def test_table_has_the_nine_light_models_and_ten_architectures() -> None:
    assert len(light()) == 9
    assert len(ARCHITECTURES) == 10
    assert set(TOLD) == {*light(), *ARCHITECTURES}


@pytest.mark.parametrize("model", TOLD)
def test_model_ends_as_the_table_says(model: str, found: dict[str, Row]) -> None:
    row = asdict(found[model])
    assert {name: row[name] for name in FACTS} == {name: TOLD[model][name] for name in FACTS}
    if row["outcome"] == "built":
        assert row["size"] > 1000
        assert row["source"] == "onnx" or row["proof"] == "onnx"
    else:
        assert row["operator"], "a failure names its operator"
