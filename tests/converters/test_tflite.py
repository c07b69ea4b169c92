"""TensorFlow Lite files: read, run, carried to ONNX; and files that are none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.domain.errors import InvalidModel, InvalidOptions, UnsupportedOperator
from shared.domain.precisions import Precision
from tests.support.benches import converted
from tests.support.keras_zoo import ZOO, randomised
from workers.converters import savedmodel_to_tflite, tflite_to_onnx
from workers.runtimes.tflite import TfliteRuntime
from workers.tensorflow_bridge import keras_models
from workers.tensorflow_bridge.exporting import export
from workers.tflite_bridge import rewriting

tf: Any = pytest.importorskip("tensorflow")
pytest.importorskip("ai_edge_litert")

CARRIED = ("attention", "grouped", "several", "transposed")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Files by name, compiled once."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            folder = tmp_path_factory.mktemp(name)
            export(keras_models.callee(randomised(ZOO[name]())), folder / "model")
            path, _ = converted(savedmodel_to_tflite.convert, folder / "model", folder / "work")
            made[name] = path
        return made[name]

    return get


@pytest.mark.parametrize("name", CARRIED)
def test_carried_to_onnx(bench: Any, compiled: Any, name: str) -> None:
    carried = bench.carry("tflite-to-onnx", compiled(name))
    batches = {next(iter(case["shapes"].values()))[0] for case in carried.report["cases"]}
    assert len(batches) > 2
    assert carried.report["matched_by"] == "inputs by name, outputs by name"


def test_bounds_of_what_may_be_fed(compiled: Any) -> None:
    (words,) = TfliteRuntime().inspect(compiled("embedding"), {}).signature.inputs
    assert (words.name, words.dtype, words.upper) == ("words", "int32", 23)


def multiplied(path: Path, options: Any) -> Path:
    """A small dense network, compiled as `options` say."""
    rng = np.random.default_rng(4)
    weights = tf.constant(rng.normal(0, 0.2, (64, 32)), tf.float32)
    bias = tf.constant(rng.normal(0, 0.5, 32), tf.float32)
    spec = tf.TensorSpec([None, 3, 64], tf.float32, name="rows")
    function = tf.function(lambda rows: tf.nn.relu(rows @ weights + bias), input_signature=[spec])
    compiler = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    options(compiler)
    path.write_bytes(compiler.convert())
    return path


def whole(compiler: Any) -> None:
    """Integers inside and outside."""
    rows = np.random.default_rng(6).standard_normal((50, 1, 3, 64)).astype(np.float32)
    compiler.optimizations = [tf.lite.Optimize.DEFAULT]
    compiler.representative_dataset = lambda: ([each] for each in rows)
    compiler.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    compiler.inference_input_type = compiler.inference_output_type = tf.int8


def weights_only(compiler: Any) -> None:
    compiler.optimizations = [tf.lite.Optimize.DEFAULT]


def test_quantised_inputs_are_the_integers_of_the_file(bench: Any, tmp_path: Path) -> None:
    source = multiplied(tmp_path / "model.tflite", whole)
    found = TfliteRuntime().inspect(source, {}).signature
    assert [each.dtype for each in (*found.inputs, *found.outputs)] == ["int8", "int8"]
    assert TfliteRuntime().precision(source) is Precision.INT8
    note, output = bench.convert("tflite-to-onnx", source)
    assert note.kind == "produced", note
    rows = np.random.default_rng(8).integers(-128, 128, (4, 3, 64)).astype(np.int8)
    from workers.runtimes.onnx import OnnxRuntime

    with TfliteRuntime().open(source, {}) as one, OnnxRuntime().open(output, {}) as other:
        (wanted,) = one({"rows": rows}).values()
        (said,) = other({"rows": rows}).values()
    assert wanted.std() > 5
    assert np.abs(said.astype(int) - wanted.astype(int)).max() <= 1


def test_quantised_weights_are_held_to_what_they_are(bench: Any, tmp_path: Path) -> None:
    source = multiplied(tmp_path / "model.tflite", weights_only)
    assert TfliteRuntime().precision(source) is Precision.INT8
    carried = bench.carry("tflite-to-onnx", source)
    assert carried.report["verified"]


def test_the_bias_of_a_flattened_product_is_kept(bench: Any, tmp_path: Path) -> None:
    source = multiplied(tmp_path / "model.tflite", lambda _: None)
    model = rewriting.unpacked(source)
    graph = model.subgraphs[0]
    (product,) = [each for each in graph.operators if hasattr(each.builtinOptions, "keepNumDims")]
    product.builtinOptions.keepNumDims = False
    given = graph.tensors[product.outputs[0]]
    given.shape, given.shapeSignature = [3, 32], [-1, 32]
    rewriting.write(model, source)
    bench.carry("tflite-to-onnx", source)


def test_without_a_signature(bench: Any, compiled: Any, tmp_path: Path) -> None:
    model = rewriting.unpacked(compiled("cnn"))
    model.signatureDefs = None
    source = tmp_path / "model.tflite"
    rewriting.write(model, source)
    (taken,) = TfliteRuntime().inspect(source, {}).signature.inputs
    assert taken.name == "serving_default_picture:0"
    bench.carry("tflite-to-onnx", source)


def test_a_signature_that_is_not_there(compiled: Any, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(compiled("cnn").read_bytes())
    runtime = TfliteRuntime()
    with pytest.raises(InvalidOptions, match="'serving_default'"):
        runtime.inspect(runtime.choose(path, {"signature": "other"}), {})


def custom(source: Path, path: Path, operator: bytes) -> Path:
    """The file with an operator of its own in the place of the first."""
    model = rewriting.unpacked(source)
    code = model.operatorCodes[0]
    code.builtinCode = code.deprecatedBuiltinCode = 32  # CUSTOM
    code.customCode = operator
    rewriting.write(model, path)
    return path


@pytest.mark.parametrize(("operator", "told"), [(b"MyOwn", "MyOwn"), (b"FlexErfc", "Erfc")])
def test_foreign_operators_are_named(
    compiled: Any, tmp_path: Path, operator: bytes, told: str
) -> None:
    path = custom(compiled("cnn"), tmp_path / "model.tflite", operator)
    assert operator.decode() in TfliteRuntime().inspect(path, {}).operators
    with pytest.raises(UnsupportedOperator) as caught, TfliteRuntime().open(path, {}):
        pass
    assert caught.value.fault.operator == told
    with pytest.raises(UnsupportedOperator) as caught:
        converted(tflite_to_onnx.convert, path, tmp_path / "work")
    assert caught.value.fault.operator == told
    assert caught.value.fault.node


def test_cut_anywhere(compiled: Any, tmp_path: Path) -> None:
    content = compiled("embedding").read_bytes()
    path = tmp_path / "model.tflite"
    for cut in range(8, len(content) - 1, max(1, len(content) // 40)):
        path.write_bytes(content[:cut])
        with pytest.raises(InvalidModel), TfliteRuntime().open(path, {}):
            pass
