"""Localisation of transplants: a wrong mapping, or a template that is not the same, by layer."""

import keras
import numpy as np
import pytest
import torch

from shared.domain.plans import Convert
from workers.converters import catalogue

SIZE = 8


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Square weights all along, so that a mistake in their layout shows in no shape."""
    x = entry = keras.Input((5, SIZE), name="x")
    x = keras.layers.Dense(SIZE, activation="tanh", name="entry")(x)
    x = keras.layers.LSTM(SIZE, return_sequences=True, name="steps")(x)
    x = keras.layers.BatchNormalization(epsilon=1e-3, name="level")(x)
    x = keras.layers.Dense(SIZE, activation="relu", name="middle")(x)
    model = keras.Model(entry, keras.layers.Dense(SIZE, name="head")(x))
    drawn = np.random.default_rng(5)
    model.set_weights([drawn.normal(0, 0.5, each.shape) for each in model.get_weights()])
    level = model.get_layer("level")
    level.moving_variance.assign(drawn.uniform(0.005, 0.02, SIZE))
    folder = tmp_path_factory.mktemp("source")
    model.save(folder / "a.keras")
    model.save(folder / "a.h5")
    return folder


class Net(torch.nn.Module):
    def __init__(self, eps):
        super().__init__()
        self.one = torch.nn.Linear(SIZE, SIZE)
        self.rnn = torch.nn.LSTM(SIZE, SIZE, batch_first=True)
        self.bn = torch.nn.BatchNorm1d(SIZE, eps=eps)
        self.two = torch.nn.Linear(SIZE, SIZE)
        self.three = torch.nn.Linear(SIZE, SIZE)

    def forward(self, x):
        x = self.rnn(torch.tanh(self.one(x)))[0]
        x = self.bn(x.transpose(1, 2)).transpose(1, 2)
        return self.three(torch.relu(self.two(x)))


def template(path, eps=1e-3):
    batch = {0: torch.export.Dim("batch")}
    example = (torch.randn(3, 5, SIZE),)
    program = torch.export.export(Net(eps).eval(), example, dynamic_shapes=(batch,))
    torch.export.save(program, path)
    return path


def transposed(text):
    right = "middle/kernel\n    transpose: [1, 0]\n"
    assert right in text
    return text.replace(right, "middle/kernel\n")


def swapped(text):
    right = "recurrent_kernel\n    transpose: [1, 0]\n"
    assert right in text
    return text.replace(right, f"{right}    gates: {{axis: 0, order: [0, 2, 1, 3]}}\n")


WRONG = {
    "transpose": (transposed, 1e-3, "middle", "Dense", "two", "'two.weight' is made by"),
    "gates": (swapped, 1e-3, "steps", "LSTM", "rnn", "'rnn.weight_hh_l0' is made by"),
    "epsilon": (str, 1e-5, "level", "BatchNormalization", "bn", "epsilon is 0.001 in the source"),
}


@pytest.mark.parametrize("kind", ["keras", "keras-h5"])
@pytest.mark.parametrize("how", WRONG)
def test_the_layer_is_named_on_both_sides(bench, source, tmp_path, how, kind):
    spoil, eps, layer, operator, other, cause = WRONG[how]
    into = template(tmp_path / "t.pt2", eps)
    path = source / ("a.h5" if kind == "keras-h5" else "a.keras")
    edge = f"{kind}-into-pt2"
    made, first = bench.convert(edge, path, into=into, template="pt2")
    assert made.kind == "produced", made
    mapping = spoil(made.report["mapping_file"])
    made, result = bench.convert(edge, path, into=into, template="pt2", mapping=mapping)
    assert made.kind == "produced", made
    note = bench.verify(
        (path, kind),
        (result, "pt2"),
        route=[step(edge, kind, {"template": "pt2", "mapping": mapping})],
        dynamic=False,
    )
    fault = note.fault
    assert fault.code == "accuracy_mismatch"
    located = note.report["located"]
    assert (located["node"].split("/")[-1], located["operator"]) == (layer, operator), located
    assert located["counterpart"] == other
    assert (fault.node, fault.operator) == (located["node"], operator)
    assert located["error_before"] < 1e-4
    assert located["error_after"] > 1e-3
    assert cause in located["cause"]
    assert f"{other!r} in the result" in fault.detail
    assert cause in fault.detail
    assert first != result


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("transpose", ("middle", "two", "'two.weight' is made by")),
        ("gates", ("level", "bn", "one of 'steps', which could not be compared")),
    ],
)
def test_a_layer_of_torchscript_is_named(bench, source, tmp_path, wrong, named):
    """Of a scripted LSTM nothing is known: what comes after it is named, and it is, too."""
    path, edge = source / "a.keras", "keras-into-torchscript"
    torch.jit.save(torch.jit.script(Net(1e-3).eval()), tmp_path / "t.pt")
    options = {"template": "torchscript"}
    made, _ = bench.convert(edge, path, into=tmp_path / "t.pt", **options)
    options["mapping"] = WRONG[wrong][0](made.report["mapping_file"])
    _, result = bench.convert(edge, path, into=tmp_path / "t.pt", **options)
    route = [step(edge, "keras", options, "torchscript")]
    note = bench.verify((path, "keras"), (result, "torchscript"), route=route, dynamic=False)
    layer, other, told = named
    assert (note.fault.node, note.report["located"]["counterpart"]) == (layer, other)
    assert told in note.report["located"]["cause"]


def step(edge, kind, options, target="pt2"):
    return Convert(
        converter=edge,
        version=catalogue()[edge].version,
        source=kind,
        target=target,
        options=options,
        toolchain={},
    )
