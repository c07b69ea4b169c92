"""Plans of transplants: the template comes first, and what can be proved of it."""

from typing import Any

import pytest

from shared.domain.artifacts import Artifact
from shared.domain.errors import BareStateDict, InvalidOptions
from shared.domain.jobs import Materials, Place, inputs_at
from shared.domain.offers import ConverterOffer, Fidelity, Offer
from shared.domain.plans import Plan, Verify
from shared.domain.rosters import Member, Roster
from shared.services.planning import known_routes
from tests.support.plans import TEXT, TRITON, cpu, names, planned, runtimes
from tests.support.queue import digest, edge

GIVEN = {"template": TEXT, "mapping": TEXT}
PT2_TO_ONNX = edge("pt2-to-onnx", "pt2", "onnx")
SLIM = edge("slim", "onnx", "onnx", asked_by="simplify", properties={})
COREML = edge("pt2-to-coreml", "pt2", "coreml", properties={})


def into(source: str, target: str) -> ConverterOffer:
    return edge(
        f"{source}-into-{target}",
        source,
        target,
        properties=GIVEN,
        asked_by="template",
        asked_for=target,
        fidelity=Fidelity.EXACT,
        transplant=True,
    )


def alone(source: str, target: str, **more: Any) -> ConverterOffer:
    return edge(
        f"{source}-weights-to-{target}",
        source,
        target,
        properties={"mapping": TEXT},
        fidelity=Fidelity.EXACT,
        transplant=True,
        **more,
    )


EDGES = (
    edge("keras-to-pt2", "keras", "pt2", properties={}),
    PT2_TO_ONNX,
    SLIM,
    COREML,
    TRITON,
    into("keras", "pt2"),
    into("pt2", "pt2"),
    into("state-dict", "pt2"),
    into("state-dict", "safetensors"),
    alone("state-dict", "safetensors"),
    alone("state-dict", "tf-checkpoint"),
    alone("safetensors", "state-dict"),
    alone("pt2", "state-dict"),
    alone("keras", "safetensors", asked_by="mapping", asked_for=None),
)
FORMATS = ("keras", "pt2", "onnx", "state-dict", "safetensors", "tf-checkpoint", "coreml")


def fleet() -> Offer:
    return cpu(*EDGES, runtimes=runtimes(*FORMATS))


def of(source: str, target: str, **options: Any) -> Plan:
    return planned(options, fleet(), source=source, target=target)


def verified(made: Plan) -> Verify:
    (route,) = made.routes
    assert route.verify is not None
    return route.verify


def test_a_template_is_the_first_stop_and_the_rest_goes_on_from_there() -> None:
    made = of("state-dict", "onnx", template="pt2", simplify=True, opset=18)
    assert names(made) == ["state-dict-into-pt2 → pt2-to-onnx → slim"]
    first, second, _ = made.routes[0].converts
    assert first.transplant
    assert first.options == {"template": "pt2", "mapping": None}
    assert second.options == {"opset": 18}
    assert not second.transplant


def test_a_template_of_the_targets_own_format_is_all_there_is_to_do() -> None:
    made = of("keras", "pt2", template="pt2", mapping="bert")
    assert names(made) == ["keras-into-pt2"]
    assert made.routes[0].converts[0].options == {"template": "pt2", "mapping": "bert"}
    assert names(of("pt2", "pt2", template="pt2")) == ["pt2-into-pt2"]


def test_a_model_and_its_template_are_both_run() -> None:
    verify = verified(of("keras", "onnx", template="pt2"))
    ends = (verify.reference, verify.candidate, verify.after, verify.before)
    assert ends == ("keras", "onnx", None, None)
    assert verify.options["dynamic"] is False
    assert of("keras", "onnx", template="pt2").routes[0].proof == "verified"


def test_weights_alone_are_compared_and_run_from_there() -> None:
    made = of("state-dict", "onnx", template="pt2")
    verify = verified(made)
    ends = (verify.reference, verify.candidate, verify.after, verify.before)
    assert ends == ("pt2", "onnx", 0, None)
    assert made.routes[0].proof == "weights_compared"
    assert "Every variable" in (made.routes[0].unverified or "")
    (route,) = of("state-dict", "pt2", template="pt2").routes
    assert (route.verify, route.proof) == (None, "weights_compared")


def test_what_nobody_can_run_is_no_more_than_converted() -> None:
    made = of("state-dict", "coreml", template="pt2")
    assert made.routes[0].proof == "converted_not_verified"
    chain = of("state-dict", "triton", template="pt2").routes[0]
    verify = chain.verify
    assert verify is not None
    assert (verify.reference, verify.candidate) == ("pt2", "onnx")
    assert (verify.after, verify.before) == (0, 2)
    assert chain.proof == "converted_not_verified"


def test_weights_alone_need_a_template_to_become_a_model() -> None:
    with pytest.raises(BareStateDict, match="`template`"):
        of("state-dict", "onnx")
    for source in ("state-dict", "pt2"):
        with pytest.raises(BareStateDict, match=r"The template .* weights only") as error:
            of(source, "onnx", template="safetensors")
        assert error.value.fault.field == "options.template"
    assert names(of("state-dict", "safetensors")) == ["state-dict-weights-to-safetensors"]
    assert names(of("keras", "safetensors", mapping="bert")) == ["keras-weights-to-safetensors"]
    assert names(of("keras", "state-dict")) == ["keras-to-pt2 → pt2-weights-to-state-dict"]


def test_weights_are_no_stop_between_two_formats() -> None:
    (made,) = of("pt2", "state-dict").routes
    assert made.name == "pt2-weights-to-state-dict"
    assert names(of("state-dict", "tf-checkpoint")) == ["state-dict-weights-to-tf-checkpoint"]


def test_a_template_that_cannot_be_one_is_refused_by_its_field() -> None:
    with pytest.raises(InvalidOptions, match="Formats of a template: pt2, safetensors") as error:
        of("state-dict", "onnx", template="onnx")
    assert error.value.fault.field == "options.template"
    with pytest.raises(InvalidOptions, match="has an option 'mapping'") as other:
        of("keras", "onnx", mapping="bert")
    assert other.value.fault.field == "options.mapping"


def test_no_road_is_told_that_needs_a_second_model() -> None:
    roster = Roster((Member(fleet(), online=True),))
    told = [each.converters for each in known_routes(roster, "keras", None)]
    assert told
    assert not any("into" in name for path in told for name in path)


def test_the_template_is_an_input_of_the_step_that_fills_it_alone() -> None:
    made = of("state-dict", "triton", template="pt2", include=["j1"])
    weights, template, other = (
        Artifact(digest=digest(name), format=name, size=1)
        for name in ("state-dict", "pt2", "triton")
    )
    given = Materials(weights, extras=(template, other))
    first = inputs_at(made, Place(0, 0), given)
    assert first == {"source": weights, "template": template}
    actions = made.routes[0].actions
    last = Place(0, len(actions) - 1)
    filled = Artifact(digest=digest("filled"), format="pt2", size=1)
    onnx = Artifact(digest=digest("onnx"), format="onnx", size=1)
    after = Materials(weights, extras=(template, other), outputs={0: filled, 1: onnx})
    assert inputs_at(made, last, after) == {"source": onnx, "extra-0": other}
    verify = next(place for place, each in enumerate(actions) if each.kind == "verify")
    ends = inputs_at(made, Place(0, verify), after)
    assert (ends["reference"], ends["candidate"]) == (filled, onnx)
