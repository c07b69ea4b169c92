"""Weights of TensorFlow: checkpoints and SavedModels, read and written as TensorFlow does it."""

import shutil
from pathlib import Path
from typing import Any

import keras
import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf

from shared.domain.errors import InvalidModel, StepRefused
from workers.weights.opening import open_weights
from workers.weights.templates import fill_template
from workers.weights.variables import Variable
from workers.weights.writing import write_weights

v1 = tf.compat.v1

TABLE = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def by_name(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A partitioned variable, bfloat16, a string, slots of an optimizer; both versions."""
    folder = tmp_path_factory.mktemp("ckpt")
    with tf.Graph().as_default(), v1.Session() as session:
        v1.get_variable(
            "enc/table",
            initializer=tf.constant(TABLE),
            partitioner=v1.fixed_size_partitioner(3),
            use_resource=False,
        )
        v1.get_variable("enc/half", initializer=tf.constant([1, 2.5], tf.bfloat16))
        v1.get_variable("names", initializer=tf.constant(["a", "b"]))
        v1.get_variable("global_step", initializer=tf.constant(9, tf.int64))
        session.run(v1.global_variables_initializer())
        (folder / "two").mkdir()
        (folder / "one").mkdir()
        v1.train.Saver().save(session, str(folder / "two/model.ckpt"))
        plain = [each for each in v1.global_variables() if "enc/table" in each.name]
        saver = v1.train.Saver(plain, write_version=v1.train.SaverDef.V1)
        saver.save(session, str(folder / "one/model.ckpt"))
    return folder


class Small(tf.Module):
    """Two variables of one name, one of another, and a function over them."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.kernel = tf.Variable(rng.normal(size=(3, 2)), name="enc/kernel", dtype=tf.float32)
        self.parts = [
            tf.Variable(rng.normal(size=2), name="part", dtype=tf.float32),
            tf.Variable(rng.normal(), name="part", dtype=tf.float32),
        ]

    @tf.function(input_signature=[tf.TensorSpec((None, 3), tf.float32)])
    def __call__(self, x: Any) -> Any:
        return x @ self.kernel * self.parts[1] + self.parts[0]


def classifier(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, name="head"),
        ]
    )
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(0.5, 1.5, each.shape) for each in model.get_weights()])
    return model


@pytest.mark.parametrize("version", ["one", "two"])
def test_a_partitioned_variable_is_one(by_name: Path, version: str) -> None:
    with open_weights(by_name / version, "tf-checkpoint") as weights:
        assert weights.variables["enc/table"].shape == (7, 4)
        assert np.array_equal(weights.read("enc/table"), TABLE)
        assert "names" not in weights.variables


def test_bfloat16_stays_bfloat16(by_name: Path) -> None:
    with open_weights(by_name / "two", "tf-checkpoint") as weights:
        assert weights.variables["enc/half"].dtype == "bfloat16"
        assert list(weights.read("enc/half").astype(np.float32)) == [1, 2.5]


def test_a_checkpoint_of_objects_has_the_names_of_its_variables(tmp_path: Path) -> None:
    model = classifier(0)
    model.compile("adam", "mse")
    model.fit(np.zeros((2, 6, 6, 2)), np.zeros((2, 4)), verbose=0)
    saved = tf.train.Checkpoint(model=model, optimizer=model.optimizer)
    saved.save(str(tmp_path / "training"))
    with open_weights(tmp_path, "tf-checkpoint") as weights:
        assert set(weights.variables) == {each.path for each in model.weights}
        for each in model.weights:
            assert np.array_equal(weights.read(each.path), each.numpy())


def test_a_variable_of_strings_is_left_out_and_told(tmp_path: Path) -> None:
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        tf.compat.v1.get_variable("head/kernel", initializer=tf.ones((2, 3)))
        tf.compat.v1.get_variable("head/labels", initializer=tf.constant(["cat", "dog"]))
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(tmp_path / "model.ckpt"))
    with open_weights(tmp_path, "tf-checkpoint") as weights:
        assert list(weights.variables) == ["head/kernel"]
        assert weights.notes == ("Left out, since they hold no numbers: head/labels.",)


def test_several_variables_of_one_name_go_by_where_they_are(tmp_path: Path) -> None:
    module = Small(0)
    tf.saved_model.save(module, str(tmp_path))
    with open_weights(tmp_path, "savedmodel") as weights:
        assert set(weights.variables) == {"enc/kernel", "parts/0", "parts/1"}
        assert np.array_equal(weights.read("parts/0"), module.parts[0].numpy())


@pytest.mark.parametrize("largest", [1 << 20, 30])
def test_a_savedmodel_is_filled_and_computes_what_the_other_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr("workers.weights.tf_checkpoint_writer.LARGEST", largest)
    model, other, x = classifier(0), classifier(7), tf.random.uniform((2, 6, 6, 2))
    (tmp_path / "packed").mkdir()
    model.export(str(tmp_path / "packed/model"), verbose=False)
    with open_weights(tmp_path / "packed", "savedmodel") as weights:
        assert weights.ordered
        assert list(weights.variables) == [each.path for each in model.weights]
    with fill_template(tmp_path / "packed", "savedmodel", tmp_path / "filled") as sink:
        for mine, theirs in zip(model.weights, other.weights, strict=True):
            sink.write(mine.path, theirs.numpy().astype(np.float64))
    loaded = tf.saved_model.load(str(tmp_path / "filled"))
    given = loaded.serve(x).numpy()
    np.testing.assert_array_equal(given, tf.function(other)(x).numpy())
    assert not np.allclose(given, model(x).numpy(), rtol=1e-2)
    assert not list(tmp_path.glob("filled/variables/.*"))


def test_what_is_not_written_keeps_the_templates_value(tmp_path: Path) -> None:
    module = Small(0)
    tf.saved_model.save(module, str(tmp_path / "m"))
    new = np.full((3, 2), 2, np.float32)
    with fill_template(tmp_path / "m", "savedmodel", tmp_path / "f") as sink:
        sink.write("enc/kernel", new)
    loaded, x = tf.saved_model.load(str(tmp_path / "f")), tf.ones((1, 3))
    wanted = x @ new * module.parts[1] + module.parts[0]
    np.testing.assert_array_equal(loaded(x).numpy(), wanted.numpy())


def test_a_checkpoint_is_filled_under_its_own_keys(tmp_path: Path) -> None:
    model, other = classifier(0), classifier(7)
    tf.train.Checkpoint(model=model).write(str(tmp_path / "a/model"))
    with fill_template(tmp_path / "a", "tf-checkpoint", tmp_path / "b") as sink:
        for mine, theirs in zip(model.weights, other.weights, strict=True):
            sink.write(mine.path, theirs.numpy())
    status = tf.train.Checkpoint(model=model).read(str(tmp_path / "b/model"))
    status.assert_existing_objects_matched()
    for mine, theirs in zip(model.weights, other.weights, strict=True):
        assert np.array_equal(mine.numpy(), theirs.numpy())


@pytest.mark.parametrize("largest", [1 << 20, 50, 12])
def test_a_checkpoint_is_written_in_parts_and_read_by_tensorflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, largest: int
) -> None:
    monkeypatch.setattr("workers.weights.tf_checkpoint_writer.BUFFERED", 100)
    monkeypatch.setattr("workers.weights.tf_checkpoint_writer.LARGEST", largest)
    rng = np.random.default_rng(1)
    arrays = {
        "a/kernel": rng.normal(size=(6, 5)).astype(np.float32).T,
        "a/half": np.arange(7).astype(ml_dtypes.bfloat16),
        "a/narrow": np.arange(4).astype(ml_dtypes.float8_e4m3fn),
        "a/steps": np.array(3, np.int64),
        "a/mask": np.array([True, False]),
        "a/empty": np.empty((0, 3), np.float32),
    }
    variables = {k: Variable(k, v.shape, v.dtype.name) for k, v in arrays.items()}
    with write_weights(tmp_path / "out", "tf-checkpoint", variables) as sink:
        for name, array in arrays.items():
            sink.write(name, array)
    place = str(tmp_path / "out/model.ckpt")
    assert dict(tf.train.list_variables(place)).keys() == arrays.keys()
    for name, array in arrays.items():
        read = tf.train.load_variable(place, name)
        assert (read.dtype, read.shape) == (array.dtype, array.shape)
        assert read.tobytes() == array.tobytes()
    with open_weights(tmp_path / "out", "tf-checkpoint") as weights:
        assert all(weights.read(k).tobytes() == v.tobytes() for k, v in arrays.items())
    assert all(each.name.startswith("model.ckpt") for each in (tmp_path / "out").iterdir())


@pytest.mark.parametrize("gone", ["shard", "data", "index"])
def test_a_checkpoint_that_lacks_a_file_says_which(
    by_name: Path, tmp_path: Path, gone: str
) -> None:
    folder = shutil.copytree(by_name / "two", tmp_path / "c")
    data = next(folder.glob("*.data-*"))
    match gone:
        case "shard":
            data.rename(folder / "model.ckpt.data-00000-of-00002")
            told = r"data file model\.ckpt\.data-00001-of-00002 is missing"
        case "data":
            data.unlink()
            told = r"data file model\.ckpt\.data-00000-of-00001 is missing"
        case _:
            (folder / "model.ckpt.index").unlink()
            told = r"no checkpoint in the folder.*\.index"
    with pytest.raises(InvalidModel, match=told), open_weights(folder, "tf-checkpoint"):
        pass


def test_of_several_checkpoints_the_latest_is_meant(tmp_path: Path) -> None:
    variable = tf.Variable(1.0)
    manager = tf.train.CheckpointManager(
        tf.train.Checkpoint(v=variable), str(tmp_path), max_to_keep=2
    )
    for value in (1, 2):
        variable.assign(value)
        manager.save()
    with open_weights(tmp_path, "tf-checkpoint") as weights:
        (name,) = weights.variables
        assert weights.read(name) == 2
    (tmp_path / "checkpoint").unlink()
    with pytest.raises(InvalidModel, match=r"2 checkpoints in the folder \(ckpt-1, ckpt-2\)"):
        open_weights(tmp_path, "tf-checkpoint").__enter__()


def test_a_damaged_checkpoint_is_refused(by_name: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(by_name / "two", tmp_path / "c")
    data = next(folder.glob("*.data-*"))
    data.write_bytes(data.read_bytes()[:10])
    with (
        open_weights(folder, "tf-checkpoint") as weights,
        pytest.raises(InvalidModel, match=r"cannot read 'enc/table'"),
    ):
        weights.read("enc/table")
    index = folder / "model.ckpt.index"
    index.write_bytes(index.read_bytes()[:-30])
    with pytest.raises(InvalidModel, match="TensorFlow cannot read"):
        open_weights(folder, "tf-checkpoint").__enter__()


def test_a_savedmodel_of_constants_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    module.f = tf.function(lambda x: x * 2, input_signature=[tf.TensorSpec((None,))])
    tf.saved_model.save(module, str(tmp_path))
    with pytest.raises(InvalidModel, match=r"constants of its graph|no variables"):
        fill_template(tmp_path, "savedmodel", tmp_path / "f").__enter__()


def test_a_type_that_tensorflow_lacks_is_refused(tmp_path: Path) -> None:
    variables = {"a/b": Variable("a/b", (2,), "float8_e8m0fnu")}
    with pytest.raises(StepRefused, match=r"'a/b' is float8_e8m0fnu, which TensorFlow has no"):
        write_weights(tmp_path / "x", "tf-checkpoint", variables).__enter__()
