"""Fleets and targets to plan over: every kind of edge, and GPUs that are only announced."""

from typing import Any

from shared.domain.gpus import Gpu
from shared.domain.offers import (
    CheckerOffer,
    ConverterOffer,
    Fidelity,
    Offer,
    Queue,
    RuntimeOffer,
)
from shared.domain.plans import Plan
from shared.domain.rosters import Member, Roster
from shared.domain.targets import Target
from shared.services.planning import plan
from tests.support.gpus import device
from tests.support.queue import FIRST, SIMPLIFY, edge, offer

T4 = device("Tesla T4", "7.5", 15)
TEXT = {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
NEEDS = {
    "gpu": TEXT,
    "compute_capability": TEXT,
    "gpu_memory": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
}


def precision(name: str, **more: Any) -> ConverterOffer:
    given = {
        "properties": {"precision": {"enum": [name]}, "keep_io": {"type": "boolean"}},
        "asked_by": "precision",
        "asked_for": name,
        "fidelity": Fidelity.EXACT if name == "fp32" else Fidelity.LOSSY,
    }
    return edge(f"onnx-to-{name}", "onnx", "onnx", **(given | more))


PRECISIONS = (precision("fp32"), precision("fp16"), precision("bf16"))
INT8 = precision("int8", samples=True)
BUILD = edge(
    "onnx-to-tensorrt",
    "onnx",
    "tensorrt",
    queue=Queue.GPU,
    properties=NEEDS | {"level": {"type": "integer", "default": 3}, "tf32": {"type": "boolean"}},
)
RTX = edge("onnx-to-tensorrt-rtx", "onnx", "tensorrt-rtx", properties={})
TRITON = edge(
    "onnx-to-triton", "onnx", "triton", properties={"include": {"type": "array", "default": []}}
)
CHECKS_RTX = CheckerOffer(source="onnx", target="tensorrt-rtx", version=3, toolchain={"rtx": "1"})
EDGES = (FIRST, SIMPLIFY, *PRECISIONS, INT8, BUILD, RTX, TRITON)


def runtimes(*formats: str) -> tuple[RuntimeOffer, ...]:
    return tuple(
        RuntimeOffer(
            format=name,
            queue=Queue.GPU if name.startswith("tensorrt") else Queue.CPU,
            toolchain={name: "1"},
        )
        for name in formats
    )


def cpu(*edges: ConverterOffer, **more: Any) -> Offer:
    return offer("cpu", *(edges or EDGES), **more)


def gpu(*gpus: Gpu, formats: tuple[str, ...] = ("keras", "onnx", "tensorrt")) -> Offer:
    return offer("gpu", BUILD, queues=(Queue.GPU,), gpus=gpus, runtimes=runtimes(*formats))


def planned(
    options: dict[str, Any] | None = None,
    *offers: Offer,
    source: str = "keras",
    target: str = "onnx",
    samples: bool = False,
    online: bool = True,
) -> Plan:
    roster = Roster(tuple(Member(each, online) for each in offers or (cpu(),)))
    return plan(source, Target(format=target, options=options or {}), roster, samples=samples)


def names(made: Plan) -> list[str]:
    return [route.name for route in made.routes]
