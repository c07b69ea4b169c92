"""Variables of a SavedModel, read from its checkpoint; the graph is never loaded.

Loading it would run its initialisers.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.domain.errors import InvalidModel
from workers.tensorflow_bridge.saved_models import root
from workers.weights import tf_checkpoint
from workers.weights.store import Store

CONSTANT: Final = (
    "The SavedModel has no variables: its weights are constants of its graph, or it has none."
    " Export it from the model whose variables they were."
)


def checkpoint(folder: Path) -> Path:
    """The prefix of the SavedModel's checkpoint.

    Raises:
        InvalidModel: there is no SavedModel, or its weights are constants of its graph.
    """
    place = root(folder) / "variables"
    if not (place / "variables.index").is_file():
        raise InvalidModel(CONSTANT)
    return tf_checkpoint.prefix(place)


@contextmanager
def open_savedmodel(folder: Path) -> Iterator[Store]:
    """The store of a SavedModel's variables.

    Raises:
        InvalidModel: as with `checkpoint`, or it is damaged.
    """
    yield tf_checkpoint.store(checkpoint(folder), CONSTANT)
