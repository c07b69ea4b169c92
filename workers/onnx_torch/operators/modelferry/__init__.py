"""Operators that `workers.onnx_torch.layers` puts together from those of a file."""
