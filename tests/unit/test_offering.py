"""What a worker announces."""

import importlib.metadata

import pytest
from jsonschema import Draft202012Validator

from shared.domain.formats import FORMATS
from shared.domain.offers import Offer, Queue
from workers.converter import Options, converter
from workers.converters import GROUP, catalogue
from workers.offering import offer, toolchain


@pytest.fixture
def whole():
    return offer(
        "w1", "here", queues=(Queue.CPU,), slots=2, memory=1 << 30, isolation={"rlimits": "on"}
    )


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


def test_every_wish_is_a_boolean_of_its_own_converter(whole):
    for each in whole.converters:
        if each.asked_by:
            assert each.options["properties"][each.asked_by]["type"] == "boolean"
            assert each.source == each.target


def test_an_edge_whose_packages_are_missing_is_not_offered():
    assert toolchain(("numpy", "no-such-distribution")) is None
    assert toolchain(("numpy",)) == {"numpy": importlib.metadata.version("numpy")}


def test_an_edge_of_another_queue_is_not_offered():
    gpu = offer("w1", "here", queues=(Queue.GPU,), slots=1, memory=1, isolation={})
    assert gpu.converters == ()


def test_plugged_in_converters_join_the_catalogue(monkeypatch):
    from shared.domain.formats import ONNX, PT2

    @converter(ONNX, PT2, options=Options, summary="theirs", version=1)
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
        assert catalogue()["onnx-to-pt2"] is theirs
        catalogue.cache_clear()
        monkeypatch.setattr("workers.converters.entry_points", lambda **_: [Entry(42)])
        with pytest.raises(TypeError, match=GROUP):
            catalogue()
    finally:
        catalogue.cache_clear()
