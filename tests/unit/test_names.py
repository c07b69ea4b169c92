"""Names of files as they go out."""

import pytest

from shared.adapters.names import filename


@pytest.mark.parametrize(
    ("model", "format", "name"),
    [
        ("digits.keras", "onnx", "digits.onnx"),
        ("rows.tar.gz", "onnx", "rows.onnx"),
        ("rows.tar.gz", "savedmodel", "rows.zip"),
        ("net.v2", "onnx", "net.v2.onnx"),
        (".onnx", "onnx", "model.onnx"),
        ("digits", "unheard-of", "digits.unheard-of"),
    ],
)
def test_the_suffix_is_the_formats(model: str, format: str, name: str) -> None:
    assert filename(model, format) == name
