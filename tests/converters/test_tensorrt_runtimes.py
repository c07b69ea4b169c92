"""Engines as the fleet reads them: all from the manifest, and an honest no without a GPU."""

import json

import numpy as np
import pytest

from shared.domain.engines import MANIFEST_FILE
from shared.domain.errors import InvalidModel, LibraryMissing
from shared.domain.offers import Queue
from shared.domain.orders import ProducedNote
from tests.converters import tensorrt_nets as nets
from workers.runtimes import RUNTIMES
from workers.runtimes import engine as engine_runtime
from workers.tensorrt_bridge import timing
from workers.tensorrt_bridge.manifest import read_manifest

RTX = RUNTIMES["tensorrt-rtx"]


@pytest.fixture
def engine(bench, tmp_path):
    """The folder of an engine that was just built."""

    def make(net, **options):
        path = nets.saved(tmp_path / "net.onnx", net)
        note, output = bench.convert("onnx-to-tensorrt-rtx", path, **options)
        assert isinstance(note, ProducedNote), note
        return RTX.prepare(output, tmp_path / "unpacked")

    return make


def test_engines_run_on_gpus_and_are_read_anywhere(engine):
    folder = engine(nets.convolution())
    found = RTX.inspect(folder, {})
    assert (RTX.queue, RUNTIMES["tensorrt"].queue) == (Queue.GPU, Queue.GPU)
    assert (found.format, found.signature.inputs[0].shape) == ("tensorrt-rtx", ("n", 3, "h", "w"))
    assert found.producer.startswith("tensorrt-rtx 1.")


def test_sizes_are_those_of_the_profile(engine):
    given = {"min": [1, 3, 8, 8], "opt": [2, 3, 16, 16], "max": [4, 3, 32, 32]}
    folder = engine(nets.convolution(), shapes={"x": given})
    assert RTX.sizes(folder) == (
        {"x": (1, 3, 8, 8)},
        {"x": (2, 3, 16, 16)},
        {"x": (4, 3, 32, 32)},
    )
    limits = RTX.limits(folder)
    assert (limits.low, limits.high) == ({"x": (1, 3, 8, 8)}, {"x": (4, 3, 32, 32)})


def test_sizes_that_are_the_usual_one_are_named_so(engine):
    shape = [2, 3, 8, 8]
    folder = engine(
        nets.convolution(), shapes={"x": {"min": shape, "opt": shape, "max": [4, 3, 8, 8]}}
    )
    assert list(engine_runtime._points(read_manifest(folder))) == ["opt", "max"]
    assert RTX.limits(folder).low == {"x": (2, 3, 8, 8)}


def test_inputs_that_are_shapes_keep_theirs_and_get_values(engine):
    given = {"min": [1, 4], "opt": [2, 4], "max": [8, 4]}
    folder = engine(nets.shaped_by_input(), shapes={"to": given})
    sizes = RTX.sizes(folder)
    assert [each["to"] for each in sizes] == [(2,)] * 3
    assert [each["to"] for each in RTX.limits(folder).values] == [(1, 4), (2, 4), (8, 4)]


def test_without_cuda_the_worker_is_at_fault(engine):
    folder = engine(nets.convolution(1))
    with pytest.raises(LibraryMissing, match="this worker's PyTorch"), RTX.open(folder, {}):
        pytest.fail("there is no GPU here")


def test_an_engine_of_the_other_kind_is_refused(engine):
    folder = engine(nets.convolution(1))
    with pytest.raises(InvalidModel, match="of a tensorrt-rtx engine, not of tensorrt"):
        RUNTIMES["tensorrt"].inspect(folder, {})


def test_an_engine_that_was_exchanged_is_refused(engine):
    folder = engine(nets.convolution(1))
    with (folder / "model.engine").open("r+b") as file:
        file.write(b"x")
    with pytest.raises(InvalidModel, match="is not the engine"):
        RTX.inspect(folder, {})


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "no manifest"), ("{}", "no manifest"), (None, "must hold model.engine and")],
    ids=["cut", "empty", "missing"],
)
def test_a_broken_manifest_is_told(engine, text, words):
    folder = engine(nets.convolution(1))
    told = folder / MANIFEST_FILE
    told.unlink() if text is None else told.write_text(text)
    with pytest.raises(InvalidModel, match=words):
        RTX.inspect(folder, {})


def test_an_engine_without_weights_says_what_it_lacks(engine):
    folder = engine(nets.convolution(1))
    told = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps(told | {"weight_stripped": True}))
    with pytest.raises(InvalidModel, match="refitted"), RTX.open(folder, {}):
        pytest.fail("it has no weights")


def test_onnx_runtime_is_timed_beside_it_and_told_by_provider(tmp_path, monkeypatch):
    monkeypatch.setattr(timing, "WARM_UP", 0.01)
    monkeypatch.setattr(timing, "MOST_SECONDS", 0.05)
    path = nets.saved(tmp_path / "net.onnx", nets.wide())
    cases = [{"x": np.ones((size, 64), np.float32)} for size in (1, 4)]
    told = timing.beside(path, cases)["CPUExecutionProvider"]
    assert len(told) == 2
    for each in told:
        assert 0 < each["median"] <= each["p99"]
        assert each["throughput"] > 0
        assert timing.LEAST_RUNS <= each["runs"] <= timing.MOST_RUNS


def test_what_onnx_runtime_does_not_run_is_told_in_its_words(tmp_path):
    path = nets.saved(tmp_path / "net.onnx", nets.wide())
    told = timing.beside(path, [{"x": np.ones((1, 65), np.float32)}])
    assert "Got invalid dimensions for input: x" in str(told["CPUExecutionProvider"])
