"""Finding the first node that is wrong: any graph, any node, in logarithmically many probes."""

import math

from hypothesis import given
from hypothesis import strategies as st

from workers.localisation.graphs import Graph, Node
from workers.localisation.search import bisect


@st.composite
def graphs(draw):
    """Each node reads some of what is there; whatever nobody reads is an output."""
    count = draw(st.integers(1, 60))
    there = ["x"]
    nodes = []
    for number in range(count):
        reads = draw(st.sets(st.sampled_from(there), min_size=1, max_size=3))
        makes = tuple(f"{number}.{i}" for i in range(draw(st.integers(1, 2))))
        nodes.append(Node(f"n{number}", "Op", frozenset(reads), makes))
        there += makes
    read = {name for node in nodes for name in node.reads}
    unread = [name for node in nodes for name in node.makes if name not in read]
    return Graph(tuple(nodes), frozenset({"x"}), frozenset(unread))


def always(_):
    return True


def spoilt(graph, culprit):
    """The tensors that are wrong where that node is."""
    wrong = set(graph.nodes[culprit].makes)
    for node in graph.nodes[culprit + 1 :]:
        if not wrong.isdisjoint(node.reads):
            wrong.update(node.makes)
    return wrong


@given(graphs(), st.data())
def test_the_wrong_node_is_found_in_logarithmically_many_probes(graph, data):
    culprit = data.draw(st.integers(0, len(graph.nodes) - 1))
    wrong = spoilt(graph, culprit)
    positions = graph.positions(always)
    found = bisect(positions, lambda at: not wrong.isdisjoint(graph.live(at)), always)
    assert graph.nodes[found.wrong - 1] is graph.nodes[culprit]
    assert found.right == culprit
    assert found.probes <= math.ceil(math.log2(len(graph.nodes))) + 1


@given(graphs(), st.data())
def test_what_cannot_be_compared_leaves_a_range_with_the_node_in_it(graph, data):
    culprit = data.draw(st.integers(0, len(graph.nodes) - 1))
    hidden = data.draw(st.sets(st.sampled_from(sorted(graph.varying))))
    wrong = spoilt(graph, culprit)
    positions = graph.positions(lambda name: name not in hidden)
    found = bisect(positions, lambda at: not wrong.isdisjoint(graph.live(at)), always)
    assert found.right <= culprit < found.wrong


@given(graphs(), st.data())
def test_probes_that_fail_are_gone_around(graph, data):
    culprit = data.draw(st.integers(0, len(graph.nodes) - 1))
    broken = data.draw(st.sets(st.integers(1, len(graph.nodes))))
    wrong = spoilt(graph, culprit)

    def probe(at):
        return None if at in broken else not wrong.isdisjoint(graph.live(at))

    found = bisect(graph.positions(always), probe, always)
    assert found.right <= culprit < found.wrong
    assert all(at in broken for at in range(found.right + 1, found.wrong))


@given(graphs(), st.integers(0, 5), st.data())
def test_a_search_that_is_ended_says_how_far_it_got(graph, most, data):
    culprit = data.draw(st.integers(0, len(graph.nodes) - 1))
    wrong = spoilt(graph, culprit)
    found = bisect(
        graph.positions(always),
        lambda at: not wrong.isdisjoint(graph.live(at)),
        lambda probes: probes < most,
    )
    assert found.probes <= most
    assert found.right <= culprit < found.wrong


@given(graphs())
def test_positions_are_those_whose_live_tensors_can_all_be_compared(graph):
    odd = {name for name in graph.varying if name.endswith(".1")}
    positions = graph.positions(lambda name: name not in odd)
    inner = range(1, len(graph.nodes))
    assert positions == [
        0,
        *(at for at in inner if (live := graph.live(at)) and odd.isdisjoint(live)),
        len(graph.nodes),
    ]


def test_weights_are_no_tensors_that_vary():
    nodes = (
        Node("c", "Constant", frozenset(), ("c",)),
        Node("t", "Transpose", frozenset({"c", "w"}), ("t",)),
        Node("m", "MatMul", frozenset({"x", "t"}), ("y",)),
    )
    graph = Graph(nodes, frozenset({"x"}), frozenset({"y"}))
    assert graph.varying == {"y"}
    assert graph.positions(always) == [0, 3]
