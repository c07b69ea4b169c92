"""Models of tables: scikit-learn, XGBoost and LightGBM, on their way into ONNX."""
