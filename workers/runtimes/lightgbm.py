"""LightGBM models in its text format, run by LightGBM on the CPU."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.formats import LIGHTGBM, Format
from shared.domain.signatures import Inspection
from workers.runtime import Given, Runtime, Session
from workers.tabular import lightgbm_text
from workers.tabular.forest_runs import inspection, session

if TYPE_CHECKING:
    from numpy.typing import NDArray


class LightgbmRuntime(Runtime):
    """The text that `save_model` writes: every tree of it counts."""

    format: ClassVar[Format] = LIGHTGBM
    packages: ClassVar[tuple[str, ...]] = ("lightgbm", "numpy")

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        return inspection(lightgbm_text.read(path), self.format.name, "LightGBM")

    @override
    @contextmanager
    def open(self, path: Path, given: Given) -> Iterator[Session]:
        from lightgbm import Booster
        from lightgbm.basic import LightGBMError

        forest = lightgbm_text.read(path)
        try:
            booster = Booster(model_str=path.read_text(encoding="utf-8"))
        except LightGBMError as error:
            raise InvalidModel(
                f"LightGBM cannot read the file: {error}. Write it again with"
                ' booster.save_model("model.txt").'
            ) from error

        def predict(rows: "NDArray[Any]") -> "NDArray[Any]":
            told: NDArray[Any] = booster.predict(rows, num_threads=1)
            return told

        yield session(forest, predict)
