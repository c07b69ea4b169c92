"""ONNX graphs, read and walked without a framework: what both importers stand on."""
