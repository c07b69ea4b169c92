"""Operators of ai.onnx.preview.training, in native torch."""
