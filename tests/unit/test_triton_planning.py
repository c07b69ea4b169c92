"""Planning a Triton repository: the backend that was asked for, and samples for its warm-up."""

from typing import Any

from shared.domain.offers import RuntimeOffer
from shared.domain.plans import Convert
from shared.domain.rosters import Member, Roster
from shared.domain.targets import Target
from shared.services.planning import plan
from tests.support.queue import edge, offer
from workers.converters import onnx_to_triton, pt2_to_triton

RUNS = tuple(RuntimeOffer(format=each) for each in ("pt2", "onnx", "triton"))


def routes(source: str, **options: Any) -> list[tuple[Convert, ...]]:
    told = [
        edge(each.name, each.source.name, "triton", properties=schema["properties"], version=1)
        for each in (onnx_to_triton.convert, pt2_to_triton.convert)
        for schema in [each.options.model_json_schema()]
    ]
    shortcut = edge("pt2-to-onnx", "pt2", "onnx", properties={})
    roster = Roster((Member(offer("cpu", shortcut, *told, runtimes=RUNS), online=True),))
    made = plan(source, Target(format="triton", options=options), roster, samples=True)
    return [each.converts for each in made.routes]


def test_a_backend_chooses_the_way() -> None:
    assert [[step.converter for step in route] for route in routes("pt2")] == [
        ["pt2-to-triton"],
        ["pt2-to-onnx", "onnx-to-triton"],
    ]
    (only,) = routes("pt2", backend="onnxruntime")
    assert [step.converter for step in only] == ["pt2-to-onnx", "onnx-to-triton"]


def test_samples_go_to_the_step_that_warms_up_with_them() -> None:
    ((with_them,),) = routes("onnx", warmup="samples")
    ((without,),) = routes("onnx", warmup="zeros")
    assert (with_them.samples, without.samples) == (True, False)
