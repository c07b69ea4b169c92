"""The command line."""

from modelferry.cli.app import main

__all__ = ["main"]
