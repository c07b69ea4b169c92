"""Classes: modules of one structure share one, and what differs becomes its arguments."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final

from workers.torch_source.expressions import MARKED, literal, quoted, unmarked
from workers.torch_source.parts import NO_DEFAULT, Chain, Holder, Layer, Part, Setting, Unit, below
from workers.torch_source.values import Kind, State

UNNAMED: Final = frozenset(
    {
        "in_channels",
        "out_channels",
        "kernel_size",
        "num_features",
        "in_features",
        "out_features",
        "normalized_shape",
        "num_embeddings",
        "embedding_dim",
        "input_size",
        "hidden_size",
    }
)
"""Arguments that go by position as long as they come first."""

SHORT: Final = {"Conv": "Conv", "BatchNorm": "Norm", "LayerNorm": "Norm", "Linear": "Linear"}
"""What layers are called in the name of a class that is made of them."""

Hole = tuple[str, str]
"""A number or another literal: what it sets, and how it is written."""


@dataclass(eq=False, slots=True)
class Klass:
    """A class. `parameters` are its constructor's arguments with their types."""

    name: str
    parameters: list[tuple[str, str]]
    init: list[str]
    attributes: list[str]
    forward: list[str]
    arguments: list[str]
    returns: str
    title: str


@dataclass(slots=True)
class Made:
    """A unit as it is made: its class, and the arguments that this one gets."""

    klass: Klass
    given: list[Setting]


@dataclass(slots=True)
class Classes:
    """All classes, each after those that it uses, and what every unit is made of."""

    root: str
    order: list[Klass] = field(default_factory=list)
    made: dict[int, Made] = field(default_factory=dict)


def classes_of(root: Unit, name: str) -> Classes:
    """The classes of all units below the root, and the root's own, called `name`, at the end."""
    found = Classes(name)
    levels: dict[int, list[Unit | Holder]] = {}
    for unit, height in _heights(root):
        levels.setdefault(height, []).append(unit)
    for height in sorted(levels):
        alike: dict[Any, list[Unit | Holder]] = {}
        for unit in levels[height]:
            alike.setdefault(_key(unit, found), []).append(unit)
        for units in _merged(alike, found):
            _share(units, found, name if units[0] is root else None)
    return found


def _merged(alike: Mapping[Any, list[Unit | Holder]], found: Classes) -> list[list[Any]]:
    """Units whose type is but their name are one where not even a number differs."""
    merged: dict[Any, list[Unit | Holder]] = defaultdict(list)
    for key, units in alike.items():
        first = units[0]
        if isinstance(first, Unit) and first.type.endswith(".Module"):
            numbers = frozenset(tuple(_all_holes(each, found)) for each in units)
            merged[*key[:-1], numbers] += units
        else:
            merged[key] += units
    return list(merged.values())


def _heights(root: Unit) -> list[tuple[Unit | Holder, int]]:
    """Units that need a class, with how many others are below each."""
    found: dict[int, tuple[Unit | Holder, int]] = {}

    def height(part: Part) -> int:
        if isinstance(part, Layer | State):
            return -1
        inner = max([height(each) for each in below(part).values()], default=-1)
        if needs_class(part):
            assert isinstance(part, Unit | Holder)  # noqa: S101 - for the type checker
            found[id(part)] = (part, inner + 1)
            return inner + 1
        return inner

    height(root)
    return list(found.values())


def needs_class(part: Part) -> bool:
    return isinstance(part, Unit) or (isinstance(part, Holder) and not part.is_list)


def _holes(part: Part, name: str, found: Classes) -> Iterator[Hole]:
    """The literals of a part's constructor, in the order in which they are written."""
    for setting in settings_of(part, found):
        yield f"{name}.{setting.name}", written(setting.value)
    if not needs_class(part):
        for child, each in below(part).items():
            yield from _holes(each, name if child.isdigit() else child, found)


def settings_of(part: Part, found: Classes) -> list[Setting]:
    """The arguments of a part's constructor."""
    if isinstance(part, Layer):
        return list(part.settings)
    if isinstance(part, State):
        return [Setting("size", each, named=False) for each in part.tensor.shape]
    return list(found.made[id(part)].given) if needs_class(part) else []


def _structure(part: Part, found: Classes) -> Any:
    """What two parts have in common when only literals differ."""
    if isinstance(part, Layer):
        return (part.kind, tuple(each.name for each in part.settings), tuple(part.tensors))
    if isinstance(part, State):
        return (part.kind, part.tensor.ndim, str(part.tensor.dtype), part.trained)
    if needs_class(part):
        return id(found.made[id(part)].klass)
    inner = tuple((name, _structure(each, found)) for name, each in below(part).items())
    return (type(part).__name__, inner)


def _key(unit: Unit | Holder, found: Classes) -> Any:
    parts = tuple((name, _structure(each, found)) for name, each in unit.parts.items())
    if isinstance(unit, Holder):
        return parts
    body = tuple(MARKED.sub("#", line) for line in unit.lines)
    return (parts, tuple(unit.arguments), body, unit.type)


def _share(units: list[Unit | Holder], found: Classes, name: str | None) -> None:
    """One class for all of them."""
    first = units[0]
    rows = [list(_all_holes(unit, found)) for unit in units]
    columns = list(zip(*rows, strict=True))
    chosen = _parameters(columns)
    texts = [_text(column, chosen) for column in columns]
    count = sum(1 for _ in _init_holes(first, found))
    inner = {param for param in texts[count:] if param in chosen.values()}
    writer = _Init(texts[:count], found)
    init = [*writer.lines(first), *(f"self.{each} = {each}" for each in sorted(inner))]
    body = _filled(first.lines if isinstance(first, Unit) else [], texts[count:], inner)
    klass = Klass(
        name=name or _free(_class_name(units), found),
        parameters=[(each, _type(column)) for column, each in _first_of(chosen)],
        init=init,
        attributes=writer.attributes,
        forward=body,
        arguments=first.arguments if isinstance(first, Unit) else [],
        returns=first.returns if isinstance(first, Unit) else "",
        title=first.type if isinstance(first, Unit) else "",
    )
    found.order.append(klass)
    leading = sum(1 for _ in takewhile(UNNAMED.__contains__, chosen.values()))
    for number, unit in enumerate(units):
        given = [
            Setting(each, Verbatim(column[number]), named=place >= leading)
            for place, (column, each) in enumerate(_first_of(chosen))
        ]
        found.made[id(unit)] = Made(klass, given)


def _init_holes(unit: Unit | Holder, found: Classes) -> Iterator[Hole]:
    for name, part in unit.parts.items():
        yield from _holes(part, name, found)


def _all_holes(unit: Unit | Holder, found: Classes) -> Iterator[Hole]:
    yield from _init_holes(unit, found)
    for line in unit.lines if isinstance(unit, Unit) else ():
        for text in MARKED.findall(line):
            yield "forward.size", text


Column = tuple[Hole, ...]


def _parameters(columns: list[Column]) -> dict[tuple[str, ...], str]:
    """A name for each row of literals that differ among the units."""
    chosen: dict[tuple[str, ...], str] = {}
    for column in columns:
        texts = tuple(unmarked(text) for _, text in column)
        if len(set(texts)) > 1 and texts not in chosen:
            part, _, setting = column[0][0].rpartition(".")
            name, number = setting, 2
            if name in chosen.values():
                name = f"{part}_{setting}"
            while name in chosen.values():
                name, number = f"{setting}{number}", number + 1
            chosen[texts] = name
    return chosen


def _first_of(chosen: Mapping[tuple[str, ...], str]) -> list[tuple[tuple[str, ...], str]]:
    return list(chosen.items())


def _text(column: Column, chosen: Mapping[tuple[str, ...], str]) -> str:
    texts = tuple(unmarked(text) for _, text in column)
    return chosen.get(texts) or texts[0]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A value as it is written."""

    text: str


def written(value: Any) -> str:
    """A setting's value as source."""
    return value.text if isinstance(value, Verbatim) else unmarked(literal(value).text)


def _type(column: tuple[str, ...]) -> str:
    kinds = {_kind(each) for each in column}
    return " | ".join(sorted(kinds))


def _kind(text: str) -> str:
    if text in {"True", "False"}:
        return "bool"
    if text == "None":
        return "None"
    if text.startswith("("):
        return f"tuple[{', '.join(['int'] * len(text.split(',')))}]"
    if text.startswith(('"', "'")):
        return "str"
    if text.startswith("torch."):
        return "torch.dtype"
    return "int" if text.lstrip("-").isdigit() else "float"


def _filled(lines: list[str], texts: list[str], inner: set[str]) -> list[str]:
    """The lines with their numbers, or with the attributes that stand for them."""
    given = iter(texts)

    def fill(_: Any) -> str:
        text = next(given)
        return f"self.{text}" if text in inner else text

    return [MARKED.sub(fill, line) for line in lines]


def _class_name(units: list[Unit | Holder]) -> str:
    unit = units[0]
    kind = unit.type.rpartition(".")[2] if isinstance(unit, Unit) else ""
    if kind.isidentifier() and kind not in {"Sequential", "Module", "ModuleList", "type"}:
        return kind
    called = {each.path.rpartition(".")[2] for each in units}
    if isinstance(unit, Unit) and len(called) > 1 and (made := _by_layers(unit)):
        return made
    words = {_word(each.path) for each in units}
    alone = next(iter(unit.parts), "") if len(words) > 1 and len(unit.parts) == 1 else ""
    word = _in_common(words) or alone or _word(unit.path)
    return "".join(each.capitalize() for each in word.split("_") if each) or "Part"


def _word(path: str) -> str:
    """`block` of `encoder.blocks.0`."""
    words = [each for each in path.split(".") if each and not each.isdigit()]
    word = words[-1] if words else "part"
    return word.removesuffix("s") if path.rpartition(".")[2].isdigit() else word


def _in_common(names: set[str]) -> str:
    """`norm` of `input_norm` and `output_norm`: what all end in and is a word of one of them."""
    backwards = zip(*(each[::-1] for each in names), strict=False)
    same = takewhile(lambda letters: len(set(letters)) == 1, backwards)
    end = "".join(letters[0] for letters in same)[::-1].lstrip("_")
    words = {word for each in names for word in (each, *each.split("_"))}
    while end and end not in words:
        end = end.partition("_")[2]
    return "" if end.isdigit() else end


def _by_layers(unit: Unit) -> str | None:
    """`ConvNorm` for a convolution and its norm."""
    kinds = [each.kind if isinstance(each, Layer) else "" for each in unit.parts.values()]
    short = [next((SHORT[each] for each in SHORT if kind.startswith(each)), "") for kind in kinds]
    return "".join(short) if 1 < len(short) < 4 and all(short) else None  # noqa: PLR2004 - a few


def _free(name: str, found: Classes) -> str:
    taken = {each.name for each in found.order} | {found.root, "Tensor", "Path", "Any"}
    number, chosen = 2, name
    while chosen in taken:
        chosen, number = f"{name}{number}", number + 1
    return chosen


class _Init:
    """Writes a constructor's lines."""

    def __init__(self, texts: list[str], found: Classes) -> None:
        self.texts, self.found = iter(texts), found
        self.attributes: list[str] = []

    def lines(self, unit: Unit | Holder) -> list[str]:
        return [line for name, part in unit.parts.items() for line in self._line(name, part)]

    def _line(self, name: str, part: Part) -> Iterator[str]:
        if not isinstance(part, State):
            yield f"self.{name} = {self._made(part)}"
            return
        made = self._made(part)
        if part.kind is Kind.PARAMETER:
            yield f"self.{name} = {made}"
        else:
            self.attributes.append(f"{name}: Tensor")
            yield f"self.register_buffer({quoted(name)}, {made})"

    def _made(self, part: Part) -> str:
        if isinstance(part, State):
            return self._tensor(part)
        args = list(self._args(settings_of(part, self.found)))
        if isinstance(part, Layer):
            return f"nn.{part.kind}({', '.join(args)})"
        if needs_class(part):
            return f"{self.found.made[id(part)].klass.name}({', '.join(args)})"
        if all(isinstance(each, State) for each in below(part).values()):
            inner = [self._made(each) for each in below(part).values()]
            return f"nn.ParameterList([{', '.join(inner)}])"
        return self._several(part)

    def _several(self, part: Part) -> str:
        inner = self._numbered(below(part))
        repeated = len(inner) > 1 and len(set(inner)) == 1
        every = f"{inner[0]} for _ in range({len(inner)})" if repeated else ", ".join(inner)
        if isinstance(part, Chain):
            return f"nn.Sequential(*[{every}])" if repeated else f"nn.Sequential({every})"
        return f"nn.ModuleList([{every}])"

    def _numbered(self, parts: Mapping[str, Part]) -> list[str]:
        """The parts of a list; numbers that nothing has are filled."""
        made = {int(name): self._made(each) for name, each in parts.items()}
        return [made.get(number, "nn.Identity()") for number in range(max(made) + 1)]

    def _args(self, settings: list[Setting]) -> Iterator[str]:
        for setting in settings:
            text = next(self.texts)
            if not (setting.default is not NO_DEFAULT and text == written(setting.default)):
                yield f"{setting.name}={text}" if setting.named else text

    def _tensor(self, state: State) -> str:
        import torch

        sizes = ", ".join(next(self.texts) for _ in state.tensor.shape)
        dtype = state.tensor.dtype
        sizes = sizes or "()"
        named = "" if dtype == torch.float32 else f", dtype={dtype}"
        made = f"torch.empty({sizes}{named})"
        if state.kind is not Kind.PARAMETER:
            return made
        kept = "" if dtype.is_floating_point or dtype.is_complex else ", requires_grad=False"
        return f"nn.Parameter({made}{kept})"
