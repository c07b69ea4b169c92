"""What the command line says of a result that leaves its source, and of a classifier's."""

import io
from typing import Any

import pytest
from rich.console import Console

from modelferry.cli.job import draw
from modelferry.cli.words import verdict
from modelferry.types import JobView
from modelferry.wire import read
from tests.support import answers

LOCATED = {
    "step": 1,
    "steps": 3,
    "converter": "onnx-to-pt2",
    "node": "the [norm]",
    "operator": "LayerNormalization",
    "module": None,
    "error_before": 1.2e-7,
    "error_after": 0.031,
    "runs": 7,
    "range": None,
    "why": None,
}


def job(state: str = "succeeded", *outputs: dict[str, Any], **report: Any) -> JobView:
    told = answers.job(state)
    told["report"] |= report
    if outputs:
        told["report"]["verification"]["outputs"] = list(outputs)
    return read(JobView, told)


def shown(view: JobView) -> str:
    out = io.StringIO()
    draw(Console(file=out, width=400, highlight=False), view)
    return out.getvalue()


def test_the_step_and_the_node_are_shown() -> None:
    told = shown(job("failed", located=LOCATED))
    assert (
        "leaves its source at step 2 of 3, onnx-to-pt2, node 'the [norm]' (LayerNormalization):"
        " relative error 1.2e-07 → 0.031" in told
    )


def test_a_step_without_a_node_is_shown() -> None:
    found = LOCATED | {"node": None, "operator": None, "range": ["a", "b"], "why": "because"}
    assert "leaves its source at step 2 of 3, onnx-to-pt2\n" in shown(job("failed", located=found))


def test_a_layer_is_shown_with_its_counterpart() -> None:
    found = LOCATED | {"counterpart": "bn1", "cause": "epsilon differs."}
    told = shown(job("failed", located=found))
    assert "layer 'the [norm]' (LayerNormalization), 'bn1' in the result: relative error" in told


def test_an_error_that_is_no_number_is_a_question_mark() -> None:
    found = LOCATED | {"error_after": None, "module": "head"}
    assert "of 'head': relative error 1.2e-07 → ?" in shown(job("failed", located=found))


@pytest.mark.parametrize("located", [None, "absent"])
def test_nothing_is_said_where_nothing_was_located(located: str | None) -> None:
    view = job() if located == "absent" else job(located=None)
    assert "leaves its source" not in shown(view)


def test_the_worst_classifier_is_told_of() -> None:
    outputs = (
        {"max_abs": 1e-3, "top1": 1.0, "top5": 1.0},
        {"max_abs": 1e-3, "top1": 0.975, "top5": 0.99},
        {"max_abs": 1e-3},
    )
    assert " Same top 1 in 97.5%, top 5 in 99.0%. Route:" in verdict(job("succeeded", *outputs))
    few = {"max_abs": 1e-3, "top1": 1.0, "top5": None}
    assert " Same top 1 in 100.0%. Route:" in verdict(job("succeeded", few))
