"""ai.onnx.ml, one operator a file."""
