"""ONNX's operators in TensorFlow, held to ONNX Runtime: what the backend cases do not reach."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from onnx import TensorProto, helper, numpy_helper

from shared.domain.errors import UnsupportedOperator
from workers.onnx_tensorflow.carriers import told
from workers.onnx_tensorflow.running import load, run_model
from workers.onnx_tensorflow.saving import traced

RANDOM = np.random.default_rng(4)
ML = "ai.onnx.ml"


def floats(*shape: int) -> np.ndarray:
    return RANDOM.standard_normal(shape).astype(np.float32)


def kind_of(array: np.ndarray) -> int:
    return (
        TensorProto.STRING
        if array.dtype == object
        else helper.np_dtype_to_tensor_dtype(array.dtype)
    )


def one_node(
    operator: str,
    inputs: Sequence[np.ndarray | None],
    outputs: Sequence[int],
    *,
    opset: int = 21,
    domain: str = "",
    constant: Sequence[int] = (),
    open_axes: Sequence[tuple[int, int]] = (),
    **attributes: Any,
) -> onnx.ModelProto:
    """A model of one node; the inputs at `constant` are initializers, the rest is fed.

    `open_axes` are pairs of an input and an axis of it whose length may vary.
    """
    names = [f"i{index}" if each is not None else "" for index, each in enumerate(inputs)]
    made = [f"o{index}" for index in range(len(outputs))]
    node = helper.make_node(operator, names, made, domain=domain, **attributes)
    given = [(index, each) for index, each in enumerate(inputs) if each is not None]
    graph = helper.make_graph(
        [node],
        "one",
        [
            helper.make_tensor_value_info(
                names[index],
                kind_of(each),
                [f"d{a}" if (index, a) in open_axes else n for a, n in enumerate(each.shape)],
            )
            for index, each in given
            if index not in constant
        ],
        [helper.make_tensor_value_info(n, k, None) for n, k in zip(made, outputs, strict=True)],
        [numpy_helper.from_array(each, names[i]) for i, each in given if i in constant],
    )
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 4 if domain == ML else 1)] if domain else []
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def fed(model: onnx.ModelProto, inputs: Sequence[np.ndarray | None]) -> dict[str, np.ndarray]:
    names = {each.name for each in model.graph.input}
    return {f"i{n}": each for n, each in enumerate(inputs) if f"i{n}" in names}


def check(model: onnx.ModelProto, feeds: dict[str, np.ndarray], folder: Path) -> list[np.ndarray]:
    """Ours must be as ONNX Runtime's is; gives ours."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    due = session.run(None, feeds)
    got = run_model(path)([feeds[each.name] for each in model.graph.input])
    for one, other in zip(due, got, strict=True):
        same_as(one, other)
    return got


def check_traced(model: onnx.ModelProto, feeds: dict[str, np.ndarray], folder: Path) -> Any:
    """The same of the traced graph, which knows nothing of the lengths that are open."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    due = session.run(None, feeds)
    function = traced(load(path)).function
    got = function(**{name: tf.constant(each) for name, each in feeds.items()})
    for one, name in zip(due, (each.name for each in model.graph.output), strict=True):
        same_as(one, told(got[name].numpy(), None))
    return function


def same_as(due: Any, got: Any) -> None:
    if isinstance(due, list):
        assert len(due) == len(got)
        for one, other in zip(due, got, strict=True):
            same_as(one, other)
        return
    assert due.dtype == got.dtype
    if due.dtype.kind == "f":
        np.testing.assert_allclose(got, due, rtol=1e-4, atol=1e-5)
    else:
        np.testing.assert_array_equal(got, due)


FLOAT, INT64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"])
@pytest.mark.parametrize("classes", [1, 2, 3])
def test_linear_classifiers_score_as_onnx_runtime(tmp_path, post, classes):
    if classes == 1 and post == "PROBIT":
        pytest.skip("ONNX Runtime leaves every other score unwritten")
    x = floats(6, 4) * 0.1
    rows = 1 if classes == 1 else classes
    model = one_node(
        "LinearClassifier", [x], [INT64, FLOAT], domain=ML,
        coefficients=(floats(rows, 4) * 0.2).ravel().tolist(), intercepts=[0.4] * rows,
        classlabels_ints=list(range(10, 10 + max(classes, 2))), post_transform=post,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("targets", [1, 3])
def test_linear_regressors_score_as_onnx_runtime(tmp_path, targets):
    x = floats(5, 4)
    model = one_node(
        "LinearRegressor", [x], [FLOAT], domain=ML,
        coefficients=floats(targets * 4).tolist(), intercepts=floats(targets).tolist(),
        targets=targets,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


TREES = {
    "nodes_treeids": [0] * 5 + [1] * 3,
    "nodes_nodeids": [0, 1, 2, 3, 4, 0, 1, 2],
    "nodes_featureids": [0, 1, 0, 0, 0, 2, 0, 0],
    "nodes_values": [0.1, -0.2, 0.0, 0.0, 0.0, 0.3, 0.0, 0.0],
    "nodes_modes": [
        "BRANCH_LEQ",
        "BRANCH_GT",
        "LEAF",
        "LEAF",
        "LEAF",
        "BRANCH_LT",
        "LEAF",
        "LEAF",
    ],
    "nodes_truenodeids": [1, 3, 0, 0, 0, 1, 0, 0],
    "nodes_falsenodeids": [2, 4, 0, 0, 0, 2, 0, 0],
    "nodes_missing_value_tracks_true": [0, 1, 0, 0, 0, 1, 0, 0],
}
LEAVES = {"treeids": [0, 0, 0, 1, 1], "nodeids": [2, 3, 4, 1, 2]}


def holed(*shape: int) -> np.ndarray:
    x = floats(*shape)
    x[0, 0] = x[1, 1] = x[2, 2] = np.nan
    return x


@pytest.mark.parametrize("how", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_regression_trees_say_what_they_do_in_onnx_runtime(tmp_path, how):
    x = holed(20, 3)
    model = one_node(
        "TreeEnsembleRegressor", [x], [FLOAT], domain=ML, **TREES,
        **{f"target_{key}": value * 2 for key, value in LEAVES.items()},
        target_ids=[0] * 5 + [1] * 5,
        target_weights=[0.5, -1.0, 2.0, 0.25, 3.0, -0.5, 4.0, 0.125, 2.0, 1.0],
        n_targets=2, base_values=[0.5, -0.5], aggregate_function=how,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("post", ["NONE", "LOGISTIC", "SOFTMAX"])
@pytest.mark.parametrize(
    ("ids", "weights", "base"),
    [
        ([0, 1, 2, 1, 0], [0.5, 1.0, 2.0, 0.25, 3.0], None),
        ([0, 1, 2, 1, 0], [0.5, -1.0, 2.0, 0.25, 3.0], [0.1, 0.2, 0.3]),
        ([0] * 5, [0.5, 0.1, 0.2, 0.25, 0.3], None),
        ([0] * 5, [0.5, -1.0, 2.0, 0.25, -3.0], [0.1]),
        ([1] * 5, [0.5, -1.0, 2.0, 0.25, -3.0], None),
        ([1] * 5, [0.5, 0.1, 0.2, 0.25, 0.3], None),
    ],
)
def test_classification_trees_vote_as_in_onnx_runtime(tmp_path, post, ids, weights, base):
    x = holed(20, 3)
    model = one_node(
        "TreeEnsembleClassifier", [x], [STRING, FLOAT], domain=ML, **TREES,
        **{f"class_{key}": value for key, value in LEAVES.items()},
        class_ids=ids, class_weights=weights, post_transform=post,
        classlabels_strings=["a", "b", "c"] if 2 in ids else ["a", "b"],
        **({"base_values": base} if base else {}),
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("kernel", ["LINEAR", "POLY", "RBF", "SIGMOID"])
def test_support_vector_regression_is_as_in_onnx_runtime(tmp_path, kernel):
    x = floats(6, 3) * 0.5
    model = one_node(
        "SVMRegressor", [x], [FLOAT], domain=ML, kernel_type=kernel, n_supports=4,
        support_vectors=floats(12).tolist(), coefficients=floats(4).tolist(), rho=[0.3],
        kernel_params=[0.4, 0.5, 3.0],
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("likely", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_support_vector_classes_are_as_in_onnx_runtime(tmp_path, classes, likely):
    x = floats(12, 3)
    pairs, supports = classes * (classes - 1) // 2, 2 * classes
    platt = {"prob_a": [-1.2] * pairs, "prob_b": [0.1] * pairs} if likely else {}
    model = one_node(
        "SVMClassifier", [x], [INT64, FLOAT], domain=ML, kernel_type="RBF",
        support_vectors=floats(3 * supports).tolist(), vectors_per_class=[2] * classes,
        coefficients=floats((classes - 1) * supports).tolist(), rho=[0.1] * pairs,
        kernel_params=[0.4, 0.0, 3.0], classlabels_ints=list(range(5, 5 + classes)), **platt,
    )  # fmt: skip
    check(model, fed(model, [x]), tmp_path)


@pytest.mark.parametrize("norm", ["MAX", "L1", "L2"])
def test_rows_are_normalised_as_in_onnx_runtime(tmp_path, norm):
    x = floats(4, 3)
    x[1] = 0
    model = one_node("Normalizer", [x], [FLOAT], domain=ML, norm=norm)
    check(model, fed(model, [x]), tmp_path)


def words(*given: str) -> np.ndarray:
    return np.array(given, dtype=object)


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "attributes"),
    [
        ("Scaler", [floats(3, 2)], [FLOAT], {"offset": [0.1, 0.2], "scale": [2.0, 3.0]}),
        ("Binarizer", [floats(3, 2)], [FLOAT], {"threshold": 0.2}),
        ("ArrayFeatureExtractor", [floats(3, 4), np.array([2, 0])], [FLOAT], {}),
        ("Imputer", [holed(3, 3)], [FLOAT],
         {"imputed_value_floats": [1.0, 2.0, 3.0], "replaced_value_float": float("nan")}),
        ("Imputer", [np.array([[1, -1], [2, -1]])], [INT64],
         {"imputed_value_int64s": [7], "replaced_value_int64": -1}),
        ("OneHotEncoder", [words("b", "?", "a")], [FLOAT], {"cats_strings": ["a", "b", "c"]}),
        ("OneHotEncoder", [np.array([2, 9, 1])], [FLOAT], {"cats_int64s": [1, 2, 3]}),
        ("FeatureVectorizer", [floats(2, 3), floats(2, 1)], [FLOAT], {"inputdimensions": [3, 1]}),
        ("CategoryMapper", [words("x", "?")], [INT64],
         {"cats_int64s": [4, 5], "cats_strings": ["y", "x"], "default_int64": 9}),
        ("CategoryMapper", [np.array([5, 6])], [STRING],
         {"cats_int64s": [4, 5], "cats_strings": ["y", "x"], "default_string": "?"}),
        ("LabelEncoder", [words("x", "?")], [FLOAT],
         {"keys_strings": ["x"], "values_floats": [0.5], "default_float": -2.0}),
        ("LabelEncoder", [np.array([1.5, np.nan], np.float32)], [STRING],
         {"keys_floats": [float("nan"), 2.0], "values_strings": ["nan", "2"]}),
    ],
)  # fmt: skip
def test_features_are_prepared_as_in_onnx_runtime(tmp_path, operator, inputs, outputs, attributes):
    model = one_node(operator, inputs, outputs, domain=ML, **attributes)
    check(model, fed(model, inputs), tmp_path)


def test_maps_are_refused_with_a_way_out(tmp_path):
    model = one_node("ZipMap", [floats(2, 2)], [FLOAT], domain=ML, classlabels_int64s=[0, 1])
    model.graph.output[0].type.CopyFrom(
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, []))
        )
    )
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    with pytest.raises(UnsupportedOperator, match="zipmap"):
        run_model(path)([floats(2, 2)])


MS = "com.microsoft"


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "attributes"),
    [
        ("CropAndResize",
         [floats(2, 3, 6, 5), np.array([[0.1, 0.2, 0.9, 0.8], [0, 0, 1.2, 1]], np.float32),
          np.array([1, 0], np.int32), np.array([3, 4], np.int32)],
         [FLOAT], {"extrapolation_value": 0.5}),
        ("ExpandDims", [floats(2, 3), np.array(-1, np.int32)], [FLOAT], {}),
        ("GatherND", [floats(2, 3), np.array([[0, -1], [1, 0]])], [FLOAT], {}),
        ("Range", [np.array(1.0, np.float32), np.array(3.0, np.float32)], [FLOAT], {}),
        ("Trilu", [floats(3, 4), np.array(1)], [FLOAT], {"upper": 0}),
        ("UnfoldTensor", [floats(2, 7)], [FLOAT], {"dim": 1, "size": 3, "step": 2}),
        ("Unique", [np.array([3, 1, 3, 2], np.float32)], [FLOAT, INT64, INT64], {}),
        ("CDist", [floats(3, 4), floats(2, 4)], [FLOAT], {"metric": "sqeuclidean"}),
        ("Inverse", [floats(2, 3, 3)], [FLOAT], {}),
    ],
)  # fmt: skip
def test_onnx_runtimes_own_operators(tmp_path, operator, inputs, outputs, attributes):
    model = one_node(operator, inputs, outputs, domain=MS, opset=17, **attributes)
    check(model, fed(model, inputs), tmp_path)


GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
LENS = np.array([5, 2, 3], np.int32)


def recurrent(
    operator: str, steps: int = 5, ways: int = 1, **attributes: Any
) -> tuple[onnx.ModelProto, dict[str, np.ndarray]]:
    """All inputs that there are; time and batch are open."""
    gates, hidden, batch = GATES[operator], 4, 3
    states = [floats(ways, batch, hidden) for _ in range(2 if operator == "LSTM" else 1)]
    inputs = [
        floats(steps, batch, 2),
        floats(ways, gates * hidden, 2) * 0.5,
        floats(ways, gates * hidden, hidden) * 0.5,
        floats(ways, 2 * gates * hidden) * 0.5,
        np.minimum(LENS, steps).astype(np.int32),
        *states,
        *([floats(ways, 3 * hidden) * 0.5] if operator == "LSTM" else []),
    ]
    direction = {"direction": "bidirectional"} if ways == 2 else {}
    model = one_node(
        operator, inputs, [FLOAT] * (1 + len(states)), hidden_size=hidden, constant=(1, 2, 3, 7),
        open_axes=[(0, 0), (0, 1), (4, 0), (5, 1), (6, 1)], **(direction | attributes),
    )  # fmt: skip
    return model, fed(model, inputs)


@pytest.mark.parametrize(
    ("operator", "ways", "attributes"),
    [
        ("RNN", 1, {"direction": "reverse", "clip": 0.3}),
        ("RNN", 2, {"activations": ["Affine", "LeakyRelu"], "activation_alpha": [0.5, 0.2],
                    "activation_beta": [0.1]}),
        ("GRU", 1, {"linear_before_reset": 1, "direction": "reverse"}),
        ("GRU", 2, {"clip": 0.7}),
        ("LSTM", 2, {"clip": 0.9}),
        ("LSTM", 1, {"input_forget": 1}),
        ("LSTM", 1, {"activations": ["HardSigmoid", "Softsign", "ScaledTanh"],
                     "activation_alpha": [0.3, 0.8], "activation_beta": [0.4, 1.1]}),
    ],
)  # fmt: skip
def test_recurrences_with_everything_that_they_can_be_given(tmp_path, operator, ways, attributes):
    model, feeds = recurrent(operator, ways=ways, **attributes)
    check(model, feeds, tmp_path)


@pytest.mark.parametrize("operator", ["RNN", "GRU", "LSTM"])
def test_recurrences_over_an_open_time_and_batch(tmp_path, operator):
    model, feeds = recurrent(operator, steps=6)
    check_traced(model, feeds, tmp_path)


def test_long_sequences_are_looped_over(tmp_path):
    model, feeds = recurrent("GRU", steps=40)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 40
    function = check_traced(model, feeds, tmp_path)
    assert any("While" in each.type for each in function.graph.get_operations())


SCATTERED = [floats(3, 4), np.array([[0, 0, -1, 1], [2, 2, 2, 2]]), floats(2, 4)]


@pytest.mark.parametrize("reduction", ["none", "add", "mul", "max", "min"])
def test_what_meets_in_one_place_is_reduced(tmp_path, reduction):
    indices = np.array([[-1, 0, 1, 2], [-2, 1, 2, 0]]) if reduction == "none" else SCATTERED[1]
    inputs = [SCATTERED[0], indices, SCATTERED[2]]
    model = one_node(
        "ScatterElements",
        inputs,
        [FLOAT],
        axis=0,
        reduction=reduction,
        open_axes=[(0, 1), (1, 1), (2, 1)],
    )
    check_traced(model, fed(model, inputs), tmp_path)
    places = np.array([[[0], [-1]]]) if reduction == "none" else np.array([[[1], [1]]])
    inputs = [floats(3, 4), places, floats(1, 2, 4)]
    model = one_node("ScatterND", inputs, [FLOAT], reduction=reduction, open_axes=[(0, 0)])
    check_traced(model, fed(model, inputs), tmp_path)


@pytest.mark.parametrize(
    ("operator", "inputs", "outputs", "constant", "opset", "attributes"),
    [
        ("Slice", [floats(4, 5)], [FLOAT], (), 9, {"starts": [1, -3], "ends": [99, -1]}),
        ("Slice", [floats(4, 5), np.array([-1, 9]), np.array([-99, -4]), np.array([0, 1]),
                   np.array([-2, -1])], [FLOAT], (1, 2, 3, 4), 13, {}),
        ("Split", [floats(4, 5)], [FLOAT] * 2, (), 11, {"axis": -1, "split": [2, 3]}),
        ("Split", [floats(7, 2)], [FLOAT] * 3, (), 18, {"axis": 0, "num_outputs": 3}),
        ("Squeeze", [floats(4, 1, 1)], [FLOAT], (), 11, {"axes": [-1]}),
        ("Unsqueeze", [floats(4, 2)], [FLOAT], (), 11, {"axes": [-1, 1]}),
        ("Expand", [floats(4, 1), np.array([2, 1, 3])], [FLOAT], (1,), 13, {}),
        ("Tile", [np.ones((2, 2), np.uint8), np.array([2, 3])], [TensorProto.UINT8], (1,), 13, {}),
        ("TopK", [floats(4, 5), np.array([2])], [FLOAT, INT64], (1,), 11,
         {"axis": 0, "largest": 0}),
        ("TopK", [np.array([-128, 3, 3, -128], np.int32), np.array([3])],
         [TensorProto.INT32, INT64], (1,), 11, {"largest": 0}),
        ("Compress", [floats(4, 3), np.array([False, True, True])], [FLOAT], (), 11, {"axis": 0}),
        ("GatherND", [floats(2, 3, 4), np.array([[[-1]], [[1]]])], [FLOAT], (), 13,
         {"batch_dims": 1}),
        ("OneHot", [np.array([[1, -1], [7, 0]]), np.array(3), np.array([2.0, 5.0], np.float32)],
         [FLOAT], (1,), 11, {"axis": 1}),
        ("Unique", [np.array([[2, 1], [1, 5], [2, 1]], np.float32)], [FLOAT, INT64, INT64, INT64],
         (), 11, {"axis": 0}),
        ("Unique", [np.array([[2, 1], [1, 5]], np.float32)], [FLOAT, INT64, INT64, INT64],
         (), 11, {"sorted": 0}),
        ("Trilu", [floats(2, 3, 4), np.array(-1)], [FLOAT], (1,), 14, {"upper": 1}),
        ("DepthToSpace", [floats(2, 8, 2, 3)], [FLOAT], (), 13, {"blocksize": 2, "mode": "CRD"}),
        ("EyeLike", [np.zeros((3, 4), np.int64)], [FLOAT], (), 9, {"k": -1, "dtype": FLOAT}),
        ("ReverseSequence", [floats(4, 3), np.array([3, 1, 4, 2][:3])], [FLOAT], (), 10, {}),
        ("GridSample", [floats(2, 3, 4, 5), floats(2, 2, 3, 2) * 1.5], [FLOAT], (), 20,
         {"mode": "cubic", "padding_mode": "reflection"}),
        ("GridSample", [floats(2, 3, 4, 5), floats(2, 2, 3, 2) * 1.5], [FLOAT], (), 20,
         {"mode": "nearest", "padding_mode": "border", "align_corners": 1}),
        ("RoiAlign", [floats(2, 3, 8, 9), np.array([[0, 0, 5, 6], [1, 2, 3, 3]], np.float32),
                      np.array([1, 0])], [FLOAT], (), 16,
         {"output_height": 2, "output_width": 3, "spatial_scale": 0.8}),
        ("RoiAlign", [floats(2, 3, 8, 9), np.array([[0, 0, 5, 6], [1, 2, 3, 3]], np.float32),
                      np.array([1, 0])], [FLOAT], (), 10,
         {"output_height": 2, "output_width": 3, "sampling_ratio": 2}),
        ("MaxRoiPool", [floats(2, 3, 8, 9), np.array([[1, 0, 0, 5, 6], [0, 1, 2, 3, 3]],
                                                     np.float32)], [FLOAT], (), 13,
         {"pooled_shape": [2, 3], "spatial_scale": 0.5}),
        ("Col2Im", [floats(2, 8, 6), np.array([4, 5]), np.array([2, 2])], [FLOAT], (1, 2), 18,
         {"strides": [2, 2], "pads": [0, 0, 0, 1]}),
        ("DFT", [floats(2, 7, 3, 1), np.array(6)], [FLOAT], (1,), 17, {"axis": 1, "onesided": 1}),
        ("STFT", [floats(2, 16, 1), np.array(4), None, np.array(8)], [FLOAT], (1, 3), 17, {}),
        ("StringNormalizer", [words("A", "b", "THE")], [STRING], (), 10,
         {"case_change_action": "LOWER", "stopwords": ["the"], "locale": "C"}),
        ("TfIdfVectorizer", [np.array([[1, 1, 3, 3], [3, 7, 8, 1]])], [FLOAT], (), 9,
         {"max_gram_length": 2, "min_gram_length": 1, "max_skip_count": 1, "mode": "TFIDF",
          "ngram_counts": [0, 2], "ngram_indexes": [0, 1, 2], "pool_int64s": [1, 3, 1, 3],
          "weights": [0.5, 2.0, 3.0]}),
    ],
)  # fmt: skip
def test_versions_and_attributes_with_an_open_batch(  # noqa: PLR0917 - one table
    tmp_path, operator, inputs, outputs, constant, opset, attributes
):
    axes = (
        []
        if operator in {"Unique", "StringNormalizer"} and len(inputs[0].shape) == 1
        else [(0, 0)]
    )
    model = one_node(
        operator, inputs, outputs, constant=constant, opset=opset, open_axes=axes, **attributes
    )
    check_traced(model, fed(model, inputs), tmp_path)


@pytest.mark.parametrize("batches", [None, 2])
def test_boxes_at_a_threshold_are_kept_and_scores_at_one_are_not(tmp_path, batches):
    box = np.array([[0, 0, 1, 1], [0, 0, 1, 2], [0, 0, 0.5, 1], [2, 2, 3, 3]], np.float32)
    scores = np.array([[0.9, 0.8, 0.5, 0.3], [0.2, 0.9, 0.9, 0.1]], np.float32)
    inputs = [
        np.stack([box, box[::-1]]), np.stack([scores, scores]),
        np.array([3]), np.array([0.5], np.float32), np.array([0.3], np.float32),
    ]  # fmt: skip
    axes = [(0, 0), (1, 0)] if batches is None else []
    model = one_node(
        "NonMaxSuppression", inputs, [INT64], opset=11, constant=(2, 3, 4), open_axes=axes
    )
    check_traced(model, fed(model, inputs), tmp_path)


HEADER = '<ir_version: 8, opset_import: ["" : 17]>\n'


def test_a_branch_of_another_shape_is_taken_at_run_time(tmp_path):
    model = onnx.parser.parse_model(
        HEADER
        + """
        one (float[N, 2] i0, bool i1) => (float[M, 2] o0) {
            o0 = If (i1) <
                then_branch = a () => (float[N, 2] t) { t = Add(i0, i0) },
                else_branch = b () => (float[K, 2] e) { e = Concat<axis = 0>(i0, i0) }
            >
        }
    """
    )
    for yes in (True, False):
        feeds = {"i0": floats(3, 2), "i1": np.array(yes)}
        check_traced(model, feeds, tmp_path)
        check(model, feeds, tmp_path)


LOOP = (
    HEADER
    + """
    one (int64 i0, float[N, 2] i1) => (float[M, 2] o0, float[T, N, 2] o1)
    <bool yes = {1}, float most = {20}> {
        o0, o1 = Loop (i0, yes, i1) <
            body = b (int64 run, bool going, float[P, 2] state)
                => (bool on, float[Q, 2] next, float[N, 2] row) {
                next = Concat<axis = 0>(state, i1)
                number = Cast<to = 1>(run)
                row = Add(i1, number)
                sum = ReduceSum<keepdims = 0>(number)
                on = Less(sum, most)
            }
        >
    }
"""
)


def test_a_state_may_grow_in_a_loop_whose_runs_the_input_tells(tmp_path):
    model = onnx.parser.parse_model(LOOP)
    feeds = {"i0": np.array(3), "i1": floats(2, 2)}
    function = check_traced(model, feeds, tmp_path)
    assert any("While" in each.type for each in function.graph.get_operations())
    check(model, feeds, tmp_path)


def test_a_loop_of_few_runs_is_unrolled(tmp_path):
    text = LOOP.replace("int64 i0, ", "").replace("float most = {20}", "int64 i0 = {3}")
    text = text.replace("sum = ReduceSum<keepdims = 0>(number)", "")
    text = text.replace("on = Less(sum, most)", "on = Identity(going)")
    function = check_traced(onnx.parser.parse_model(text), {"i1": floats(2, 2)}, tmp_path)
    assert not any("While" in each.type for each in function.graph.get_operations())


SCAN = (
    HEADER
    + """
    one (float[2] i0, float[N, 4] i1) => (float[2] o0, float[2, N] o1) {
        o0, o1 = Scan (i0, i1) <
            num_scan_inputs = 1, scan_input_axes = [0], scan_input_directions = [1],
            scan_output_axes = [1], scan_output_directions = [1],
            body = b (float[2] state, float[4] line) => (float[2] next, float[2] row) {
                a, c = Split<axis = 0>(line)
                next = Add(state, a)
                row = Mul(next, c)
            }
        >
    }
"""
)


def test_scans_run_backwards_over_an_open_axis(tmp_path):
    model = onnx.parser.parse_model(SCAN.replace(": 17", ": 13"))
    feeds = {"i0": floats(2), "i1": floats(3, 4)}
    check(model, feeds, tmp_path)
    check_traced(model, feeds, tmp_path)


def test_a_sequence_that_grows_with_the_input_is_refused(tmp_path):
    model = onnx.parser.parse_model(
        HEADER
        + """
        one (int64 i0, float[2] i1) => (float[M] o0) <bool yes = {1}> {
            empty = SequenceEmpty()
            many = Loop (i0, yes, empty) <
                body = b (int64 run, bool going, seq(float[2]) s) => (bool on, seq(float[2]) t) {
                    on = Identity(going)
                    t = SequenceInsert(s, i1)
                }
            >
            o0 = ConcatFromSequence<axis = 0>(many)
        }
    """
    )
    feeds = {"i0": np.array(3), "i1": floats(2)}
    check(model, feeds, tmp_path)
    with pytest.raises(UnsupportedOperator, match="sequence whose length changes"):
        traced(load(tmp_path / "model.onnx"))
