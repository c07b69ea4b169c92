"""Write a module down as ONNX by PyTorch's older exporter, which knows TorchScript."""

from pathlib import Path
from typing import Any

from shared.domain.signatures import Signature, Tensor
from workers.converters.torch_attention import traced_rows


def export_traced(
    module: Any,
    examples: tuple[Any, ...],
    signature: Signature,
    path: Path,
    *,
    opset: int,
    dynamic: bool,
) -> None:
    """Export under the signature's names, with its varying dimensions unless told otherwise.

    Args:
        module: called with the examples, in the order of the signature's inputs.
        path: written; weights of 2 GiB and more go into files beside it.
    """
    import torch

    tensors = (*signature.inputs, *signature.outputs)
    with traced_rows():
        torch.onnx.export(
            module,
            examples,
            str(path),
            dynamo=False,
            input_names=[each.name for each in signature.inputs],
            output_names=[each.name for each in signature.outputs],
            dynamic_axes={each.name: _axes(each) for each in tensors} if dynamic else None,
            opset_version=opset,
            do_constant_folding=True,
        )


def _axes(tensor: Tensor) -> dict[int, str]:
    return {
        axis: dim or f"{tensor.name}_{axis}"
        for axis, dim in enumerate(tensor.shape or ())
        if not isinstance(dim, int)
    }
