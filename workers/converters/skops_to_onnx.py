"""scikit-learn (skops) to ONNX, by sklearn-onnx."""

import re
from typing import Any, Final

from pydantic import Field

from shared.domain.errors import FerryError, StepRefused, UnsupportedOperator
from shared.domain.formats import ONNX, SKOPS
from workers.converter import Bench, Options, converter
from workers.deliver import deliver, draft
from workers.tabular.ensemble_graph import ML, ML_VERSION
from workers.tabular.objects import objects
from workers.tabular.sklearn_columns import columns
from workers.tabular.sklearn_runs import WORDS, inputs
from workers.tabular.skops_files import load

CLASS: Final = re.compile(r"<class '([\w.]+)'>|\b(?:type|alias) '([\w.]+)'")


class SkopsToOnnx(Options):
    """What can be asked of sklearn-onnx."""

    opset: int = Field(18, ge=11, le=20, description="ONNX operator set to write.")


@converter(
    SKOPS,
    ONNX,
    options=SkopsToOnnx,
    summary="sklearn-onnx, probabilities as a tensor",
    version=1,
    packages=("scikit-learn", "skops", "skl2onnx", "onnx", "onnxruntime"),
    memory=8.0,
)
def convert(bench: Bench[SkopsToOnnx]) -> None:
    """Load the estimator, and translate each of its steps."""
    import onnx
    from skl2onnx import convert_sklearn
    from sklearn.base import is_classifier

    bench.say("loading the estimator", progress=0.1)
    model = load(bench.source)
    _name_by_place(model)
    bench.say("translating its steps", progress=0.3)
    try:
        translated = convert_sklearn(
            model,
            initial_types=_types(model),
            target_opset={"": bench.options.opset, ML: ML_VERSION},
            options={id(model): {"zipmap": False}} if is_classifier(model) else None,
        )
    except FerryError:
        raise
    except Exception as error:
        raise _fault(model, error) from error
    path = draft(bench)
    onnx.save(translated, path)
    deliver(bench, path)


def _types(model: Any) -> list[tuple[str, Any]]:
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    return [
        (
            each.name,
            (StringTensorType if each.dtype == WORDS else FloatTensorType)(list(each.shape or ())),
        )
        for each in inputs(columns(model))
    ]


def _name_by_place(model: Any) -> None:
    """Columns that were named when it was fitted, by their places: a table has no names."""
    for each in objects(model):
        if hasattr(each, "_transformer_to_input_indices"):
            places = each._transformer_to_input_indices  # noqa: SLF001 - resolved there, nowhere else
            each.transformers_ = [
                (name, inner, list(places.get(name, ()))) for name, inner, _ in each.transformers_
            ]


def _fault(model: Any, error: Exception) -> FerryError:
    """Which step it is that sklearn-onnx does not know."""
    from skl2onnx.common.exceptions import MissingConverter, MissingShapeCalculator

    lines = str(error).strip().splitlines() or [type(error).__name__]
    known = (MissingConverter, MissingShapeCalculator, NotImplementedError)
    named = CLASS.search(str(error))
    if not isinstance(error, known) and "implemented" not in lines[0]:
        return StepRefused(
            f"sklearn-onnx does not translate the model: {type(error).__name__}: {lines[0][:300]}"
        )
    kind = (named[1] or named[2]).rpartition(".")[2] if named else type(model).__name__
    return UnsupportedOperator(
        f"sklearn-onnx does not translate {kind}: {lines[0][:200]} Replace that step, or apply it"
        " before the model.",
        node=_step(model, kind),
        operator=kind,
    )


def _step(model: Any, kind: str) -> str:
    """The step's name in its pipeline; the class where it has none."""
    for each in objects(model):
        named = [*getattr(each, "steps", ()), *getattr(each, "transformers_", ())]
        for name, step, *_ in named:
            if type(step).__name__ == kind:
                return str(name)
    return kind
