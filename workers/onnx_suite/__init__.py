"""Suite: cases in the layout of ONNX's backend tests, run one by one in processes of their own."""
