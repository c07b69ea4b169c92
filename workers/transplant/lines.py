"""Lines: YAML as plain data, with the line of each part of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.domain.errors import InvalidMapping

Place = tuple[str | int, ...]

LARGEST: Final = 1 << 18  # characters
DEEPEST: Final = 32


def read(text: str) -> tuple[Any, Mapping[Place, int]]:
    """The data, and the lines, counted from 1, by the keys that lead to a part.

    Anchors and aliases are refused: with them a small file may stand for an endless one.

    Raises:
        InvalidMapping: it is too large, too deep, no YAML, or names a key twice.
    """
    import yaml

    if len(text) > LARGEST:
        raise InvalidMapping(
            f"the mapping has {len(text):,} characters and may have {LARGEST:,}: let a pattern "
            "stand for the rules that repeat"
        )
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _bounded(yaml.parse(text, loader))
        node = yaml.compose(text, loader)
        data = yaml.safe_load(text) if node is None else _constructed(loader, text)
    except yaml.YAMLError as fault:
        raise InvalidMapping(_sentence(fault)) from fault
    except ValueError as fault:  # a date that is none, an integer of too many digits
        raise InvalidMapping(f"the mapping has a value that cannot be read: {fault}") from fault
    return data, dict(_places(node, ()) if node is not None else ())


def line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """The line of a part, or of the nearest part around it that has one."""
    for length in range(len(place), -1, -1):
        if place[:length] in lines:
            return lines[place[:length]]
    return None


def _constructed(loader: Any, text: str) -> Any:
    import yaml

    return yaml.load(text, loader)  # noqa: S506 - one of the two safe ones


def _bounded(events: Iterator[Any]) -> None:
    import yaml

    depth = 0
    for event in events:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise InvalidMapping(
                f"line {line}: anchors and aliases (& and *) are not followed here: write the "
                "part out, or put the value into quotes if it is a name"
            )
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise InvalidMapping(f"line {line}: nested more than {DEEPEST} levels deep")


def _places(node: Any, place: Place) -> Iterator[tuple[Place, int]]:
    import yaml

    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, each in enumerate(node.value):
            yield from _places(each, (*place, index))
    if isinstance(node, yaml.MappingNode):
        seen = set()
        for key, value in node.value:
            if key.value in seen:
                raise InvalidMapping(
                    f"line {key.start_mark.line + 1}: {key.value!r} stands here a second time"
                )
            seen.add(key.value)
            yield from _places(value, (*place, key.value))


def _sentence(fault: Any) -> str:
    mark = getattr(fault, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    problem = getattr(fault, "problem", None) or "it is no text"
    hint = ""
    if "escape" in problem:
        hint = "; between double quotes a backslash is YAML's own: use single quotes or none"
    return f"{where}the mapping is no YAML: {problem}{hint}"
