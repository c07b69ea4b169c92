"""Routes: every chain, the best first; and plans made of them."""

import pytest

from shared.domain.errors import BareStateDict, InvalidOptions, NoRoute, UnknownTarget
from shared.domain.offers import Fidelity, Offer, Queue, RuntimeOffer
from shared.domain.plans import Plan
from shared.domain.rosters import Member, Roster, toolchain
from shared.domain.routes import MOST_ROUTES, routes
from shared.domain.targets import Target
from shared.services.planning import known_routes, plan
from tests.support.queue import FIRST, OPSET, SECOND, SIMPLIFY, edge, offer


def names(*edges, source="keras", target="onnx", **options) -> list[str]:
    return [" ".join(e.name for e in path) for path in routes(edges, source, target, options)]


class TestRoutes:
    def test_fewer_hops_come_before_fidelity(self) -> None:
        a, b = edge("a", "keras", "savedmodel"), edge("b", "savedmodel", "onnx")
        direct = edge("direct", fidelity=Fidelity.NARROW)
        assert names(a, b, direct) == ["direct", "a b"]

    def test_of_equals_the_one_that_keeps_more(self) -> None:
        assert names(SECOND, FIRST) == ["first", "second"]

    def test_gpu_steps_are_dear(self) -> None:
        assert names(edge("a", queue=Queue.GPU), edge("b", fidelity=Fidelity.NARROW)) == ["b", "a"]

    def test_nobody_asked_for_a_loss(self) -> None:
        assert names(edge("lossy", fidelity=Fidelity.LOSSY)) == []

    def test_what_was_asked_for_comes_behind_the_arrival(self) -> None:
        assert names(FIRST, SIMPLIFY) == ["first"]
        assert names(FIRST, SIMPLIFY, simplify=True) == ["first slim"]
        assert names(SIMPLIFY, source="onnx", simplify=True) == ["slim"]
        assert names(SIMPLIFY, source="onnx") == []

    def test_a_wish_by_any_value_is_granted_where_no_edge_on_the_way_hears_it(self) -> None:
        raise_ = edge("raise", "onnx", "onnx", asked_by="opset", asked_for=None)
        deaf = edge("deaf", "pt2", "onnx", properties={})
        assert names(FIRST, raise_, opset=17) == ["first"]
        assert names(raise_, source="onnx", opset=17) == ["raise"]
        assert names(raise_, source="onnx", opset=None) == []
        assert names(deaf, raise_, source="pt2", opset=17) == ["deaf raise"]
        beyond = edge("beyond", "onnx", "ort", properties={})
        assert names(beyond, raise_, source="onnx", target="ort", opset=17) == ["raise beyond"]

    def test_false_can_be_a_wish_too(self) -> None:
        apart = edge("apart", "onnx", "onnx", asked_by="split", properties={})
        whole = edge("whole", "onnx", "onnx", asked_by="split", asked_for=False, properties={})
        assert names(apart, whole, source="onnx", split=True) == ["apart"]
        assert names(apart, whole, source="onnx", split=False) == ["whole"]

    def test_at_one_stop_turns_come_before_names(self) -> None:
        last = edge("a-last", "onnx", "onnx", asked_by="last", turn=9, properties={})
        assert names(FIRST, SIMPLIFY, last, simplify=True, last=True) == ["first slim a-last"]

    def test_circles_end(self) -> None:
        assert names(FIRST, edge("back", "onnx", "keras")) == ["first"]

    def test_those_on_line_come_before_better_ones_that_are_not(self) -> None:
        lasting = [edge(f"e{n}", fidelity=Fidelity.EXACT) for n in range(MOST_ROUTES)]
        edges = [*lasting, SECOND]
        found = routes(edges, "keras", "onnx", {}, frozenset({SECOND.capability}))
        assert [path[0].name for path in found] == ["second", "e0", "e1", "e2"]

    def test_there_are_not_too_many(self) -> None:
        assert len(names(*(edge(f"e{n}") for n in range(9)))) == MOST_ROUTES


def roster(*offers: Offer, online: bool = True) -> Roster:
    return Roster(tuple(Member(each, online) for each in offers))


def planned(options: dict, *edges, source="keras", **more) -> Plan:
    return plan(source, Target(format="onnx", options=options), roster(offer("w", *edges, **more)))


class TestPlans:
    def test_each_converter_has_its_own_options_with_defaults(self) -> None:
        own = edge("own", properties={"opset": OPSET, "dynamic": {"type": "boolean"}})
        made = planned({"opset": 17}, own, FIRST)
        assert [route.converts[0].options for route in made.routes] == [
            {"opset": 17},
            {"opset": 17},
        ]
        assert planned({}, own).routes[0].converts[0].options == {"opset": 18}

    def test_a_route_that_leaves_an_option_unheard_yields_to_one_that_takes_it(self) -> None:
        own = edge("own", properties={"opset": OPSET, "dynamic": {"type": "boolean"}})
        made = planned({"dynamic": True}, own, FIRST)
        assert [route.name for route in made.routes] == ["own"]
        assert made.routes[0].converts[0].options == {"opset": 18, "dynamic": True}
        with pytest.raises(InvalidOptions, match="dynamic must be true or false"):
            planned({"dynamic": "perhaps"}, own, FIRST)

    def test_what_no_route_takes_along_with_the_rest_is_told(self) -> None:
        left = edge("left", properties={"a": {"type": "integer"}})
        right = edge("right", properties={"b": {"type": "integer"}})
        made = planned({"a": 1, "b": 2}, left, right)
        assert [route.name for route in made.routes] == ["left", "right"]
        (told,) = made.declined
        assert told.converter == "right"
        assert "'b'" in told.reason

    def test_a_field_that_nobody_knows_is_named(self) -> None:
        with pytest.raises(InvalidOptions) as error:
            planned({"colour": 1})
        assert error.value.fault.field == "options.colour"
        assert "opset" in str(error.value)

    def test_who_cannot_honour_a_value_is_left_out(self) -> None:
        narrow = edge("narrow", properties={"opset": OPSET | {"maximum": 15, "default": 15}})
        made = planned({"opset": 17}, narrow, SECOND)
        assert [route.name for route in made.routes] == ["second"]
        (declined,) = made.declined
        assert declined.converter == "narrow"
        assert declined.reason == "opset must be an integer from 11 to 15; it was 17."

    @pytest.mark.parametrize("value", [10, 23, "18", True, 17.5, None])
    def test_if_nobody_can_the_range_is_said(self, value: object) -> None:
        with pytest.raises(InvalidOptions, match="an integer from 11 to 22") as error:
            planned({"opset": value})
        assert error.value.fault.field == "options.opset"

    def test_a_wish_is_yes_or_no(self) -> None:
        assert [r.name for r in planned({"simplify": True}).routes] == [
            "first → slim",
            "second → slim",
        ]
        assert planned({"simplify": False}).routes == planned({}).routes
        with pytest.raises(InvalidOptions, match="true or false"):
            planned({"simplify": "yes"})
        with pytest.raises(InvalidOptions, match="simplify"):
            planned({"simplify": True}, FIRST)

    @pytest.mark.parametrize(
        ("schema", "words"),
        [
            ({"enum": ["a", "b"]}, "one of 'a', 'b'"),
            (
                {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]},
                "at least 1 or null",
            ),
            ({"type": "number", "exclusiveMinimum": 0}, "a number above 0"),
            ({"const": 3}, "must be 3"),
            ({"$ref": "#/$defs/Kind"}, "one of 'x'"),
        ],
    )
    def test_what_is_allowed_is_put_in_words(self, schema: dict, words: str) -> None:
        options = {"properties": {"o": schema}, "$defs": {"Kind": {"enum": ["x"]}}}
        with pytest.raises(InvalidOptions, match=words):
            planned({"o": "odd"}, edge("a", options=options))

    def test_targets_and_sources_that_do_not_go(self) -> None:
        with pytest.raises(UnknownTarget):
            plan("keras", Target(format="odd"), roster(offer()))
        with pytest.raises(BareStateDict, match=r"torch\.export"):
            plan("state-dict", Target(format="onnx"), roster(offer()))
        with pytest.raises(NoRoute, match="can reach: onnx"):
            plan("keras", Target(format="pt2"), roster(offer()))
        with pytest.raises(NoRoute, match="is onnx already"):
            planned({}, source="onnx")
        with pytest.raises(NoRoute, match="can read keras"):
            plan("keras", Target(format="onnx"), roster())

    def test_verified_where_one_worker_runs_both(self) -> None:
        assert planned({}).routes[0].verify is not None
        keras = RuntimeOffer(format="keras", toolchain={})
        assert planned({}, runtimes=(keras,)).routes[0].verify is None

    def test_the_newest_version_that_is_on_line_is_taken(self) -> None:
        old, new = edge("a", version=1), edge("a", version=2)
        here, gone = Member(offer("h", old), online=True), Member(offer("g", new), online=False)
        both = Roster((here, gone))
        assert plan("keras", Target(format="onnx"), both).routes[0].converts[0].version == 1
        neither = Roster((Member(offer("h", old), online=False), gone))
        assert plan("keras", Target(format="onnx"), neither).routes[0].converts[0].version == 2
        assert [each.version for each in both.every_version] == [2, 1]

    def test_a_converter_that_left_is_the_last_resort(self) -> None:
        here = Member(offer("h", SECOND), online=True)
        gone = Member(offer("g", FIRST), online=False)
        made = plan("keras", Target(format="onnx"), Roster((here, gone)))
        assert [route.name for route in made.routes] == ["second", "first"]
        made = plan("keras", Target(format="onnx"), Roster((gone,)))
        assert [route.name for route in made.routes] == ["first"]

    def test_packages_are_those_of_the_worker(self) -> None:
        made = planned({})
        other = offer("o", edge("first", toolchain={"tf2onnx": "2"}))
        convert = made.routes[0].converts[0]
        assert toolchain(convert, other) == {"tf2onnx": "2"}
        assert toolchain(made.inspect, other) == {"keras": "1"}
        assert made.routes[0].verify is not None
        assert toolchain(made.routes[0].verify, other) == {"keras": "1", "onnx": "1"}
        assert toolchain(made.inspect, offer("none", runtimes=())) == made.inspect.toolchain


def test_known_routes_say_who_is_there() -> None:
    (first, *_) = known_routes(roster(offer()), "keras", None)
    assert (first.converters, first.verified, first.online) == (("first",), True, True)
    (first, *_) = known_routes(roster(offer(), online=False), None, "onnx")
    assert not first.online
    assert list(known_routes(roster(offer()), "onnx", None)) == []
