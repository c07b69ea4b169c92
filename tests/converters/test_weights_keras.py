"""Weights of Keras: archives and HDF5, read without Keras' loader and filled for it."""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from shared.domain.errors import InvalidModel, StepRefused
from workers.weights.opening import open_weights
from workers.weights.templates import fill_template
from workers.weights.variables import Variable
from workers.weights.writing import write_weights

LAYERS = keras.layers


def network(seed: int) -> keras.Model:
    """Of each kind whose variables lie deeper than its layer: cells, attention, a model twice."""
    keras.utils.set_random_seed(seed)
    inner = keras.Sequential(
        [keras.Input((8,)), LAYERS.Dense(8, dtype="bfloat16", name="narrow")], name="inner"
    )
    given = keras.Input((7, 8), name="given")
    x = LAYERS.MultiHeadAttention(2, 4, name="att")(given, given)
    x = LAYERS.Bidirectional(LAYERS.GRU(3, return_sequences=True, name="gru"), name="both")(x)
    x = LAYERS.SeparableConv1D(8, 2, name="sep")(x)
    x = LAYERS.BatchNormalization(epsilon=0.01, name="norm")(x)
    x = LAYERS.TimeDistributed(LAYERS.Dense(8, name="each"), name="steps")(x)
    x = LAYERS.GaussianNoise(0.1, name="noise")(LAYERS.LSTM(8, name="last")(x))
    model = keras.Model(given, LAYERS.Dense(2, name="head")(inner(inner(x))))
    rng = np.random.default_rng(seed)
    model.set_weights(
        [
            rng.uniform(0.1, 0.9, each.shape).astype(each.dtype)
            if each.dtype.kind != "u"
            else each
            for each in model.get_weights()
        ]
    )
    return model


NAMES = [
    *(f"att/{part}/{leaf}" for part in ("query", "key", "value") for leaf in ("kernel", "bias")),
    "att/attention_output/kernel",
    "att/attention_output/bias",
    *(
        f"both/{way}_gru/gru_cell/{leaf}"
        for way in ("forward", "backward")
        for leaf in ("kernel", "recurrent_kernel", "bias")
    ),
    *(f"sep/{leaf}" for leaf in ("depthwise_kernel", "pointwise_kernel", "bias")),
    *(f"norm/{leaf}" for leaf in ("gamma", "beta", "moving_mean", "moving_variance")),
    "steps/each/kernel",
    "steps/each/bias",
    *(f"last/lstm_cell/{leaf}" for leaf in ("kernel", "recurrent_kernel", "bias")),
    "inner/narrow/kernel",
    "inner/narrow/bias",
    "head/kernel",
    "head/bias",
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("keras")
    model = network(0)
    model.compile("adam", "mse")
    model.optimizer.build(model.trainable_variables)
    paths = {"keras": folder / "m.keras", "keras-weights": folder / "m.weights.h5"}
    for path in paths.values():
        model.save(path) if path.suffix == ".keras" else model.save_weights(path)
    return paths | {"values": _values(model, folder / "values.npz")}


def _values(model: keras.Model, path: Path) -> Path:
    plain = [each for each in model.weights if "seed" not in each.path]
    np.savez(
        path, **{name: each.numpy().astype("f4") for name, each in zip(NAMES, plain, strict=True)}
    )
    return path


@pytest.mark.parametrize("format", ["keras", "keras-weights"])
def test_every_variable_goes_by_its_layers_and_its_own_name(
    saved: dict[str, Path], format: str
) -> None:
    wanted = np.load(saved["values"])
    with open_weights(saved[format], format) as weights:
        assert set(weights.variables) == set(NAMES)
        if format == "keras":
            assert weights.ordered
            assert list(weights.variables) == NAMES
        for name, variable in weights.variables.items():
            found = weights.read(name)
            assert (found.shape, found.dtype.name) == (variable.shape, variable.dtype)
            assert np.array_equal(found.astype(np.float32), wanted[name])
        assert weights.variables["inner/narrow/kernel"].dtype == "bfloat16"
        kinds = {scope: each.kind for scope, each in weights.layers.items()}
        assert kinds["both/forward_gru/gru_cell"] == "GRUCell"
        assert (kinds["sep"], kinds["att/query"]) == ("SeparableConv1D", "EinsumDense")


def test_an_archive_tells_the_settings_of_its_layers(saved: dict[str, Path]) -> None:
    with open_weights(saved["keras"], "keras") as weights:
        assert weights.layers["norm"].settings["epsilon"] == pytest.approx(0.01)
        assert weights.layers["att"].settings["num_heads"] == 2
        assert weights.layers["both/forward_gru"].settings["reset_after"] is True
        assert weights.layers["last"].settings["input_shape"] == (6, 8)


@pytest.mark.parametrize("format", ["keras", "keras-weights"])
def test_a_filled_template_computes_what_the_other_model_does(
    saved: dict[str, Path], tmp_path: Path, format: str
) -> None:
    other, x = network(7), np.random.default_rng(2).normal(size=(2, 7, 8)).astype("f4")
    values = np.load(_values(other, tmp_path / "other.npz"))
    target = tmp_path / saved[format].name
    with fill_template(saved[format], format, target) as sink:
        for name in NAMES:
            sink.write(name, values[name])
    if format == "keras":
        model = keras.saving.load_model(target, compile=False)
        assert not list(tmp_path.glob(".*"))
    else:
        model = network(1)
        model.load_weights(target)
    np.testing.assert_array_equal(model(x).numpy(), other(x).numpy())
    assert not np.allclose(model(x).numpy(), network(0)(x).numpy(), rtol=1e-3)


def classifier(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    inner = keras.Sequential([keras.Input((4,)), LAYERS.Dense(4, name="deep")], name="inner")
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            LAYERS.Conv2D(4, 3, name="conv"),
            LAYERS.BatchNormalization(name="norm"),
            LAYERS.GlobalAveragePooling2D(),
            inner,
            LAYERS.Dense(2, name="head"),
        ],
        name="whole",
    )
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.5, 1.5, each.shape) for each in model.get_weights()])
    return model


def test_an_hdf5_model_is_read_and_filled(tmp_path: Path) -> None:
    model, other = classifier(0), classifier(7)
    model.save(tmp_path / "m.h5")
    with open_weights(tmp_path / "m.h5", "keras-h5") as weights:
        names = list(weights.variables)
        assert names[:2] == ["conv/kernel", "conv/bias"]
        assert names[-2:] == ["head/kernel", "head/bias"]
        for name, each in zip(names, model.weights, strict=True):
            assert np.array_equal(weights.read(name), each.numpy())
        assert (weights.layers["conv"].kind, weights.layers["norm"].kind) == (
            "Conv2D",
            "BatchNormalization",
        )
        assert weights.layers["norm"].settings["epsilon"] == pytest.approx(1e-3)
    with fill_template(tmp_path / "m.h5", "keras-h5", tmp_path / "f.h5") as sink:
        for name, each in zip(names, other.weights, strict=True):
            sink.write(name, each.numpy())
    x = np.random.default_rng(2).normal(size=(2, 6, 6, 2))
    loaded = keras.saving.load_model(tmp_path / "f.h5", compile=False)
    np.testing.assert_array_equal(loaded(x).numpy(), other(x).numpy())


@pytest.mark.parametrize("longest", [64_000, 12])
def test_weights_alone_are_found_by_keras_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, longest: int
) -> None:
    monkeypatch.setattr("workers.weights.keras_weights_writer.MOST", longest)
    other = {each.path.removeprefix("whole/"): each.numpy() for each in classifier(7).weights}
    variables = {k: Variable(k, v.shape, v.dtype.name) for k, v in other.items()}
    with write_weights(tmp_path / "w.h5", "keras-weights", variables) as sink:
        for name, array in other.items():
            sink.write(name, array)
    model = classifier(0)
    model.load_weights(tmp_path / "w.h5", by_name=True)
    for each in model.weights:
        assert np.array_equal(each.numpy(), other[each.path.removeprefix("whole/")])
    with open_weights(tmp_path / "w.h5", "keras-weights") as weights:
        assert all(np.array_equal(weights.read(k), v) for k, v in other.items())


@pytest.mark.parametrize(
    ("name", "dtype", "told"),
    [
        ("head/kernel", "bfloat16", r"'head/kernel' is bfloat16, which HDF5 has no type"),
        ("head/kernel", "float8_e5m2", r"'head/kernel' is float8_e5m2, which HDF5 has no type"),
        ("kernel", "float32", r"'kernel' names no layer"),
    ],
)
def test_what_hdf5_cannot_hold_is_refused(
    tmp_path: Path, name: str, dtype: str, told: str
) -> None:
    with pytest.raises(StepRefused, match=told):
        write_weights(
            tmp_path / "w.h5", "keras-weights", {name: Variable(name, (2,), dtype)}
        ).__enter__()


def damaged(source: Path, target: Path, how: str) -> Path:
    """A copy of the archive whose weights do not fit it."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for each in old.namelist():
            data = old.read(each)
            if each == "model.weights.h5":
                if how == "absent":
                    continue
                path = target.with_suffix(".h5")
                path.write_bytes(data)
                with h5py.File(path, "r+") as file:
                    _break(file, how)
                data = path.read_bytes()
            new.writestr(each, data)
    return target


def _break(file: Any, how: str) -> None:
    place = "layers/dense/vars"
    del file[place]["0"]
    if how == "shape":
        file[place]["0"] = np.zeros((1, 1), np.float32)


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("absent", r"no model\.weights\.h5"),
        ("missing", r"layers/dense/vars/0 is missing"),
        ("shape", r"layers/dense/vars/0 is of another shape"),
    ],
)
def test_an_archive_whose_weights_do_not_fit_is_refused(
    saved: dict[str, Path], tmp_path: Path, how: str, told: str
) -> None:
    path = damaged(saved["keras"], tmp_path / "d.keras", how)
    with pytest.raises(InvalidModel, match=told):
        open_weights(path, "keras").__enter__()


def test_a_file_that_lists_what_it_does_not_hold_is_refused(tmp_path: Path) -> None:
    classifier(0).save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "r+") as file:
        group = file["model_weights/head"]
        (name, *_) = group.attrs["weight_names"]
        del group[name]
    with pytest.raises(InvalidModel, match=r"of the layer 'head' and does not hold it"):
        open_weights(tmp_path / "m.h5", "keras-h5").__enter__()
    (tmp_path / "x.h5").write_bytes((tmp_path / "m.h5").read_bytes()[:500])
    with pytest.raises(InvalidModel, match="HDF5 file is damaged"):
        open_weights(tmp_path / "x.h5", "keras-h5").__enter__()


@pytest.mark.parametrize("how", ["link", "storage", "virtual"])
def test_a_file_that_leads_to_another_is_refused(tmp_path: Path, how: str) -> None:
    (tmp_path / "secret").write_bytes(bytes(24))
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["kernel"] = np.ones(6)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["layer_names"] = ["dense"]
        group = file.create_group("dense")
        group.attrs["weight_names"] = ["dense/kernel"]
        match how:
            case "link":
                group["dense/kernel"] = h5py.ExternalLink("other.h5", "kernel")
            case "storage":
                outside = [(str(tmp_path / "secret"), 0, 24)]
                group.create_dataset("dense/kernel", (6,), "f4", external=outside)
            case _:
                lent = h5py.VirtualLayout((6,), "f8")
                lent[:] = h5py.VirtualSource(tmp_path / "other.h5", "kernel", (6,))
                group.create_virtual_dataset("dense/kernel", lent)
    with pytest.raises(InvalidModel, match=r"dense/kernel' (is no dataset|lie outside)"):
        open_weights(tmp_path / "m.h5", "keras-weights").__enter__()


def test_files_of_keras_2_are_read(tmp_path: Path) -> None:
    """Its names end in `:0`, and its strings are bytes."""
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": []}}
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config).encode()
        root = file.create_group("model_weights")
        root.attrs["layer_names"] = [b"dense"]
        group = root.create_group("dense")
        group.attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        group["dense/kernel:0"], group["dense/bias:0"] = np.ones((2, 3)), np.zeros(3)
    with open_weights(tmp_path / "two.h5", "keras-h5") as weights:
        assert list(weights.variables) == ["dense/kernel", "dense/bias"]
        assert weights.read("dense/kernel").sum() == 6
