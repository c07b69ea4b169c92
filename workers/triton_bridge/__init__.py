"""Triton: model repositories for NVIDIA Triton Inference Server, written and read."""
