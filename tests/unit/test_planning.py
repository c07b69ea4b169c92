"""Plans: wishes by value, the needs of GPU steps, samples, checks and proofs."""

from typing import Any

import pytest

from shared.domain.errors import (
    FerryError,
    InvalidOptions,
    NoRoute,
    SamplesRequired,
    UnsupportedPrecision,
)
from shared.domain.gpus import ANY, Needs
from shared.domain.offers import (
    Queue,
)
from shared.domain.routes import MOST_ROUTES
from tests.support.gpus import H100, H200, device
from tests.support.plans import EDGES, PRECISIONS, T4, cpu, gpu, names, planned
from tests.support.queue import FIRST, edge


class TestWishes:
    def test_the_value_chooses_the_edge(self) -> None:
        assert names(planned({"precision": "fp16"})) == ["first → onnx-to-fp16"]
        assert names(planned({"precision": "fp32"})) == ["first → onnx-to-fp32"]
        assert names(planned({})) == ["first"]

    def test_several_wishes_are_granted_in_the_order_of_names(self) -> None:
        late = edge("zip", "onnx", "onnx", asked_by="simplify", properties={})
        both = {"precision": "bf16", "simplify": True}
        assert names(planned(both, cpu(FIRST, late, *PRECISIONS))) == [
            "first → onnx-to-bf16 → zip"
        ]

    def test_two_ways_to_grant_a_wish_are_two_routes(self) -> None:
        other = edge(
            "b-fp16", "onnx", "onnx", asked_by="precision", asked_for="fp16", properties={}
        )
        assert names(planned({"precision": "fp16"}, cpu(FIRST, *PRECISIONS, other))) == [
            "first → b-fp16",
            "first → onnx-to-fp16",
        ]

    @pytest.mark.parametrize("value", ["fp8", True, 16, None, "FP16"])
    def test_the_values_that_can_be_had_are_said(self, value: object) -> None:
        with pytest.raises(InvalidOptions, match="one of 'bf16', 'fp16', 'fp32', 'int8'") as error:
            planned({"precision": value})
        assert error.value.fault.field == "options.precision"

    def test_one_is_not_true(self) -> None:
        with pytest.raises(InvalidOptions, match="true or false"):
            planned({"simplify": 1})

    def test_a_wish_by_any_value_is_held_against_its_edges_schema(self) -> None:
        lengths = {"type": "object", "additionalProperties": {"type": "integer"}}
        fix = edge(
            "fix", "onnx", "onnx", asked_by="dims", asked_for=None, properties={"dims": lengths}
        )
        made = planned({"dims": {"batch": 1}}, cpu(FIRST, fix))
        assert names(made) == ["first → fix"]
        assert made.routes[0].converts[1].options == {"dims": {"batch": 1}}
        for wrong, words in (({"batch": "one"}, "dims.'batch'"), (3, "dims must be an object")):
            with pytest.raises(InvalidOptions, match=words.replace(".", r"\W")) as error:
                planned({"dims": wrong}, cpu(FIRST, fix))
            assert error.value.fault.field == "options.dims"

    def test_its_own_options_reach_the_edge(self) -> None:
        made = planned({"precision": "fp16", "keep_io": True})
        assert made.routes[0].converts[1].options == {"precision": "fp16", "keep_io": True}
        with pytest.raises(InvalidOptions, match="keep_io must be true or false"):
            planned({"precision": "fp16", "keep_io": "perhaps"})

    def test_a_path_that_cannot_grant_it_is_none_where_another_can(self) -> None:
        direct = edge("keras-to-triton", "keras", "triton", properties={})
        offers = cpu(*EDGES, direct)
        assert names(planned({}, offers, target="triton")) == [
            "keras-to-triton",
            "first → onnx-to-triton",
        ]
        assert names(planned({"precision": "fp16"}, offers, target="triton")) == [
            "first → onnx-to-fp16 → onnx-to-triton"
        ]

    def test_where_none_can_the_wish_is_named(self) -> None:
        direct = edge("keras-to-pt2", "keras", "pt2", properties={})
        with pytest.raises(InvalidOptions, match="precision") as error:
            planned({"precision": "fp16"}, cpu(*EDGES, direct), target="pt2")
        assert error.value.fault.field == "options.precision"

    def test_wishes_that_cannot_be_had_together_are_named(self) -> None:
        here = edge("keras-slim", "keras", "keras", asked_by="slim", properties={})
        there = edge("pt2-slow", "pt2", "pt2", asked_by="slow", properties={})
        edges = (
            edge("keras-to-onnx", "keras", "onnx", properties={}),
            edge("pt2-to-onnx", "pt2", "onnx", properties={}),
            edge("keras-to-pt2", "keras", "pt2", properties={}),
        )
        made = planned({"slim": True, "slow": True}, cpu(*edges, here, there))
        assert names(made) == ["keras-slim → keras-to-pt2 → pt2-slow → pt2-to-onnx"]
        with pytest.raises(InvalidOptions, match="slow"):
            planned({"slim": True, "slow": True}, cpu(edges[0], here, there))

    def test_already_there_an_unknown_option_is_named_all_the_same(self) -> None:
        with pytest.raises(InvalidOptions, match="colour") as error:
            planned({"colour": 1}, source="onnx")
        assert error.value.fault.field == "options.colour"

    def test_an_option_of_a_converter_on_the_last_route_is_known(self) -> None:
        many = [
            edge(
                f"a{number}",
                properties={"opset": {"const": number}, "level": {"type": "integer"}},
            )
            for number in range(MOST_ROUTES + 1)
        ]
        last = edge("z", properties={"opset": {"const": 99}, "level": {"type": "integer"}})
        made = planned({"opset": 99, "level": 3}, cpu(*many, last))
        assert names(made) == ["z"]
        assert len(made.declined) == len(many)

    def test_the_way_over_an_engine_is_taken_where_an_option_of_engines_is_given(self) -> None:
        fleet = (*EDGES, edge("tensorrt-to-triton", "tensorrt", "triton", properties={}))
        assert names(planned({}, cpu(*fleet), source="onnx", target="triton"))[0] == (
            "onnx-to-triton"
        )
        assert names(planned({"level": 4}, cpu(*fleet), source="onnx", target="triton")) == [
            "onnx-to-tensorrt → tensorrt-to-triton"
        ]

    def test_an_option_of_a_precision_that_was_not_asked_for_is_told(self) -> None:
        made = planned({"keep_io": True})
        assert names(made) == ["first"]
        (told,) = made.declined
        assert told.converter == "onnx-to-bf16, onnx-to-fp16, onnx-to-fp32, onnx-to-int8"
        assert "'keep_io'" in told.reason

    def test_already_there_and_no_wish_says_what_could_be_wished(self) -> None:
        with pytest.raises(NoRoute, match="precision, simplify"):
            planned({}, source="onnx")


RANGE = {
    "type": "object",
    "properties": {"min": {"type": "array", "items": {"type": "integer"}}},
    "required": ["min"],
}


class TestInside:
    """What is wrong inside of a value is told where it is."""

    @pytest.mark.parametrize(
        ("schema", "value", "told"),
        [
            ({"type": "array", "items": {"type": "string"}}, ["a", 3], "o[1]: 3 is not of type"),
            ({"type": "array", "items": {"type": "string"}}, "a", "o must be a list; it was 'a'"),
            ({"type": "string", "pattern": "^[a-z]+$"}, "A", "o: 'A' does not match"),
            ({"additionalProperties": RANGE}, {"x": {}}, "o['x']: 'min' is a required property"),
            ({"additionalProperties": RANGE}, {"x": {"min": ["a"]}}, "o['x']['min'][0]: 'a' is"),
            (
                {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
                ["a"],
                "o[0]: 'a' is not of type 'integer'",
            ),
            ({"type": "array", "maxItems": 2}, list(range(999)), "o: [0, 1, 2"),
            (
                {"anyOf": [{"type": "string", "maxLength": 9000}, {"type": "null"}]},
                "x" * 9001,
                "o must be a string of at most 9000 characters or null; it was one of 9001",
            ),
            ({"type": "integer"}, list(range(999)), "o must be an integer; it was [0, 1, 2"),
        ],
    )
    def test_it(self, schema: dict[str, Any], value: object, told: str) -> None:
        with pytest.raises(InvalidOptions) as error:
            planned({"o": value}, cpu(edge("a", properties={"o": schema})))
        detail = error.value.fault.detail
        assert detail.startswith(told)
        assert len(detail) < 400
        assert error.value.fault.field == "options.o"


class TestNeeds:
    def test_they_leave_the_options_and_become_the_steps_needs(self) -> None:
        said = {"gpu": "H200", "compute_capability": "9.0", "gpu_memory": 1 << 30, "level": 5}
        made = planned(said, cpu(), gpu(H200), target="tensorrt")
        first, build = made.routes[0].converts
        assert build.options == {"level": 5}
        assert build.needs == Needs(gpu="H200", compute_capability="9.0", memory=1 << 30)
        assert (build.queue, first.needs) == (Queue.GPU, ANY)

    def test_unsaid_they_are_none(self) -> None:
        made = planned({}, cpu(), gpu(H200), target="tensorrt")
        assert made.routes[0].converts[-1].needs == ANY
        assert made.routes[0].converts[-1].options == {"level": 3}

    @pytest.mark.parametrize(
        ("options", "capability"),
        [({"precision": "bf16"}, "8.0"), ({"precision": "fp16"}, "5.3"), ({"tf32": True}, "8.0")],
    )
    def test_a_precision_asks_for_a_capability(
        self, options: dict[str, Any], capability: str
    ) -> None:
        made = planned(options, cpu(), gpu(H200), target="tensorrt")
        assert made.routes[0].converts[-1].needs.at_least == capability

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("gpu", ""),
            ("gpu", "  "),
            ("gpu", "H100\0"),
            ("gpu", "-"),
            ("gpu", "x" * 81),
            ("gpu", ["H100"]),
            ("compute_capability", "nine"),
            ("compute_capability", 9),
            ("compute_capability", "9.00"),
            ("gpu_memory", 0),
            ("gpu_memory", -1),
            ("gpu_memory", True),
            ("gpu_memory", "80 GiB"),
            ("gpu_memory", 1 << 70),
            ("gpu_memory", float("inf")),
        ],
    )
    def test_what_is_malformed_is_named(self, name: str, value: object) -> None:
        with pytest.raises(InvalidOptions, match=name) as error:
            planned({name: value}, cpu(), target="tensorrt")
        assert error.value.fault.field == f"options.{name}"

    def test_numbers_without_quotes_are_understood(self) -> None:
        said = {"gpu": 4090, "compute_capability": 8.9, "gpu_memory": 1e9}
        made = planned(said, cpu(), target="tensorrt")
        expected = Needs(gpu="4090", compute_capability="8.9", memory=10**9)
        assert made.routes[0].converts[-1].needs == expected

    def test_a_gpu_that_nobody_has_is_waited_for(self) -> None:
        made = planned({"gpu": "B300"}, cpu(), gpu(H100), target="tensorrt")
        assert made.routes[0].converts[-1].needs.gpu == "B300"

    def test_a_gpu_that_cannot_compute_in_the_precision_is_refused(self) -> None:
        with pytest.raises(UnsupportedPrecision, match=r"GPU T4 has .* 7\.5, and bf16 needs 8\.0"):
            planned({"gpu": "T4", "precision": "bf16"}, cpu(), gpu(T4), target="tensorrt")
        with pytest.raises(UnsupportedPrecision, match=r"7\.5, and bf16 needs 8\.0"):
            planned({"compute_capability": "7.5", "precision": "bf16"}, target="tensorrt")
        with pytest.raises(UnsupportedPrecision, match="tf32"):
            planned({"gpu": "T4", "tf32": True}, gpu(T4), cpu(), target="tensorrt", online=False)

    def test_of_several_devices_of_the_name_one_is_enough(self) -> None:
        newer = device("Tesla T4 Next", "8.9", 15)
        asked = {"gpu": "T4", "precision": "bf16"}
        made = planned(asked, cpu(), gpu(T4, newer), target="tensorrt")
        assert made.routes[0].converts[-1].needs.gpu == "T4"

    def test_a_target_without_a_gpu_step_knows_no_gpu(self) -> None:
        with pytest.raises(InvalidOptions, match="has an option 'gpu'"):
            planned({"gpu": "H100"}, target="tensorrt-rtx")

    def test_who_says_what_the_gpu_must_be_wants_a_gpu(self) -> None:
        packed = edge("tensorrt-to-triton", "tensorrt", "triton", properties={})
        offers = cpu(*EDGES, packed)
        assert len(planned({}, offers, target="triton").routes) == 2
        made = planned({"gpu": "L4"}, offers, target="triton")
        assert names(made) == ["first → onnx-to-tensorrt → tensorrt-to-triton"]

    def test_which_jobs_are_included_is_no_option_of_the_step(self) -> None:
        made = planned({"include": ["job"]}, target="triton")
        assert made.routes[0].converts[-1].options == {}
        with pytest.raises(InvalidOptions, match="include must be a list"):
            planned({"include": "job"}, target="triton")


class TestSamples:
    def test_an_edge_that_calibrates_wants_them(self) -> None:
        with pytest.raises(SamplesRequired, match="onnx-to-int8") as error:
            planned({"precision": "int8"})
        assert error.value.fault.field == "samples"

    def test_with_them_they_go_to_its_step(self) -> None:
        made = planned({"precision": "int8"}, samples=True)
        assert [each.samples for each in made.routes[0].converts] == [False, True]

    def test_a_route_that_does_without_stays(self) -> None:
        blind = edge(
            "blind-int8", "onnx", "onnx", asked_by="precision", asked_for="int8", properties={}
        )
        made = planned({"precision": "int8"}, cpu(*EDGES, blind))
        assert names(made) == ["first → blind-int8"]
        assert [each.converter for each in made.declined] == ["onnx-to-int8"]


@pytest.mark.parametrize("target", ["onnx", "tensorrt", "tensorrt-rtx", "triton", "pt2"])
@pytest.mark.parametrize("name", ["precision", "gpu", "include", "samples", "\0", ""])
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, {"a": [1]}, 10**400])
def test_whatever_is_asked_it_is_planned_or_refused_in_words(
    target: str, name: str, value: object
) -> None:
    told: list[str] = []
    try:
        told += names(planned({name: value}, cpu(), gpu(H100), target=target))
    except FerryError as error:
        told.append(error.fault.detail.rpartition(".")[0])
    assert all(told)
