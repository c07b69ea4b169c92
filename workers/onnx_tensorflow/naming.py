"""Names of inputs and outputs, as TensorFlow can write them."""

from collections.abc import Sequence


def writable(name: str) -> str:
    """Letters, digits and underscores, the first of them a letter: parameters of a function."""
    plain = "".join(each if each.isascii() and each.isalnum() else "_" for each in name)
    return plain if plain[:1].isalpha() else f"arg_{plain}"


def all_writable(names: Sequence[str]) -> list[str]:
    """In order; no two the same."""
    found: list[str] = []
    for name in names:
        plain = writable(name)
        number = 1
        while plain in found:
            number += 1
            plain = f"{writable(name)}_{number}"
        found.append(plain)
    return found
