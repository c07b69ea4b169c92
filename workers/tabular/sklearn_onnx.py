"""sklearn-onnx, and what has to be said to it.

It leaves HistGradientBoosting's thresholds in float64 and its sets of categories out, and writes
booleans where ONNX has integers: the first is mended here before it, the second refused, the
third mended behind it.
"""

import re
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from shared.domain.signatures import Tensor
from workers.tabular.ensemble_graph import LABEL, ML, ML_VERSION, PROBABILITIES
from workers.tabular.forests import rounded_down
from workers.tabular.objects import objects
from workers.tabular.sklearn_columns import columns
from workers.tabular.sklearn_runs import WORDS, inputs, labels, last_step, nested, session

CLASS: Final = re.compile(r"<class '([\w.]+)'>|\b(?:type|alias) '([\w.]+)'")
UNKNOWN: Final = ("implemented", "not supported", "unable to find")
LABELLED_ANEW: Final = frozenset(
    {"RandomForestClassifier", "ExtraTreesClassifier", "QuadraticDiscriminantAnalysis"}
)
GRID: Final = float(1 << 20)
"""Chances that are closer than a part of this are taken for equal."""

NEAREST: Final = 1e-5
"""Above what sklearn-onnx takes for the least distance."""

UNKNOWN_SOLVER: Final = "Solve"
LOGARITHMIC: Final = frozenset({"poisson", "gamma"})
HISTOGRAMS: Final = ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor")

Convert = Callable[[Any, Any, Any], None]


def translate(model: Any, opset: int) -> Any:
    """The model as ONNX, probabilities as a tensor. Changes the estimator it is given.

    Raises:
        UnsupportedOperator: naming the step and its class.
        StepRefused: sklearn-onnx gave up for another reason.
    """
    from skl2onnx import convert_sklearn

    signature = session(model).signature
    _write_integers()
    _say_where_holes_go()
    _mend_histograms(model)
    _mend_votes(model)
    try:
        translated = convert_sklearn(
            model,
            initial_types=_types(model),
            target_opset={"": opset, ML: ML_VERSION},
            options=_options(model),
        )
    except Exception as error:
        raise _fault(model, error) from error
    _insist_on_runnable(translated, model)
    _mend_distances(translated, model)
    if type(last_step(model)).__name__ in LABELLED_ANEW:
        _label_anew(translated, model)
    if getattr(last_step(model), "loss", None) in LOGARITHMIC:
        _raise_to_e(translated)
    _tell_inputs(translated, signature.inputs)
    _tell_outputs(translated, signature.outputs)
    return translated


def _types(model: Any) -> list[tuple[str, Any]]:
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    return [
        (
            each.name,
            (StringTensorType if each.dtype == WORDS else FloatTensorType)(list(each.shape or ())),
        )
        for each in inputs(columns(model))
    ]


def _options(model: Any) -> dict[int, dict[str, bool]]:
    """No ZipMap, where the last step would have one: LinearSVC would not hear of it."""
    from skl2onnx._supported_operators import _get_sklearn_operator_name
    from skl2onnx.common._registration import get_converter

    chain = list(nested(model))
    last = chain[-1]
    try:
        allowed = get_converter(_get_sklearn_operator_name(type(last))).get_allowed_options()
    except ValueError:
        return {id(last): {}}
    heard = isinstance(allowed, dict) and "zipmap" in allowed
    return {id(each): {"zipmap": False} if heard else {} for each in chain}


def _label_anew(translated: Any, model: Any) -> None:
    """The label as the first of the likeliest classes, which is what scikit-learn says.

    ONNX Runtime breaks a forest's tie as float32 has it, which is rounded to GRID here, and
    QuadraticDiscriminantAnalysis comes with its labels in a row.
    """
    from onnx import helper, numpy_helper

    graph = translated.graph
    _rename(graph, LABEL, "label_before")
    grid = helper.make_tensor("grid", 1, [], [GRID])
    classes = numpy_helper.from_array(labels(last_step(model).classes_), "classes_in_order")
    graph.initializer.extend([grid, classes])
    graph.node.extend(
        [
            helper.make_node("Mul", [PROBABILITIES, "grid"], ["chances_on_grid"]),
            helper.make_node("Round", ["chances_on_grid"], ["chances_rounded"]),
            helper.make_node("ArgMax", ["chances_rounded"], ["likeliest"], axis=1, keepdims=0),
            helper.make_node("Gather", ["classes_in_order", "likeliest"], [LABEL]),
        ]
    )
    (told,) = (each for each in graph.output if each.name == LABEL)
    shape = told.type.tensor_type.shape
    del shape.dim[:]
    shape.dim.add()


def _raise_to_e(translated: Any) -> None:
    """What sklearn-onnx leaves out behind the sum of trees that were trained on a logarithm."""
    from onnx import helper

    (output,) = translated.graph.output
    _rename(translated.graph, output.name, "logarithm")
    translated.graph.node.append(helper.make_node("Exp", ["logarithm"], [output.name]))


def _rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for place, name in enumerate(names):
                if name == old:
                    names[place] = new


def _insist_on_runnable(translated: Any, model: Any) -> None:
    """sklearn-onnx writes an operator that no ONNX Runtime has."""
    if any(each.op_type == UNKNOWN_SOLVER for each in translated.graph.node):
        kind = type(last_step(model)).__name__
        raise UnsupportedOperator(
            f"sklearn-onnx writes {kind} with the operator {UNKNOWN_SOLVER}, which ONNX Runtime"
            " does not know.",
            node=_step(model, kind),
            operator=kind,
        )


def _tell_inputs(translated: Any, told: Sequence[Tensor]) -> None:
    """Columns under their own names: sklearn-onnx makes Python's of them, without spaces."""
    graph = translated.graph
    for own, given in zip(told, graph.input, strict=True):
        if given.name != own.name:
            _rename(graph, own.name, f"{own.name}_inside")
            _rename(graph, given.name, own.name)
            given.name = own.name


def _tell_outputs(translated: Any, told: Sequence[Tensor]) -> None:
    """Names and widths as the estimator's own answers have them, in the same order."""
    graph = translated.graph
    if len(graph.output) != len(told):
        return
    for output, own in zip(graph.output, told, strict=True):
        if output.name != own.name:
            _rename(graph, own.name, f"{own.name}_inside")
            _rename(graph, output.name, own.name)
        output.name = own.name
        shape = output.type.tensor_type.shape
        del shape.dim[:]
        for size in own.shape or ():
            shape.dim.add(**({} if size is None else {"dim_value": size}))


@cache
def _say_where_holes_go() -> None:
    """Once a process: sklearn-onnx sends NaN to the right in every tree but a histogram's."""
    from skl2onnx.common import tree_ensemble

    known = tree_ensemble.add_tree_to_attribute_pairs

    def added(pairs: Any, is_classifier: Any, tree: Any, *places: Any, **named: Any) -> None:
        known(pairs, is_classifier, tree, *places, **named)
        holes = [int(each) for each in tree.missing_go_to_left]
        pairs["nodes_missing_value_tracks_true"][-tree.node_count :] = holes

    for name, module in list(sys.modules.items()):
        if name.startswith("skl2onnx.") and hasattr(module, known.__name__):
            setattr(module, known.__name__, added)


def _mend_distances(translated: Any, model: Any) -> None:
    """sklearn-onnx weighs neighbours by negative distances, so that all weights are the same."""
    from onnx import helper, numpy_helper

    if not any(getattr(each, "weights", None) == "distance" for each in objects(model)):
        return
    graph = translated.graph
    least = {
        each.name
        for each in graph.initializer
        if (value := numpy_helper.to_array(each)).size == 1 and 0 < float(value.flat[0]) < NEAREST
    }
    for at, node in reversed(list(enumerate(graph.node))):
        if node.op_type == "Max" and node.input[1] in least:
            size = f"{node.input[0]}_size"
            graph.node.insert(at, helper.make_node("Abs", [node.input[0]], [size]))
            graph.node[at + 1].input[0] = size


def _mend_votes(model: Any) -> None:
    """How votes are laid out by `transform`, which nobody asks for, is no reason to refuse."""
    from sklearn.ensemble import VotingClassifier

    for each in objects(model):
        if isinstance(each, VotingClassifier):
            each.flatten_transform = False


@cache
def _write_integers() -> None:
    """Once a process, for the two estimators whose attributes have booleans among them."""
    from skl2onnx.common._registration import get_converter, register_converter

    for name in HISTOGRAMS:
        registered = get_converter(f"Sklearn{name}")
        register_converter(
            f"Sklearn{name}",
            _integral(registered),
            overwrite=True,
            options=registered.get_allowed_options(),
        )


def _integral(convert: Convert) -> Convert:
    def converted(scope: Any, operator: Any, container: Any) -> None:
        convert(scope, operator, _Integers(container))

    return converted


class _Integers:
    """A container of nodes that takes 0 and 1 for False and True."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def add_node(self, *places: Any, **named: Any) -> Any:
        name = "nodes_missing_value_tracks_true"
        if name in named:
            named[name] = [int(each) for each in named[name]]
        return self._inner.add_node(*places, **named)


def _mend_histograms(model: Any) -> None:
    """Thresholds in float32, rounded down, so that rows of float32 go where they went."""
    from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

    for each in objects(model):
        if not isinstance(each, TreePredictor):
            continue
        if each.nodes["is_categorical"].any():
            raise UnsupportedOperator(
                "It splits on categories (categorical_features), which sklearn-onnx leaves out."
                " Train on one-hot or ordinal columns.",
                node=_step(model, *HISTOGRAMS),
                operator="HistGradientBoosting",
            )
        each.nodes["num_threshold"] = rounded_down(each.nodes["num_threshold"])
    for each in objects(model):
        inner = each is not last_step(model) and type(each).__name__ == HISTOGRAMS[1]
        if inner and each.loss in LOGARITHMIC:
            raise UnsupportedOperator(
                f"Inside another model, its loss {each.loss!r} is not translated. Send it alone.",
                node=_step(model, *HISTOGRAMS),
                operator=HISTOGRAMS[1],
            )


def _fault(model: Any, error: Exception) -> FerryError:
    """Which step it is that sklearn-onnx does not know."""
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    lines = str(error).strip().splitlines() or [type(error).__name__]
    known = (MissingConverter, MissingShapeCalculator, NotImplementedError)
    named = CLASS.search(str(error))
    if not isinstance(error, known) and not any(each in lines[0].lower() for each in UNKNOWN):
        return StepRefused(
            f"sklearn-onnx does not translate the model: {type(error).__name__}: {lines[0][:300]}"
        )
    kind = (named[1] or named[2]).rpartition(".")[2] if named else _mentioned(model, lines[0])
    return UnsupportedOperator(
        f"sklearn-onnx does not translate {kind}: {lines[0][:200]} Replace that step, or apply it"
        " before the model.",
        node=_step(model, kind),
        operator=kind,
    )


def _mentioned(model: Any, line: str) -> str:
    """The class of a part of the model that the line begins with; else that of the model."""
    names = {type(each).__name__ for each in objects(model)}
    return next((word for word in line.split() if word in names), type(model).__name__)


def _step(model: Any, *kinds: str) -> str:
    """The step's name in its pipeline; the class where it has none."""
    for each in objects(model):
        named = [*getattr(each, "steps", ()), *getattr(each, "transformers_", ())]
        for name, step, *_ in named:
            if type(step).__name__ in kinds:
                return str(name)
    return kinds[0]
