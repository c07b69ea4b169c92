"""The edges from ONNX to ONNX: what each does to a graph, weights in other files left there."""
