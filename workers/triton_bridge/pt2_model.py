"""Serve the exported program model.pt2 with Triton's Python backend.

Needs PyTorch in the server's Python. https://github.com/triton-inference-server/python_backend
"""

import json
import os
from pathlib import Path
from typing import Any


class TritonPythonModel:
    """One instance: the program on the device that Triton gave it."""

    def initialize(self, args: dict[str, str]) -> None:
        import torch

        os.environ["TORCH_FORCE_WEIGHTS_ONLY_LOAD"] = "1"  # a pickle in the file runs no code
        program = torch.export.load(Path(__file__).parent / "model.pt2")
        on_gpu = args["model_instance_kind"] == "GPU" and torch.cuda.is_available()
        self.device = f"cuda:{args['model_instance_device_id']}" if on_gpu else "cpu"
        if on_gpu:
            from torch.export.passes import move_to_device_pass

            program = move_to_device_pass(program, self.device)
        self.module = program.module()
        self.layout = program.call_spec.in_spec
        self.arguments = [
            spec.arg
            for spec in program.graph_signature.input_specs
            if spec.kind.name == "USER_INPUT"
        ]
        config = json.loads(args["model_config"])
        self.inputs = config["input"]
        self.outputs = config["output"]

    def execute(self, requests: list[Any]) -> list[Any]:
        """One response a request; what goes wrong in one spoils no other."""
        import triton_python_backend_utils as utils  # type: ignore[import-not-found]

        responses = []
        for request in requests:
            try:
                response = utils.InferenceResponse(output_tensors=self.run(request, utils))
            except Exception as error:  # noqa: BLE001 - whatever it is, the client is told
                fault = utils.TritonError(f"{type(error).__name__}: {error}")
                response = utils.InferenceResponse(output_tensors=[], error=fault)
            responses.append(response)
        return responses

    def run(self, request: Any, utils: Any) -> list[Any]:
        """The output tensors of one request, in the order of the config."""
        import torch
        from torch.utils import _pytree as pytree

        given = {each["name"]: self.take(request, each, utils) for each in self.inputs}
        flat = [
            given[each.name] if each.name in given else each.value  # noqa: SIM401 - a tensor has none
            for each in self.arguments
        ]
        args, kwargs = pytree.tree_unflatten(flat, self.layout)
        with torch.inference_mode():
            leaves = pytree.tree_leaves(self.module(*args, **kwargs))
        tensors = [each for each in leaves if isinstance(each, torch.Tensor)]
        named = zip(tensors, self.outputs, strict=True)
        return [self.give(tensor, each, utils) for tensor, each in named]

    def take(self, request: Any, described: dict[str, Any], utils: Any) -> Any:
        """One input as a tensor on the device; numpy has no bfloat16, DLPack does."""
        import torch

        tensor = utils.get_input_tensor_by_name(request, described["name"])
        if described["data_type"] == "TYPE_BF16":
            return torch.from_dlpack(tensor.to_dlpack()).to(self.device)
        return torch.from_numpy(tensor.as_numpy().copy()).to(self.device)

    def give(self, tensor: Any, described: dict[str, Any], utils: Any) -> Any:
        """One output, back on the CPU."""
        from torch.utils.dlpack import to_dlpack

        value = tensor.detach().cpu().contiguous()
        if described["data_type"] == "TYPE_BF16":
            return utils.Tensor.from_dlpack(described["name"], to_dlpack(value))
        return utils.Tensor(described["name"], value.numpy())
