"""One operator a file, in native torch. Loaded by name, when a graph has it."""
