"""Operators of com.microsoft, ONNX Runtime's own domain, in TensorFlow."""
