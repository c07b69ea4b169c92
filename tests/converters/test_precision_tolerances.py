"""The tolerances of precisions: honest conversions of six models pass, broken ones do not."""

from functools import cache
from itertools import product

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.converters.precise_nets import NETS, samples, written

OPTIONS = {"fp16": {}, "bf16": {}, "int8": {"calibration": "minmax"}}

HOW = "zero", "doubled", "transposed"

INVARIANT = {("wide", "first.weight", "doubled")}
"""It divides by the mean magnitude, so the scale of its first weight is no part of the answer."""


@pytest.fixture(scope="module")
def net(tmp_path_factory):
    folder = tmp_path_factory.mktemp("nets")
    return cache(lambda name: (written(name, folder), samples(name, folder)))


@pytest.mark.parametrize("precision", OPTIONS)
@pytest.mark.parametrize("name", NETS)
def test_an_honest_conversion_passes(bench, net, name, precision):
    path, inputs = net(name)
    given = inputs if precision == "int8" else None
    carried = bench.carry(
        f"onnx-to-{precision}", path, given, precision=precision, **OPTIONS[precision]
    )
    (output,) = carried.report["outputs"]
    assert 0 < output["max_rel"] < {"fp16": 0.003, "bf16": 0.02, "int8": 0.08}[precision]
    assert output["cosine"] > {"fp16": 0.99999, "bf16": 0.9998, "int8": 0.999}[precision]


BREAKS = list(product(["attention", "recurrent", "wide", "classifier"], HOW))


@pytest.mark.parametrize("precision", OPTIONS)
@pytest.mark.parametrize(("name", "how"), BREAKS)
def test_every_matrix_that_is_broken_is_caught(bench, net, tmp_path, precision, *, name, how):
    path, inputs = net(name)
    model = onnx.load(path)
    matrices = [i for i, w in enumerate(model.graph.initializer) if _is_matrix(w)]
    assert matrices
    for number, index in enumerate(matrices):
        broken = onnx.load(path)
        weight = broken.graph.initializer[index]
        if (name, weight.name, how) in INVARIANT:
            continue
        spoilt = numpy_helper.from_array(_spoilt(numpy_helper.to_array(weight), how), weight.name)
        weight.CopyFrom(spoilt)
        wrong = tmp_path / f"{number}.onnx"
        onnx.save(broken, wrong)
        ends = (path, "onnx"), (wrong, "onnx")
        note = bench.verify(*ends, inputs if precision == "int8" else None, precision=precision)
        assert note.kind == "disagreed", (weight.name, note.report)


def _is_matrix(weight):
    dims = list(weight.dims)
    return weight.data_type == onnx.TensorProto.FLOAT and len(dims) > 1 and min(dims[-2:]) > 1


def _spoilt(array, how):
    if how == "zero":
        return np.zeros_like(array)
    if how == "doubled":
        return array * 2
    return np.ascontiguousarray(np.swapaxes(array, -1, -2)).reshape(array.shape)
