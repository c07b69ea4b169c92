"""Pairs: architectures written in both frameworks, between which weights are carried."""
