"""Quantizing: a float32 `.tflite` in less, by LiteRT's own quantizer."""

from pathlib import Path
from typing import Any

from shared.domain.errors import FerryError, StepRefused
from workers.tflite_bridge import files, signatures
from workers.tflite_bridge.calibrating import representative
from workers.tflite_bridge.options import Quantization


def quantize(path: Path, quantization: Quantization, samples: Path | None, result: Path) -> None:
    """Write `path` again; inputs and outputs keep their types.

    Raises:
        SamplesRequired, BadSamples: int8 cannot be calibrated.
        StepRefused: the quantizer gave up.
    """
    from ai_edge_quantizer import quantizer

    tool = quantizer.Quantizer(str(path), _recipe(quantization))
    ranges = None
    try:
        if quantization is Quantization.INT8:
            ranges = tool.calibrate(_feeds(path, samples))
        tool.quantize(ranges).export_model(str(result), overwrite=True)
    except FerryError:
        raise
    except Exception as error:
        raise StepRefused(
            f"LiteRT's quantizer cannot take the model: {str(error)[:300]}",
            field="options.quantization",
        ) from error


def _feeds(path: Path, samples: Path | None) -> dict[str, Any]:
    lite = files.read(path)
    entry = lite.entry(None)
    feeds = representative(samples, signatures.signature(lite, entry))
    return {entry.key or files.DEFAULT: list(feeds())}  # they are gone through more than once


def _recipe(quantization: Quantization) -> Any:
    from ai_edge_quantizer import algorithm_manager, qtyping, recipe_manager

    wanted = recipe_manager.RecipeManager()
    names = qtyping.TFLOperationName
    match quantization:
        case Quantization.DYNAMIC:
            wanted.add_dynamic_config(regex=".*", operation_name=names.ALL_SUPPORTED, num_bits=8)
        case Quantization.FP16:
            wanted.add_weight_only_config(
                regex=".*",
                operation_name=names.ALL_SUPPORTED,
                num_bits=16,
                algorithm_key=algorithm_manager.AlgorithmName.FLOAT_CASTING,
            )
        case _:
            wanted.add_static_config(
                regex=".*",
                operation_name=names.ALL_SUPPORTED,
                activation_num_bits=8,
                weight_num_bits=8,
            )
            for each in (names.INPUT, names.OUTPUT):
                wanted.add_quantization_config(
                    regex=".*",
                    operation_name=each,
                    algorithm_key=algorithm_manager.AlgorithmName.NO_QUANTIZE,
                )
    return wanted.get_quantization_recipe()
