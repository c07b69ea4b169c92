"""ONNX to PyTorch: the importer of our own."""
