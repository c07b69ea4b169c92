"""The ModelProto of a file."""

from pathlib import Path
from typing import Any

from shared.domain.errors import FerryError, InvalidModel


def read_proto(path: Path) -> Any:
    """The ModelProto, without weights that lie in other files.

    Raises:
        InvalidModel: the file ends too early, or is no model.
    """
    import onnx

    try:
        model = onnx.load(path, load_external_data=False)
    except FerryError:
        raise
    except Exception as error:
        raise InvalidModel(
            "The file cannot be parsed as ONNX: it is cut short or damaged. Upload it again."
        ) from error
    if not model.graph.output:
        raise InvalidModel("The ONNX file holds no graph with an output.")
    return model
