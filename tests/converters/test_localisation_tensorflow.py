"""Localisation in what TensorFlow and Keras write."""

import keras
import pytest

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
