"""Operators of ai.onnx.preview.training, in TensorFlow."""
