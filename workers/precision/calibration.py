"""Calibration: the magnitudes of tensors, over the user's samples, as thresholds of int8."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from shared.domain.errors import BadSamples
from workers.onnxruntime_bridge.sessions import start
from workers.precision.models import fed, feed_in_double, save
from workers.precision.runs import Inputs
from workers.precision.thresholds import BINS, Calibration, by_entropy, by_percentile

GROUP: Final = 16
"""Tensors that are read at a time, for the sake of memory."""

Batches = Callable[[], Iterator[Inputs]]


class Calibrator:
    """A graph whose inner tensors can be read.

    Args:
        model: in float32. It is not changed.
        tensors: names of float32 tensors of its outermost graph, inputs among them.
        batches: begins the samples anew at each call.
    """

    def __init__(self, model: Any, tensors: Sequence[str], batches: Batches, folder: Path) -> None:
        import onnx

        probed = onnx.ModelProto()
        probed.CopyFrom(model)
        feed_in_double(probed)
        self._fed = {each.name for each in model.graph.input}
        known = self._fed | {each.name for each in model.graph.output}
        probed.graph.output.extend(
            onnx.ValueInfoProto(name=each) for each in tensors if each not in known
        )
        folder.mkdir()
        self._session = start(save(probed, folder / "model.onnx"), optimise=False)
        self._tensors = tensors
        self._batches = batches

    def __call__(self, calibration: Calibration, percentile: float) -> dict[str, float]:
        """The threshold of every tensor; 0 where all its values were.

        Raises:
            BadSamples: a tensor, or every one, says nothing that could be scaled.
        """
        import numpy as np

        largest = dict.fromkeys(self._tensors, 0.0)
        for name, array in self._read():
            if not np.isfinite(array).all():
                raise BadSamples(
                    f"With these samples the tensor {name!r} is NaN or infinite: there is no"
                    " scale for it. Send samples for which the model's numbers are finite.",
                    field="samples",
                    node=name,
                )
            largest[name] = max(largest[name], float(np.abs(array).max(initial=0.0)))
        if not any(largest.values()):
            raise BadSamples(
                "With these samples every tensor that would be quantised is zero: there is no"
                " scale for any. Send samples as the model meets them in use.",
                field="samples",
            )
        if calibration is Calibration.MINMAX:
            return largest
        choose = by_entropy
        if calibration is Calibration.PERCENTILE:
            choose = partial(by_percentile, percentile=percentile)
        return {
            name: choose(counts, largest[name]) if largest[name] else 0.0
            for name, counts in self._histograms(largest).items()
        }

    def _histograms(self, largest: Mapping[str, float]) -> dict[str, NDArray[Any]]:
        import numpy as np

        counts = {name: np.zeros(BINS, np.int64) for name in self._tensors}
        for name, array in self._read():
            if largest[name]:
                magnitudes = np.abs(array).ravel()
                counts[name] += np.histogram(magnitudes, BINS, (0.0, largest[name]))[0]
        return counts

    def _read(self) -> Iterator[tuple[str, NDArray[Any]]]:
        """Every tensor of every batch."""
        inner = [each for each in self._tensors if each not in self._fed]
        for inputs in self._batches():
            yield from ((name, inputs[name]) for name in self._tensors if name in self._fed)
            for first in range(0, len(inner), GROUP):
                names = inner[first : first + GROUP]
                yield from zip(names, self._session.run(names, fed(inputs)), strict=True)
