"""JSON into the frozen dataclasses of `modelferry.types`, and back."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from modelferry.errors import BadAnswer

T = TypeVar("T")


def read(kind: type[T], payload: object) -> T:
    """The payload as that dataclass. Fields that the class lacks are left out.

    Raises:
        BadAnswer: a field is missing or is of another kind.
    """
    if not isinstance(payload, Mapping):
        raise BadAnswer(f"Expected a {kind.__name__}, got {type(payload).__name__}. {_ADVICE}")
    values: dict[str, Any] = {}
    shape = _shape(cast("Any", kind))
    for name, (hint, required) in shape.items():
        if name in payload:
            values[name] = _value(hint, payload[name], f"{kind.__name__}.{name}")
        elif required:
            raise BadAnswer(f"{kind.__name__}.{name} is missing from the answer. {_ADVICE}")
    return kind(**values)


def plain(value: Any) -> Any:
    """What `json.dumps` takes: dataclasses as objects, times in ISO 8601."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


_ADVICE = "Is the address that of a Modelferry service, and this client as new as it?"


@cache
def _shape(kind: Any) -> dict[str, tuple[Any, bool]]:
    hints = get_type_hints(kind)
    return {
        each.name: (
            hints[each.name],
            each.default is MISSING and each.default_factory is MISSING,
        )
        for each in fields(kind)
    }


def _value(hint: Any, value: Any, where: str) -> Any:
    origin = get_origin(hint)
    if origin in {Union, types.UnionType}:
        options = get_args(hint)
        if value is None and type(None) in options:
            return None
        solid = [each for each in options if each is not type(None)]
        return _value(solid[0], value, where) if len(solid) == 1 else value
    if origin is tuple:
        return _items(get_args(hint)[0], value, where)
    if origin is dict and isinstance(value, Mapping):
        return {name: _value(get_args(hint)[1], each, where) for name, each in value.items()}
    if is_dataclass(hint):
        return read(cast("type[Any]", hint), value)
    return _scalar(hint, value, where)


def _items(hint: Any, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _unfit(where, value)
    return tuple(_value(hint, each, where) for each in value)


def _scalar(hint: Any, value: Any, where: str) -> Any:
    if hint is Any:
        return value
    if hint is datetime:
        try:
            return datetime.fromisoformat(value)
        except (TypeError, ValueError):
            raise _unfit(where, value) from None
    if hint is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, get_origin(hint) or hint):
        raise _unfit(where, value)
    return value


def _unfit(where: str, value: object) -> BadAnswer:
    return BadAnswer(f"{where} cannot be {value!r:.80}. {_ADVICE}")
