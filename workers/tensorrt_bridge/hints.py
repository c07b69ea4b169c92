"""Hints: what to try when the parser does not take a node."""

from typing import Final

FOLD: Final = (
    "Ask for `simplify: true`, which folds what is constant; else replace it in the model."
)
OUTSIDE: Final = "Leave it to what runs before or after the model."

LOWER: Final = "start from the float model and ask for `precision: int8`."

_BY_OPERATOR: Final = {
    "Input": "Export the model with inputs of float32, float16, int32, int64 or bool.",
    "Det": "Compute the determinant outside of the model, or write it out in products.",
    "NonZero": "Its output has no fixed size: write it with Where, or leave it to what runs"
    " after the model.",
    "Unique": f"Its output has no fixed size. {OUTSIDE}",
    "Compress": "Its output has no fixed size: write it with Where.",
    "NonMaxSuppression": f"Export the model without its postprocessing. {OUTSIDE}",
    "StringNormalizer": f"TensorRT takes no text. {OUTSIDE}",
    "StringConcat": f"TensorRT takes no text. {OUTSIDE}",
    "StringSplit": f"TensorRT takes no text. {OUTSIDE}",
    "RegexFullMatch": f"TensorRT takes no text. {OUTSIDE}",
    "TfIdfVectorizer": f"TensorRT takes no text. {OUTSIDE}",
    "Loop": "Unroll it when the model is exported.",
    "Scan": "Unroll it when the model is exported.",
    "SequenceConstruct": "Export the model so that it returns tensors instead of a list.",
    "DynamicQuantizeLinear": "Quantize with fixed ranges: ask for `precision: int8` and send"
    " samples, from a float model.",
    "ConvInteger": "Start from the float model, and ask for `precision: int8`.",
    "MatMulInteger": "Start from the float model, and ask for `precision: int8`.",
    "QLinearConv": "Start from the float model, and ask for `precision: int8`.",
    "QLinearMatMul": "Start from the float model, and ask for `precision: int8`.",
}

_BY_REASON: Final = (
    (
        "has type Int32 but must have type",
        f"Leave the biases in float (ONNX Runtime's quantizer: `QuantizeBias: False`), or {LOWER}",
    ),
    (
        "Pre-opset 7 broadcasting",
        "The model is too old: export it anew, with opset 13 or later.",
    ),
)

_PLUGIN: Final = "lugin not found"
"""What the parser says of every operator that it does not know by name, ONNX's own or not."""

_FOREIGN: Final = "It is no operator of ONNX: export the model with standard operators only."


def hint(operator: str, reason: str) -> str | None:
    """One sentence for the user; None where the file is broken and no operator was named."""
    for words, sentence in _BY_REASON:
        if words in reason:
            return sentence
    if not operator:
        return None
    if _PLUGIN in reason and not _is_standard(operator):
        return _FOREIGN
    return _BY_OPERATOR.get(operator, FOLD)


def _is_standard(operator: str) -> bool:
    from onnx import defs

    return any(each.name == operator for each in defs.get_all_schemas())
