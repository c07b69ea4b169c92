"""Real servers out of wheels, run as processes of our own."""
