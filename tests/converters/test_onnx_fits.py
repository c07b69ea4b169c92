"""Whether a model can be one message, told without making one."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from workers.onnxruntime_bridge import graphs


def model(*, raw: bool) -> onnx.ModelProto:
    array = np.zeros((1000, 1000), np.float32)
    weight = numpy_helper.from_array(array, "w")
    if not raw:
        weight = helper.make_tensor("w", onnx.TensorProto.FLOAT, array.shape, array.ravel())
    graph = helper.make_graph([], "g", [], [], [weight])
    return helper.make_model(graph)


@pytest.mark.parametrize("raw", [True, False])
def test_weights_and_all_else_are_counted(monkeypatch, raw):
    built = model(raw=raw)
    assert graphs.fits(built)
    monkeypatch.setattr(graphs, "LARGEST_MESSAGE", built.ByteSize())
    assert not graphs.fits(built)
    monkeypatch.setattr(graphs, "LARGEST_MESSAGE", built.ByteSize() + 2 * graphs.REST)
    assert graphs.fits(built)
