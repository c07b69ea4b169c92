"""The operators of ai.onnx.ml, one a file."""
