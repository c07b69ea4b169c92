"""What the roads to and from TensorFlow Lite share.

A `.tflite` is read as the flatbuffer that it is (`files`, `signatures`) and run by LiteRT
(`sessions`). One is made by TensorFlow's own compiler of a frozen graph (`compiling`), with the
user's samples where activations are quantised (`calibrating`), and refused where it holds
operators that a plain interpreter lacks (`refusing`).
"""
