"""ONNX to TensorFlow: the importer of our own."""
