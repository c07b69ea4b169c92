"""Localisation: of a result that disagrees, the step and the node where it leaves its source."""
