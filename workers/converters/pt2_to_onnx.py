"""Exported programs to ONNX, by PyTorch's own exporter."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from shared.domain.formats import ONNX, PT2
from workers.converter import Bench, Options, converter
from workers.converters.torch_attention import translations
from workers.converters.torch_faults import torch_fault
from workers.deliver import LARGEST_FILE, deliver, draft
from workers.runtimes.pt2 import signature_of
from workers.runtimes.pt2_load import load_program


class Pt2ToOnnx(Options):
    """What can be asked of the exporter."""

    opset: int = Field(18, ge=18, le=23, description="ONNX operator set to write.")
    dynamic: bool = Field(
        default=True,
        description="Keep dimensions that may vary; false fixes them at the lengths of the example"
        " that the program was exported with.",
    )


@converter(
    PT2,
    ONNX,
    options=Pt2ToOnnx,
    summary="PyTorch's exporter (torch.export), dimensions that vary kept",
    version=1,
    packages=("torch", "onnx", "onnxscript", "onnxruntime"),
    memory=6.0,
)
def convert(bench: Bench[Pt2ToOnnx]) -> None:
    """Translate the program's graph, operator by operator."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel

    bench.say("loading the exported program", progress=0.05)
    program = load_program(bench.source)
    signature = signature_of(program)
    bench.say("translating the graph", progress=0.2)
    try:
        # the fused attention kernels return strides that the exporter cannot view
        with sdpa_kernel(SDPBackend.MATH):
            exported = torch.onnx.export(
                program,
                dynamo=True,
                opset_version=bench.options.opset,
                input_names=[each.name for each in signature.inputs],
                output_names=[each.name for each in signature.outputs],
                custom_translation_table=translations(bench.options.opset),
                verbose=False,
            )
    except Exception as error:
        raise torch_fault(error) from error
    if not bench.options.dynamic:
        _fix(exported.model, lengths(program))
    bench.say("writing the ONNX file", progress=0.75)
    path = draft(bench)
    exported.save(path, external_data=_size(program) > 0.9 * LARGEST_FILE)
    deliver(bench, path)


def lengths(program: Any) -> Mapping[str, int]:
    """The length that each varying dimension had in the example, by its symbol."""
    import torch

    examples = [
        each
        for each in torch.utils._pytree.tree_leaves(program.example_inputs)  # noqa: SLF001 - torch has no public one
        if isinstance(each, torch.Tensor)
    ]
    shapes = [each.shape for each in signature_of(program).inputs]
    return {
        dim: length
        for shape, example in zip(shapes, examples, strict=False)
        for dim, length in zip(shape or (), example.shape, strict=False)
        if isinstance(dim, str)
    }


def _fix(model: Any, lengths: Mapping[str, int]) -> None:
    """Write the lengths where the graph has symbols; inference does the rest."""
    import onnx_ir

    for value in (*model.graph.inputs, *model.graph.outputs):
        if value.shape is not None:
            value.shape = onnx_ir.Shape(
                [lengths.get(getattr(dim, "value", dim), dim) for dim in value.shape]
            )
    for node in model.graph:
        for value in node.outputs:
            if not value.is_graph_output():
                value.shape = None


def _size(program: Any) -> int:
    """Bytes of all weights and constants."""
    tensors = [*program.state_dict.values(), *program.constants.values()]
    return sum(
        each.numel() * each.element_size() for each in tensors if hasattr(each, "element_size")
    )
