"""One operator a file, in native TensorFlow. Loaded by name, when a graph has it."""
