"""Coverage: the parser's own answer on what it takes of a model, node by node.

TensorRT names the nodes that it refuses at sight, cuts the graph at them and calls none of the
parts supported: it has not looked. Here each part is asked for as a model of its own, and cut
again where it is refused, until every node is in a part that was taken or is a gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from shared.domain.coverage import Coverage, Gap, Subgraph
from shared.domain.errors import FerryError
from workers.tensorrt_bridge.faults import refusal
from workers.tensorrt_bridge.gaps import BROKEN, Fault, read_gaps
from workers.tensorrt_bridge.library import Library
from workers.tensorrt_bridge.network import workshop
from workers.tensorrt_bridge.pieces import Whole

MOST_QUESTIONS: Final = 200
"""Parts that are asked for; a model that falls into more is told of in less detail."""

Part = tuple[int, ...]


@dataclass(slots=True)
class _Answers:
    """What is known so far, by the indices of nodes."""

    taken: list[Part] = field(default_factory=list)
    open: list[Part] = field(default_factory=list)
    gaps: dict[int, Fault] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reply:
    """To one question: all of it, or gaps and the parts between them (indices of the piece)."""

    supported: bool
    gaps: list[Fault]
    parts: list[Part]


def coverage(library: Library, path: Path, target: str) -> Coverage:
    """Which nodes of the ONNX file at `path` the library's parser takes.

    Args:
        target: the format that it is asked for.

    Raises:
        InvalidModel: the file is no sound graph.
    """
    whole = Whole.read(path)
    every = tuple(range(len(whole.nodes)))
    first = _ask(library, path.read_bytes(), path)
    if broken := _broken(library, first):
        raise broken
    answers = _Answers()
    _settle(answers, every, first)
    questions = 0
    while answers.open and questions < MOST_QUESTIONS:
        part = answers.open.pop()
        raw = whole.piece(part)
        questions += 1
        if raw is not None:
            _settle(answers, part, _ask(library, raw, path))
    return Coverage(
        target=target,
        supported=first.supported,
        by=library.title,
        nodes=len(every),
        covered=sum(map(len, answers.taken)),
        subgraphs=tuple(_subgraphs(whole, answers)),
        gaps=tuple(_gap(whole, answers.gaps[index]) for index in sorted(answers.gaps)),
    )


def _ask(library: Library, model: bytes, path: Path) -> _Reply:
    shop = workshop(library)
    supported = bool(shop.parser.supports_model_v2(model, str(path)))
    parts = [
        tuple(shop.parser.get_subgraph_nodes(index)) for index in range(shop.parser.num_subgraphs)
    ]
    return _Reply(supported, [] if supported else read_gaps(shop.parser, path), parts)


def _settle(answers: _Answers, asked: Part, reply: _Reply) -> None:
    """Note a reply to the question for those nodes, and what is to be asked next."""
    if reply.supported:
        answers.taken.append(asked)
        return
    refused = set()
    for each in reply.gaps:
        index = asked[each.index] if 0 <= each.index < len(asked) else -1
        answers.gaps.setdefault(index, each)
        refused.add(index)
    if not refused & set(asked):
        return  # nothing to cut it at
    for part in reply.parts:
        rest = tuple(asked[index] for index in part if asked[index] not in refused)
        if rest:
            answers.open.append(rest)


def _broken(library: Library, reply: _Reply) -> FerryError | None:
    whole = reply.gaps and reply.gaps[0].code in BROKEN
    return refusal(library, reply.gaps) if whole else None


def _subgraphs(whole: Whole, answers: _Answers) -> Iterator[Subgraph]:
    """Parts that are taken, and runs of nodes that are not, in the order of the graph."""
    inside = {index for part in answers.taken for index in part}
    left = [index for index in range(len(whole.nodes)) if index not in inside]
    runs: list[list[int]] = []
    for index in left:
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    told = [(part, True) for part in answers.taken] + [(tuple(run), False) for run in runs]
    for part, supported in sorted(told):
        yield Subgraph(supported=supported, nodes=tuple(_name(whole, index) for index in part))


def _gap(whole: Whole, fault: Fault) -> Gap:
    domains = {each.domain: each.version for each in whole.model.opset_import}
    return Gap(
        node=fault.node,
        operator=fault.operator,
        version=domains.get("", domains.get("ai.onnx")),
        reason=fault.reason,
        hint=fault.hint,
    )


def _name(whole: Whole, index: int) -> str:
    """A node's name, or its operator and first output where it has none."""
    node = whole.nodes[index]
    return node.name or f"{node.op_type} → {node.output[0] if node.output else index}"
