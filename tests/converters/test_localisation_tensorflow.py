"""Localisation in what TensorFlow and Keras write."""

import keras
import pytest
import tensorflow as tf
import torch

from shared.domain.archives import pack
from tests.converters.test_localisation import _spoilers, carried

__all__ = ["_spoilers", "carried"]


@pytest.fixture(scope="module")
def model():
    """Ten layers, one of which is a sigmoid."""
    keras.utils.set_random_seed(0)
    x = entry = keras.Input((6,), name="x")
    for number in range(3):
        x = keras.layers.Dense(6, activation="tanh", name=f"before_{number}")(x)
    left = keras.layers.Activation("sigmoid", name="the_sigmoid")(x)
    right = keras.layers.Dense(6, activation="relu", name="beside")(x)
    x = keras.layers.Concatenate(name="joined")([left, right])
    for number in range(3):
        x = keras.layers.Dense(6, activation="tanh", name=f"after_{number}")(x)
    return keras.Model(entry, keras.layers.Dense(3, name="head")(x))


def test_a_layer_of_keras_is_named(carried, refused, model, tmp_path):
    model.save(tmp_path / "a.keras")
    note = carried((tmp_path / "a.keras", "keras"), ("mislayered", {"misread": "sigmoid"}))
    fault = refused(note, "accuracy_mismatch")
    assert (fault.node, fault.operator) == ("the_sigmoid", "Activation")
    assert note.report["located"]["runs"] <= 4


def test_a_node_of_a_savedmodel_is_named(carried, refused, model, tmp_path):
    model.export(tmp_path / "saved", verbose=False)
    pack(tmp_path / "saved", tmp_path / "a.zip")
    note = carried((tmp_path / "a.zip", "savedmodel"), ("mistranslator", {"misread": "sigmoid"}))
    fault = refused(note, "accuracy_mismatch")
    assert fault.operator == "Sigmoid"
    assert "the_sigmoid" in fault.node
    assert note.report["located"]["runs"] <= 6


def test_a_layer_of_an_h5_is_named(carried, refused, model, tmp_path):
    model.save(tmp_path / "a.h5")
    note = carried((tmp_path / "a.h5", "keras-h5"), ("softening-keras-h5", {"misread": "sigmoid"}))
    fault = refused(note, "accuracy_mismatch")
    assert (fault.node, fault.operator) == ("the_sigmoid", "Activation")
    assert note.report["located"]["runs"] <= 4


def chain(x):
    """A sigmoid amid products of matrices; two outputs."""
    with tf.compat.v1.variable_scope("net"):
        for number in range(3):
            x = tf.tanh(tf.matmul(x, tf.random.stateless_normal((6, 6), (1, number))))
        side = tf.sigmoid(x, name="the_sigmoid")
        for number in range(3):
            x = tf.tanh(tf.matmul(x + side, tf.random.stateless_normal((6, 6), (2, number))))
        return tf.identity(x, name="far"), tf.identity(side + x, name="near")


def test_a_node_of_a_frozen_graph_is_named(carried, refused, tmp_path):
    with tf.Graph().as_default() as graph:
        chain(tf.compat.v1.placeholder(tf.float32, (None, 6), name="x"))
    (tmp_path / "a.pb").write_bytes(graph.as_graph_def().SerializeToString())
    step = ("softening-frozen-graph", {"misread": "sigmoid"})
    note = carried((tmp_path / "a.pb", "frozen-graph"), step)
    fault = refused(note, "accuracy_mismatch")
    assert (fault.node, fault.operator) == ("net/the_sigmoid", "Sigmoid")
    assert note.report["located"]["runs"] <= 5


def test_a_node_of_a_tensorflow_lite_model_is_named(carried, refused, model, tmp_path):
    compiled = tf.lite.TFLiteConverter.from_keras_model(model).convert()
    (tmp_path / "a.tflite").write_bytes(compiled)
    note = carried((tmp_path / "a.tflite", "tflite"), ("softening-tflite", {"misread": "sigmoid"}))
    fault = refused(note, "accuracy_mismatch")
    assert fault.operator == "LOGISTIC"
    assert "the_sigmoid" in fault.node
    assert note.report["located"]["runs"] <= 5


class Gated(torch.nn.Module):
    """A sigmoid between layers; two outputs, by name."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Linear(6, 6)
        self.gate = torch.nn.Linear(6, 6)
        self.last = torch.nn.Linear(6, 3)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        x = torch.tanh(self.first(x))
        gated = x * torch.sigmoid(self.gate(x) * 3)
        return {"y": self.last(torch.relu(gated) + 1), "gated": gated}


def test_a_node_of_torchscript_is_named(carried, refused, tmp_path):
    torch.manual_seed(0)
    torch.jit.save(torch.jit.script(Gated().eval()), tmp_path / "a.pt")
    step = ("softening-torchscript", {"misread": "sigmoid"})
    note = carried((tmp_path / "a.pt", "torchscript"), step)
    fault = refused(note, "accuracy_mismatch")
    assert fault.operator == "aten::sigmoid", note.report["located"]
    assert note.report["located"]["runs"] <= 5
