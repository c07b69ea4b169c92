"""Keras on its torch backend, in a process of its own, and from there to ONNX."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.orders import Input, WorkOrder
from shared.domain.plans import Convert
from tests.support.benches import converted
from tests.support.keras_zoo import answers, attention, inputs, lstm_sequential, randomised
from workers.converters import keras_to_pt2, pt2_to_onnx
from workers.runtimes.onnx import OnnxRuntime
from workers.runtimes.pt2 import Pt2Runtime

pytest.importorskip("tensorflow")
pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]


def carried(model: Any, folder: Path) -> dict[str, Any]:
    """What a fresh child makes of the order; its result.json."""
    folder.mkdir()
    model.save(folder / "source.keras")
    converter = keras_to_pt2.convert
    action = Convert(
        converter=converter.name,
        version=converter.version,
        source="keras",
        target="pt2",
        options={"dynamic": True},
        toolchain={},
    )
    order = WorkOrder(
        action=action,
        inputs={"source": Input(path="source.keras", format="keras")},
        output="result.pt2",
        tolerances={},
    )
    (folder / "order.json").write_text(order.model_dump_json())
    subprocess.run(
        [sys.executable, "-m", "workers.child", str(folder)],
        cwd=ROOT,
        env={**os.environ, **converter.environment},
        check=True,
        timeout=300,
    )
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    return found


def test_all_axes_stay_open(tmp_path: Path) -> None:
    model = randomised(attention())
    assert carried(model, tmp_path / "step")["kind"] == "produced"
    program = tmp_path / "step" / "result.pt2"
    result, _ = converted(pt2_to_onnx.convert, program, tmp_path / "onnx")
    for path, runtime in ((program, Pt2Runtime()), (result, OnnxRuntime())):
        with runtime.open(path, {}) as session:
            assert [each.name for each in session.signature.inputs] == ["sequence"]
            for batch, length in ((1, 4), (2, 9), (5, 6)):
                arrays = inputs(model, batch, length)
                said = next(iter(session({"sequence": arrays[0]}).values()))
                np.testing.assert_allclose(said, answers(model, arrays)[0], atol=2e-5)


def test_open_loops_are_refused(tmp_path: Path) -> None:
    result = carried(randomised(lstm_sequential()), tmp_path / "step")
    assert result["kind"] == "refused"
    assert result["fault"]["code"] == "conversion_failed"
    assert "unrolls" in result["fault"]["detail"]
