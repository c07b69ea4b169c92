"""Compiling: a frozen graph as a TensorFlow Lite file, by TensorFlow's own converter.

The graph is written as a SavedModel without variables first. Of one with variables the converter
makes a file that reads them from nowhere: it ends well, and the file computes rubbish.
"""

from pathlib import Path
from typing import Any

from shared.domain.errors import StepRefused, UnsupportedOperator
from shared.domain.signatures import Signature
from workers.converter import Bench
from workers.tensorflow_bridge.exporting import export_frozen
from workers.tensorflow_bridge.freezing import Frozen, freeze
from workers.tensorflow_bridge.saved_models import DEFAULT
from workers.tensorflow_bridge.tracing import Callee, trace
from workers.tflite_bridge import files, signatures
from workers.tflite_bridge.calibrating import representative
from workers.tflite_bridge.faults import read_fault
from workers.tflite_bridge.options import Quantization, ToTflite
from workers.tflite_bridge.refusing import accept


def to_tflite(callee: Callee, bench: Bench[ToTflite]) -> None:
    """Trace, freeze, compile, and deliver the checked file.

    Raises:
        UnsupportedOperator: an operator has no counterpart in TensorFlow Lite.
        SamplesRequired, BadSamples: int8 cannot be calibrated.
        StepRefused: the compiler gave up, or fixed a length that may vary.
    """
    bench.say("tracing the model", progress=0.2)
    traced = trace(callee, batch=None if bench.options.dynamic else 1)
    bench.say("freezing the weights", progress=0.3)
    frozen = freeze(traced)
    if frozen.tables:
        raise UnsupportedOperator(
            "The model looks words up in a table (HashTableV2), which is not kept when a graph is"
            " frozen. Do the look-up before the model, and export the model without it.",
            operator="HashTableV2",
        )
    bench.say("compiling to TensorFlow Lite", progress=0.5)
    content = compiled(frozen, bench.folder / "frozen", bench.options, bench.samples)
    if bench.options.quantization is Quantization.INT8:
        bench.note(in_float=_in_float(files.parse(content)))
    bench.target.write_bytes(content)


def compiled(frozen: Frozen, folder: Path, options: ToTflite, samples: Path | None) -> bytes:
    """The file's content, checked against what was asked for.

    Args:
        folder: does not exist yet; scratch room.

    Raises:
        UnsupportedOperator, SamplesRequired, BadSamples, StepRefused: as with `to_tflite`.
    """
    import tensorflow as tf

    export_frozen(frozen, folder)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder), signature_keys=[DEFAULT])
    _configure(converter, frozen.signature, options, samples)
    try:
        content: bytes = converter.convert()
    except Exception as error:
        raise read_fault(error) from error
    lite = files.parse(content)
    accept(lite, options)
    _insist_on_shapes(signatures.signature(lite, lite.entry(None)), frozen.signature)
    return content


def _configure(
    converter: Any, signature: Signature, options: ToTflite, samples: Path | None
) -> None:
    import tensorflow as tf

    sets = tf.lite.OpsSet
    allowed = [sets.TFLITE_BUILTINS]
    match options.quantization:
        case Quantization.NONE:
            pass
        case Quantization.FP16:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        case Quantization.DYNAMIC:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        case Quantization.INT8:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative(samples, signature)
            allowed = [sets.TFLITE_BUILTINS_INT8, sets.TFLITE_BUILTINS]
    if options.select_tf:
        allowed.append(sets.SELECT_TF_OPS)
    converter.target_spec.supported_ops = allowed


def _insist_on_shapes(found: Signature, wanted: Signature) -> None:
    """A length that may vary must not have been fixed in silence.

    Raises:
        StepRefused: naming the input.
    """
    taken = {tensor.name: tensor for tensor in found.inputs}
    for tensor in wanted.inputs:
        if tensor.name not in taken or tensor.shape is None:
            continue
        shape = taken[tensor.name].shape or ()
        for axis, (want, have) in enumerate(zip(tensor.shape, shape, strict=False)):
            if isinstance(have, int) and not isinstance(want, int):
                raise StepRefused(
                    f"TensorFlow's compiler fixed axis {axis} of input {tensor.name!r} at {have}."
                    " Set dynamic=false to have the batch fixed on purpose.",
                    field="options.dynamic",
                )


def _in_float(lite: files.Lite) -> list[str]:
    """Operators that stayed in float because TensorFlow Lite has none in int8."""
    return sorted(
        {
            node.operator
            for graph in lite.subgraphs
            for node in graph.nodes
            if node.operator not in {"QUANTIZE", "DEQUANTIZE"}
            and any(graph.values[index].dtype.startswith("float") for index in node.outputs)
        }
    )
