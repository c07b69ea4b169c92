"""Model folders of the transformers library: what they say, and the models that they hold."""
