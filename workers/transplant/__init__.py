"""Transplanting: the weights of a model of one framework, put into a model of the other."""
