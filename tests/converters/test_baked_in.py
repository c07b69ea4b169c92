"""What tracing bakes in is caught by other data and other shapes, and called by its name."""

import onnx
import pytest
import torch

from workers.converters.torch_trace import export_traced
from workers.runtimes import RUNTIMES


class Forked(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if bool(x.sum() > 0):
            return x * 2
        return x - 1


class Halved(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.reshape(x.shape[0], -1)[:, :2] * float(x.shape[0])


@pytest.mark.parametrize(("net", "words"), [(Forked, "a branch"), (Halved, "a length")])
def test_a_trace_is_held_against_the_script(bench, refused, tmp_path, net, words):
    script, trace, result = (tmp_path / name for name in ("s.pt", "t.pt", "m.onnx"))
    torch.jit.script(net().eval()).save(script)
    example = torch.ones(2, 4)
    traced = torch.jit.trace(net().eval(), example, check_trace=False)
    traced.save(trace)
    inputs = {"x": {"shape": ["batch", 4], "dtype": "float32"}}
    signature = RUNTIMES["torchscript"].inspect(script, given(inputs)).signature
    export_traced(traced, (example,), signature, result, opset=18, dynamic=True)
    assert onnx.load(result).graph.input[0].type.tensor_type.shape.dim[0].dim_param
    note = bench.verify((script, "torchscript"), (result, "onnx"), inputs=inputs)
    detail = refused(note, "accuracy_mismatch").detail
    assert f"{words} was baked in" in detail
    note, kept = bench.convert("torchscript-to-onnx", script, inputs=inputs)
    assert note.kind == "produced", note
    note = bench.verify((script, "torchscript"), (kept, "onnx"), inputs=inputs)
    assert note.kind == "agreed", note


def given(inputs):
    from workers.verification.given import given_from

    return given_from(inputs, None)
