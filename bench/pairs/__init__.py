"""Pairs: architectures written in both frameworks, and whether weights go from one to the other."""
