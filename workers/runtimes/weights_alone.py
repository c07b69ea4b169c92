"""Formats that hold weights and no model: looked into, never run."""

from collections import Counter
from contextlib import AbstractContextManager
from math import prod
from pathlib import Path

from typing_extensions import override

from shared.domain.errors import InvalidModel
from shared.domain.signatures import Inspection, Signature
from workers.runtime import Given, Runtime, Session


class WeightsRuntime(Runtime):
    """Tells how many elements there are, and of which layers where the file says it."""

    @override
    def inspect(self, path: Path, given: Given) -> Inspection:
        # The readers need this package's own modules: at the top it would be a circle.
        from workers.weights.opening import open_weights

        with open_weights(path, self.format.name) as weights:
            return Inspection(
                format=self.format.name,
                signature=Signature(inputs=(), outputs=()),
                parameters=sum(
                    prod(each.shape)
                    for name, each in weights.variables.items()
                    if name not in weights.ties
                ),
                operators=dict(
                    Counter(each.kind for each in weights.layers.values()).most_common()
                ),
                producer=f"{len(weights.variables)} tensors of {weights.framework}",
            )

    @override
    def open(self, path: Path, given: Given) -> AbstractContextManager[Session]:
        raise InvalidModel(
            "Weights alone cannot be run: they say nothing of how they are used. Put them into a"
            " template of the model."
        )
