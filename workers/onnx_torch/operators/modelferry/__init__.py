"""Operators that `workers.onnx_torch.linear` puts together from those of a file."""
