"""Words: names as Core ML takes them, which are identifiers."""

import re
from collections.abc import Iterable


def identifiers(names: Iterable[str]) -> list[str]:
    """Each name with what an identifier cannot have replaced by `_`, and no two alike."""
    taken: list[str] = []
    for name in names:
        plain = re.sub(r"\W", "_", name, flags=re.ASCII)
        plain = plain if plain[:1].isalpha() or plain[:1] == "_" else f"_{plain}"
        while plain in taken:
            plain += "_"
        taken.append(plain)
    return taken
