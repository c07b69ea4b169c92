"""`python -m modelferry` is the command line."""

from modelferry.cli import main

main()
