"""Operators of ai.onnx.preview, in native torch."""
