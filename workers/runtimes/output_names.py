"""Output names: what a nested output is called, so that no two are called the same."""

from collections.abc import Iterator, Sequence


def joined(path: Sequence[str]) -> str:
    """`logits` of a dict, `output_1` of a tuple's second, `a_b` of a dict in a dict."""
    text = "_".join(path)
    return text if text and not text[0].isdigit() else f"output_{text}"


def unique(names: Sequence[str]) -> Iterator[str]:
    """The names in their order; one that came before gets the first free of _2, _3, ...

    `{"a": {"b": x}, "a_b": y}` would give `a_b` twice.
    """
    taken = set(names)
    seen: set[str] = set()
    for name in names:
        free, number = name, 1
        while free in seen or (number > 1 and free in taken):
            number += 1
            free = f"{name}_{number}"
        seen.add(free)
        yield free
