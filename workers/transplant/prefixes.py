"""Prefixes: what `@` stands for, with `*` for whatever a model was called."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from workers.transplant.patterns import LONGEST
from workers.transplant.rules import MappingFile


def concrete(mapping: MappingFile, sources: Iterable[str], targets: Iterable[str]) -> MappingFile:
    """The mapping with each `*` of its prefixes put in words, as the names of both sides have it.

    A prefix with a `*` that no name begins with is left out; there is always one without.
    """
    return replace(
        mapping,
        source_prefixes=_concrete(mapping.source_prefixes, list(sources)),
        target_prefixes=_concrete(mapping.target_prefixes, list(targets)),
    )


def _concrete(prefixes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for each in prefixes:
        found.update(dict.fromkeys(_begun(each, names) if "*" in each else (each,)))
    return tuple(found)


def _begun(prefix: str, names: Sequence[str]) -> Iterator[str]:
    text = re.escape(prefix).replace(r"\*/", "[^/]+/").replace(r"\*", "[^./]+")
    pattern = re.compile(text)
    for name in names:
        begin = pattern.match(name) if len(name) <= LONGEST else None
        if begin is not None:
            yield begin[0]
