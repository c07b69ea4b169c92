"""Saving: a transfer as the mapping file that leads to it, to be read and edited."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, assert_never

from workers.transplant.expressions import (
    Difference,
    Expression,
    Join,
    Ones,
    Part,
    Read,
    Reshape,
    Sum,
    Transpose,
    Zeros,
)
from workers.transplant.folding import Fold, folds
from workers.transplant.moves import Left, Move, Transfer
from workers.transplant.patterns import escaped
from workers.transplant.words import reordered
from workers.weights.variables import Framework

Data = dict[str, Any]

MOST: Final = 500  # names in one rule that leaves them out


def saved(
    transfer: Transfer, origin: Framework, to: Framework | None = None, about: str = ""
) -> str:
    """The file; it leads to the other framework where none is given.

    `loaded` and applied to the same two models it settles the same moves.

    What was mapped with less confidence than 1 has a comment that says with how much, and why.
    """
    other = {Framework.TENSORFLOW: Framework.PYTORCH, Framework.PYTORCH: Framework.TENSORFLOW}
    to = to or other[origin]
    head: Data = {"mapping": 1, "from": str(origin), "to": str(to)}
    head |= {"about": about} if about else {}
    head |= {"notes": list(transfer.notes)} if transfer.notes else {}
    lines = [_written(head).rstrip(), "rest: refuse", "rules:"]
    if not any((transfer.moves, transfer.unread, transfer.unfilled, transfer.questions)):
        lines[-1] = "rules: []"
    others = [each.name for each in transfer.unread]
    others += [name for each in transfer.questions for name in each.sources]
    for fold in folds(transfer.moves, others):
        lines += _rule(_carried(fold), _remark(fold.moves))
    for rule in (*_left("skip", transfer.unread), *_left("keep", transfer.unfilled)):
        lines += _rule(rule, None if rule.get("meant", True) else "open: write a rule for it")
    for each in transfer.questions:
        targets, sources = list(each.targets), list(each.sources)
        ask = {"ask": {"targets": targets, "sources": sources}, "why": each.why}
        lines += _rule(ask, "open: write a rule for each target instead")
    return "\n".join(lines) + "\n"


def _carried(fold: Fold) -> Data:
    value = _value(fold.moves[0].value, fold.texts)
    rule = {"source": value} if isinstance(value, str) else value
    return {**rule, "target": fold.target}


def _value(value: Expression, texts: Mapping[str, str]) -> str | Data:  # noqa: C901, PLR0911
    match value:
        case Read(name):
            return texts[name]
        case Transpose(of, axes):
            return _with(_value(of, texts), "transpose", list(axes))
        case Reshape(of, shape):
            return _with(_value(of, texts), "reshape", list(shape))
        case Part(of, axis, index, count):
            part = {"axis": axis, "index": index, "count": count}
            return _with(_value(of, texts), "part", part)
        case Join(parts, axis):
            order, first = reordered(value), parts[0]
            if order is not None and isinstance(first, Part):
                gates = {"axis": axis, "order": list(order)}
                return _with(_value(first.of, texts), "gates", gates)
            return {"join": {"axis": axis, "of": [_value(each, texts) for each in parts]}}
        case Sum(parts):
            return {"sum": [_value(each, texts) for each in parts]}
        case Difference(parts):
            return {"difference": [_value(each, texts) for each in parts]}
        case Zeros(shape):
            return {"zeros": list(shape)}
        case Ones(shape):
            return {"ones": list(shape)}
        case _:
            assert_never(value)


def _with(value: str | Data, key: str, change: Any) -> Data:
    if isinstance(value, str) or key in value:
        return {"source": value, key: change}
    return {**value, key: change}


def _left(key: str, left: Iterable[Left]) -> Iterator[Data]:
    alike: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for each in left:
        alike[each.why, each.meant].append(escaped(each.name))
    for (why, meant), every in alike.items():
        for start in range(0, len(every), MOST):
            some = every[start : start + MOST]
            rule: Data = {key: some[0] if len(some) == 1 else some, "why": why}
            yield rule if meant else {**rule, "meant": False}


def _remark(moves: tuple[Move, ...]) -> str | None:
    doubted = [each for each in moves if each.confidence < 1]
    if not doubted:
        return None
    least = min(doubted, key=lambda each: each.confidence)
    return f"{least.confidence:.2f}: {' '.join(least.because.split())}"


def _rule(rule: Data, remark: str | None) -> Iterator[str]:
    if remark is not None:
        yield f"  # {''.join(each for each in remark if each.isprintable())}"
    first, *others = _written(rule).rstrip("\n").split("\n")
    yield f"  - {first}"
    yield from (f"    {each}" for each in others)


def _written(data: Data) -> str:
    return "".join(f"{key}: {_flow(value)}\n" for key, value in data.items())


def _flow(value: Any) -> str:
    """On one line. What YAML takes for the end of a line, wherever it stands, is escaped."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Texts that cannot be printed in double quotes."""

    def quoted(dumper: Any, text: str) -> Any:
        style = None if text.isprintable() else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)

    Dumper.add_representer(str, quoted)
    text: str = yaml.dump(
        value,
        Dumper=Dumper,
        sort_keys=False,
        allow_unicode=True,
        width=10**9,
        default_flow_style=True,
    )
    return text.removesuffix("\n").removesuffix("\n...").strip("\n")
