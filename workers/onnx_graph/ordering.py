"""Order: nodes so that each comes after those whose results it reads."""

from collections.abc import Collection, Sequence
from typing import Any

from shared.domain.errors import InvalidModel

Reads = Sequence[Collection[str]]


def ordered(nodes: Sequence[Any], reads: Reads, graph: str) -> list[int]:
    """Indices of the nodes, in the file's own order as far as that is possible.

    Args:
        reads: for each node the names that it and its subgraphs read.
        graph: the graph's name, for the message.

    Raises:
        InvalidModel: they read each other's results in a circle, or two have one output.
    """
    maker: dict[str, int] = {}
    for index, node in enumerate(nodes):
        for name in node.output:
            if name and name in maker:
                raise InvalidModel(
                    f"Two nodes of graph {graph!r} have the output {name!r}: {_named(node)} and"
                    f" {_named(nodes[maker[name]])}.",
                    node=node.name or name,
                    operator=node.op_type,
                )
            maker[name] = index
    waits = [{maker[name] for name in each if name in maker and name} for each in reads]
    if all(all(other < index for other in wait) for index, wait in enumerate(waits)):
        return list(range(len(nodes)))
    return _sorted(nodes, waits, graph)


def _sorted(nodes: Sequence[Any], waits: list[set[int]], graph: str) -> list[int]:
    from heapq import heapify, heappop, heappush

    left = [len(wait) for wait in waits]
    followers: list[list[int]] = [[] for _ in nodes]
    for index, wait in enumerate(waits):
        for other in wait:
            followers[other].append(index)
    ready = [index for index, count in enumerate(left) if not count]
    heapify(ready)
    order: list[int] = []
    while ready:
        index = heappop(ready)
        order.append(index)
        for follower in followers[index]:
            left[follower] -= 1
            if not left[follower]:
                heappush(ready, follower)
    if len(order) < len(nodes):
        raise _circle(nodes, waits, set(range(len(nodes))) - set(order), graph)
    return order


def _circle(
    nodes: Sequence[Any], waits: list[set[int]], stuck: set[int], graph: str
) -> InvalidModel:
    """Follow what a stuck node waits for until one comes up twice."""
    walk = [min(stuck)]
    while (following := min(waits[walk[-1]] & stuck)) not in walk:
        walk.append(following)
    circle = walk[walk.index(following) :]
    names = " ← ".join(_named(nodes[index]) for index in (*circle, circle[0]))
    first = nodes[circle[0]]
    return InvalidModel(
        f"The nodes of graph {graph!r} read each other's results in a circle: {names}.",
        node=first.name or first.output[0],
        operator=first.op_type,
    )


def _named(node: Any) -> str:
    label = node.name or next((each for each in node.output if each), "")
    return f"{node.op_type} {label!r}"
