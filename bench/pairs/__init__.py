"""Pairs: architectures written in both frameworks, between which weights are carried.

    python -m bench.pairs                    all of them anew
    python -m bench.pairs --only GRU         one

No mapping file is given. docs/coverage.json keeps what became of them; docs/generate.py draws
the table of docs/coverage.md from it.
"""
