"""Stores of variables: the weights of a file, read and written one at a time."""
