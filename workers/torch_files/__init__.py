"""Files and arrays of PyTorch, as several rooms read them."""
