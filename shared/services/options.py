"""Options: what a user set, held against the schema that a converter announced."""

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from shared.domain.errors import InvalidOptions


def own_options(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the given options that the schema declares, its defaults filled in.

    Equal meanings come out equal (18.0 is 18 where an integer is asked for), since the
    result goes into a fingerprint.

    Raises:
        InvalidOptions: a value does not fit; names the option and what it may be.
    """
    declared: Mapping[str, Any] = schema.get("properties", {})
    chosen = {name: value for name, value in given.items() if name in declared}
    for outer in Draft202012Validator(dict(schema)).iter_errors(chosen):
        error = _innermost(outer)
        path = [*error.absolute_path] or [str(error.validator)]
        name, within = str(path[0]), path[1:]
        if name not in declared:
            raise InvalidOptions(f"The options do not fit: {error.message}.", field="options")
        if within or error.validator not in _PLAIN:
            place = f"{name}{''.join(f'[{each!r}]' for each in within)}"
            raise InvalidOptions(f"{place}: {_shortened(error)}.", field=f"options.{name}")
        raise InvalidOptions(
            f"{name} must be {allowed(declared[name], schema)}; it was {_quoted(chosen[name])}.",
            field=f"options.{name}",
        )
    defaults = {name: each["default"] for name, each in declared.items() if "default" in each}
    return {name: _plain(value, declared[name]) for name, value in (defaults | chosen).items()}


def allowed(declared: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What an option may be, in words: 'an integer from 11 to 22'."""
    if "$ref" in declared:
        name = str(declared["$ref"]).rpartition("/")[2]
        return allowed(schema.get("$defs", {}).get(name, {}), schema)
    if "anyOf" in declared:
        return " or ".join(allowed(each, schema) for each in declared["anyOf"])
    if "enum" in declared:
        return "one of " + ", ".join(repr(each) for each in declared["enum"])
    if "const" in declared:
        return repr(declared["const"])
    return _KINDS.get(str(declared.get("type")), "as its schema says") + _bounds(declared)


_PLAIN = (
    "type",
    "enum",
    "const",
    "anyOf",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
)
"""Rules that `allowed` puts in words. What breaks another is told in the schema's own."""

_LONGEST = 300
"""Characters of a message: it may quote the value, which may be of any size."""


def _innermost(error: ValidationError) -> ValidationError:
    """Where one of several alternatives was meant, and something inside of it is wrong."""
    deeper = [each for each in error.context or () if each.relative_path]
    return deeper[0] if error.validator == "anyOf" and deeper else error


def _shortened(error: ValidationError) -> str:
    return _cut(error.message)


def _quoted(value: object) -> str:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"one of {len(value)} characters"
    return _cut(repr(value))


def _cut(said: str) -> str:
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


_KINDS = {
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "string": "a string",
    "array": "a list",
    "object": "an object",
    "null": "null",
}


def _bounds(declared: Mapping[str, Any]) -> str:
    low, high = declared.get("minimum"), declared.get("maximum")
    above, below = declared.get("exclusiveMinimum"), declared.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = {"of at least": low, "of at most": high, "above": above, "below": below}
    words = [f"{word} {bound}" for word, bound in parts.items() if bound is not None]
    if "maxLength" in declared:
        words.append(f"of at most {declared['maxLength']} characters")
    return " " + " and ".join(words) if words else ""


def _plain(value: Any, declared: Mapping[str, Any]) -> Any:
    if isinstance(value, float) and declared.get("type") == "integer":
        return int(value)
    if isinstance(value, int) and declared.get("type") == "number":
        return float(value)
    return value
