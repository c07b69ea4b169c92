"""Protobuf: config.pbtxt as text and as Triton's own message, `inference.ModelConfig`."""

from typing import Any

from shared.domain.errors import InvalidModel


def messages() -> Any:
    """The module of Triton's messages, as `tritonclient` brings it along."""
    from tritonclient.grpc import model_config_pb2

    return model_config_pb2


def written(config: Any) -> str:
    """The text of config.pbtxt; equal messages give equal text."""
    from google.protobuf import text_format

    return str(text_format.MessageToString(config))


def parsed(text: str, name: str) -> Any:
    """The ModelConfig in a config.pbtxt.

    Args:
        name: of the model, for the sentence.

    Raises:
        InvalidModel: Triton's own parser refuses the text; says where.
    """
    from google.protobuf import text_format

    try:
        return text_format.Parse(text, messages().ModelConfig())
    except text_format.ParseError as error:
        raise InvalidModel(f"The config.pbtxt of {name!r} cannot be parsed: {error}") from error


def type_name(number: int) -> str:
    """`TYPE_FP32` of its number."""
    return str(messages().DataType.Name(number))
