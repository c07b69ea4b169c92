"""What a worker announces."""

import importlib.metadata

import pytest
from jsonschema import Draft202012Validator

from shared.domain.formats import FORMATS
from shared.domain.gpus import Gpu
from shared.domain.offers import Offer, Queue
from workers.checkers import CHECKERS
from workers.converter import Options, converter
from workers.converters import GROUP, catalogue
from workers.libraries import HOMES, wanted
from workers.offering import offer, toolchain
from workers.runtimes import RUNTIMES

BOTH = (Queue.CPU, Queue.GPU)
FOUND = {name: f"1.{number}" for number, name in enumerate(HOMES)}
L4 = Gpu(
    uuid="GPU-1", name="NVIDIA L4", compute_capability="8.9", memory=22 << 30, driver="580.65"
)


def announced(*queues, **more):
    given = {"slots": 2, "memory": 1 << 30, "isolation": {"rlimits": "on"}}
    return offer("w1", "here", queues=queues, **(given | more))


@pytest.fixture
def whole():
    return announced(*BOTH, libraries=FOUND, gpus=(L4,))


def test_every_edge_has_a_schema_and_a_toolchain(whole):
    assert {each.name for each in whole.converters} == set(catalogue())
    for each in whole.converters:
        Draft202012Validator.check_schema(each.options)
        assert each.options["additionalProperties"] is False
        assert {each.source, each.target} <= set(FORMATS)
        assert each.toolchain
        assert each.summary


def test_it_survives_the_wire(whole):
    assert Offer.model_validate_json(whole.model_dump_json()) == whole


def test_a_wish_leads_from_a_format_to_itself(whole):
    for each in whole.converters:
        assert each.asked_by is None or each.source == each.target or each.transplant
        if each.asked_by and each.asked_for is True:
            assert each.options["properties"][each.asked_by]["type"] == "boolean"


def test_a_transplant_is_asked_for_by_the_format_of_its_template(whole):
    filled = [each for each in whole.converters if each.asked_by == "template"]
    assert len(filled) > 60
    assert all(each.transplant and each.asked_for == each.target for each in filled)


def test_of_wishes_by_value_each_leads_to_one_edge(whole):
    asked = [each for each in whole.converters if each.asked_by and not each.transplant]
    wishes = [(each.asked_by, each.asked_for) for each in asked]
    assert len(set(wishes)) == len(wishes)


def test_an_edge_whose_packages_are_missing_is_not_offered():
    assert toolchain(("numpy", "no-such-distribution")) is None
    assert toolchain(("numpy",)) == {"numpy": importlib.metadata.version("numpy")}


def test_what_needs_a_library_is_offered_where_it_was_found():
    assert toolchain((), ("tensorrt",)) is None
    assert toolchain((), ("tensorrt",), {"tensorrt": "11.4"}) == {"tensorrt": "11.4"}
    with_none = announced(*BOTH, gpus=(L4,))
    bare = {each.name for each in catalogue().values() if not each.libraries}
    assert {each.name for each in with_none.converters} == bare
    bare = {name for name, each in RUNTIMES.items() if not each.libraries}
    assert {each.format for each in with_none.runtimes} == bare
    bare = {(each.source.name, each.target.name) for each in CHECKERS.values()}
    bare -= {places for places, each in CHECKERS.items() if each.libraries}
    assert {(each.source, each.target) for each in with_none.checkers} == bare


def test_everything_is_offered_where_all_is_there(whole):
    assert {each.format for each in whole.runtimes} == set(RUNTIMES)
    assert {(each.source, each.target) for each in whole.checkers} == set(CHECKERS)
    queues = {each.format: each.queue for each in whole.runtimes}
    assert queues == {name: each.queue for name, each in RUNTIMES.items()}


def test_an_edge_of_another_queue_is_not_offered():
    for queue in Queue:
        queues = {each.queue for each in announced(queue, libraries=FOUND, gpus=(L4,)).converters}
        assert queues <= {queue}


def test_a_worker_without_a_gpu_offers_nothing_that_needs_one(whole):
    without = announced(*BOTH, libraries=FOUND, missing=("No driver.",))
    assert without.queues == (Queue.CPU,)
    assert without.missing == ("No driver.",)
    parts = (*without.converters, *without.runtimes)
    assert {each.queue for each in parts} == {Queue.CPU}
    assert set(without.bells) == {"cpu"}
    assert set(whole.bells) == {"cpu", L4.bell}


def test_converters_for_gpus_are_known_where_they_are_not_offered(whole):
    assert whole.known == ()
    (known,) = announced(Queue.CPU, libraries=FOUND).known
    offered = next(each for each in whole.converters if each.name == known.name)
    assert known.queue is Queue.GPU
    assert (known.toolchain, known.options) == ({}, offered.options)
    assert known.capability not in announced(Queue.CPU, libraries=FOUND).capabilities


def test_a_worker_of_gpus_that_has_none_still_announces_itself():
    idle = announced(Queue.GPU, libraries=FOUND, missing=("No driver.",))
    assert (idle.queues, idle.capabilities, idle.bells) == ((), (), {})
    assert idle.missing == ("No driver.",)


def test_a_worker_of_gpus_alone_runs_the_other_end_of_what_it_verifies():
    alone = announced(Queue.GPU, libraries=FOUND, gpus=(L4,))
    assert "onnx" in {each.format for each in alone.runtimes}
    assert alone.checkers == ()


def test_a_library_is_looked_for_where_something_can_use_it():
    assert set(wanted(BOTH)) <= set(HOMES)
    assert wanted(()) == ()


def test_an_edge_that_measures_names_the_library_whose_timings_it_keeps(monkeypatch):
    from shared.domain.formats import ONNX, PT2

    told = {"options": Options, "summary": "", "version": 1, "libraries": ("tensorrt-rtx",)}
    edges = [
        converter(ONNX, PT2, name="measures", timed=True, **told)(lambda _: None),
        converter(ONNX, PT2, name="does-not", **told)(lambda _: None),
    ]
    monkeypatch.setattr("workers.offering.catalogue", lambda: {each.name: each for each in edges})
    offered = announced(Queue.CPU, libraries={"tensorrt-rtx": "1.7.1"})
    assert [each.timed for each in offered.converters] == ["tensorrt-rtx", None]
    assert offered.converters[0].toolchain["tensorrt-rtx"] == "1.7.1"


def test_plugged_in_converters_join_the_catalogue(monkeypatch):
    from shared.domain.formats import ONNX, PT2

    @converter(ONNX, PT2, name="onnx-to-theirs", options=Options, summary="theirs", version=1)
    def theirs(bench):
        """Never run here."""

    class Entry:
        name = "theirs"

        def __init__(self, loaded):
            self.loaded = loaded

        def load(self):
            return self.loaded

    catalogue.cache_clear()
    monkeypatch.setattr("workers.converters.entry_points", lambda **_: [Entry(theirs)])
    try:
        assert catalogue()["onnx-to-theirs"] is theirs
        catalogue.cache_clear()
        monkeypatch.setattr("workers.converters.entry_points", lambda **_: [Entry(42)])
        with pytest.raises(TypeError, match=GROUP):
            catalogue()
    finally:
        catalogue.cache_clear()
