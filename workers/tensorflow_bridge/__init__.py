"""What the TensorFlow and Keras converters and runtimes share.

A model is loaded (`keras_models`, `saved_models`), traced into one function on flat tensors
(`tracing`), frozen into one graph with its weights inside and nothing left to call
(`freezing`), and translated by tf2onnx with what it lacks (`translation`, `operators`,
`protobufs`); then its dimensions get their names back (`dimensions`).
"""
