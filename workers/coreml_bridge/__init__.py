"""Core ML, written on Linux: what can be written there can be run on Apple's systems only."""
