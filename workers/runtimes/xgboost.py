"""XGBoost models in JSON or UBJ, run by XGBoost on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.formats import XGBOOST, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session
from workers.tabular import xgboost_json
from workers.tabular.forest_runs import inspection, session
from workers.tabular.forests import Forest, Link

if TYPE_CHECKING:
    from numpy.typing import NDArray


class XgboostRuntime(Runtime):
    """The booster that `save_model` writes; a training run that stopped early ends at its best."""

    format: ClassVar[Format] = XGBOOST
    packages: ClassVar[tuple[str, ...]] = ("xgboost-cpu", "numpy")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        _, forest = load(path)
        return inspection(forest, self.format.name, "XGBoost")

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        from scipy.special import softmax
        from xgboost import DMatrix

        booster, forest = load(path)
        best = booster.attr("best_iteration")
        rounds = (0, 0 if best is None else int(best) + 1)

        def told(rows: "NDArray[Any]", *, margins: bool) -> "NDArray[Any]":
            answer: NDArray[Any] = booster.predict(
                DMatrix(rows),
                output_margin=margins,
                iteration_range=rounds,
                validate_features=False,
            )
            return answer

        def predict(rows: "NDArray[Any]") -> "NDArray[Any]":
            many = forest.link is Link.SOFTMAX
            answer = told(rows, margins=many)
            return softmax(answer, axis=1) if many else answer

        def sums(rows: "NDArray[Any]") -> "NDArray[Any]":
            return told(rows, margins=True)

        yield session(forest, predict, sums if forest.link is Link.HINGE else None)


def load(path: Path) -> tuple[Any, Forest]:
    """The booster, on one thread, and its trees once they are known to be sound.

    Raises:
        InvalidModel: XGBoost cannot read it, or its trees lead nowhere.
        UnsupportedOperator: see `xgboost_json.read`.
    """
    from xgboost import Booster
    from xgboost.core import XGBoostError

    data = path.read_bytes()
    if text := _text(data):
        xgboost_json.read(text)
    try:
        booster = Booster({"nthread": 1})
        booster.load_model(bytearray(data))
        written = bytes(booster.save_raw("json"))
    except (XGBoostError, ValueError) as error:
        reason = str(error).strip().splitlines() or ["it gives no reason"]
        raise InvalidModel(
            f"XGBoost cannot read the file: {reason[0][:300]}. Write it again with"
            ' booster.save_model("model.json").'
        ) from error
    return booster, xgboost_json.read(written)


def _text(data: bytes) -> bytes | None:
    """A JSON file's own bytes, whose trees are checked before XGBoost sees them."""
    return data if data[1:].lstrip()[:1] == b'"' else None
