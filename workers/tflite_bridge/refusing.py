"""Refusing: files with operators that a plain TensorFlow Lite interpreter does not have."""

from shared.domain.errors import UnsupportedOperator
from workers.tflite_bridge.files import FLEX, Lite
from workers.tflite_bridge.options import ToTflite


def accept(lite: Lite, options: ToTflite) -> None:
    """Let through what holds builtin operators only, or Select-TF ones that were asked for.

    Raises:
        UnsupportedOperator: names all of the others.
    """
    custom = sorted({node.operator for node in lite.nodes if node.custom})
    selects = [each.removeprefix(FLEX) for each in custom if each.startswith(FLEX)]
    others = [each for each in custom if not each.startswith(FLEX)]
    if others:
        raise UnsupportedOperator(
            f"The result would hold the custom operators {', '.join(others)}, which no"
            " interpreter has. Replace the layers that make them.",
            operator=others[0],
        )
    if selects and not options.select_tf:
        raise select_tf(selects)


def select_tf(operators: list[str], node: str | None = None) -> UnsupportedOperator:
    """Of operators that TensorFlow Lite can only borrow from TensorFlow."""
    return UnsupportedOperator(
        f"TensorFlow Lite has no builtin operator for {', '.join(operators)}. Replace the layers"
        " that make them, or set select_tf=true and ship the Select-TF runtime with the model.",
        node=node,
        operator=operators[0],
    )
