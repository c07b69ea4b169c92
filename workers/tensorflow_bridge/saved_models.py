"""SavedModels: loaded, and one of their signatures as a callee.

Loading runs the model's resource initialisers: do it in a child only.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from shared.domain.errors import InvalidModel, InvalidOptions, UnsupportedOperator
from shared.domain.signatures import Signature, Tensor
from workers.tensorflow_bridge.dimensions import half_named, named
from workers.tensorflow_bridge.tracing import Callee, shape_of

DEFAULT: Final = "serving_default"

CHOICE: Final = ".modelferry-signature"
"""A file beside the unpacked model that holds the name of the signature its user asked for."""

UNREGISTERED: Final = "Op type not registered '"


def load(folder: Path) -> Any:
    """The model of the one SavedModel at `folder`, or in its only folder.

    Raises:
        InvalidModel: there is none, or it cannot be read.
        UnsupportedOperator: it needs an operator that TensorFlow does not bring along.
    """
    import tensorflow as tf

    place = str(root(folder))
    try:
        with tf.device("/cpu:0"):
            return tf.saved_model.load(place)
    except Exception as error:
        said = str(error)
        if UNREGISTERED in said:
            operator = said.split(UNREGISTERED, 1)[1].split("'", 1)[0]
            raise UnsupportedOperator(
                f"The model needs the operator {operator}, which is no part of TensorFlow but"
                " of an add-on. Export the model without it.",
                operator=operator,
            ) from error
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        raise InvalidModel(
            f"TensorFlow cannot load the SavedModel: {lines[0][:300] if lines else 'no reason'}"
        ) from error


def root(folder: Path) -> Path:
    """Where the SavedModel lies: people zip the folder as often as what is in it.

    Raises:
        InvalidModel: there is none, or more than one.
    """
    if _is_model(folder):
        return folder
    within = [each for each in sorted(folder.iterdir()) if each.is_dir() and _is_model(each)]
    if len(within) != 1:
        raise InvalidModel(
            "The archive holds no saved_model.pb, neither at its top nor in one folder. Pack the"
            " folder that model.export() or tf.saved_model.save() wrote."
        )
    return within[0]


def _is_model(folder: Path) -> bool:
    return (folder / "saved_model.pb").is_file() or (folder / "saved_model.pbtxt").is_file()


def choice(folder: Path, wanted: str) -> None:
    """Leave word of the signature that is meant, for all who open the folder later."""
    (folder / CHOICE).write_text(wanted, encoding="utf-8")


def chosen(folder: Path) -> str | None:
    """The signature that `choice` left word of."""
    note = folder / CHOICE
    return note.read_text(encoding="utf-8") if note.is_file() else None


def callee(model: Any, wanted: str | None) -> Callee:
    """One signature of the model.

    Args:
        wanted: the signature's name; None takes `serving_default`, or the only one.

    Raises:
        InvalidOptions: there is none of that name, or several to choose from.
        InvalidModel: there is none at all.
    """
    import tensorflow as tf

    function = model.signatures[choose(sorted(model.signatures), wanted)]
    specs = function.structured_input_signature[1]
    names = sorted(specs)
    outputs = function.structured_outputs
    given = sorted(outputs) if isinstance(outputs, dict) else []

    def call(*tensors: Any) -> Sequence[Any]:
        with tf.device("/cpu:0"):
            answer = function(**dict(zip(names, tensors, strict=True)))
        return [answer[name] for name in given]

    signature = Signature(
        inputs=tuple(_tensor(name, specs[name], entry=True) for name in names),
        outputs=tuple(_tensor(name, outputs[name], entry=False) for name in given),
    )
    return Callee(signature=signature, call=call, owner=model)


def choose(names: Sequence[str], wanted: str | None) -> str:
    """The signature to take.

    Raises:
        InvalidOptions, InvalidModel: as with `callee`.
    """
    known = ", ".join(repr(name) for name in names)
    if not names:
        raise InvalidModel(
            "The SavedModel has no signature. Save it with signatures=…, or with"
            " keras.Model.export()."
        )
    if wanted is None and (DEFAULT in names or len(names) == 1):
        return DEFAULT if DEFAULT in names else names[0]
    if wanted is not None and wanted in names:
        return wanted
    missing = f"has no signature {wanted!r}" if wanted else f"has no {DEFAULT!r}"
    raise InvalidOptions(
        f"The SavedModel {missing}. Set the option signature to one of {known}.",
        field="signature",
    )


def _tensor(name: str, spec: Any, *, entry: bool) -> Tensor:
    shape = shape_of(spec)
    return Tensor(
        name=name,
        dtype=dtype_name(spec.dtype),
        shape=named(name, shape) if entry else half_named(shape),
    )


def dtype_name(dtype: Any) -> str:
    """numpy's name; TensorFlow's strings are numpy's `object`."""
    name = str(dtype.name)
    return "object" if name == "string" else name
