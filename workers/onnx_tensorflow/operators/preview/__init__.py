"""Operators of ai.onnx.preview, in TensorFlow."""
