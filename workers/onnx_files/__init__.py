"""ONNX files, before anybody makes something of them."""
