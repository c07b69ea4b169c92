"""onnx2tf on a backend case: the Keras model that its `convert` returns.

Nothing is written as SavedModel or TFLite, whose limits would count against it as well. Every
input is named in `keep_shape_absolutely_input_names`, so that the model takes what the ONNX file
takes; for its outputs there is no such option, so its own record of which are channels-last
(`onnx_output_layouts`) undoes that.

It starts onnxsim three times anew for each model, which would take most of the run: here the same
three rounds are one fork. It also fetches 20 sample images for some shapes unless they lie in the
working directory: random ones do.
"""

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final

PRELOAD: Final = ("onnx2tf", "onnxsim", "onnxruntime")

ROUNDS: Final = 3
IMAGES: Final = (20, 128, 128, 3)
IMAGES_FILE: Final = "calibration_image_sample_data_20x128x128x3_float32.npy"
SPATIAL: Final = 3
"""The least rank that has a layout."""


def run_model(path: Path) -> Callable[[Sequence[Any]], list[Any]]:
    """Its model, on inputs and outputs in ONNX's layout.

    Raises:
        RuntimeError: it ended the process, as it does where it cannot go on.
    """
    with tempfile.TemporaryDirectory(prefix="onnx2tf-") as place:
        copy = Path(place, "model.onnx")  # it writes over the file that it is given
        shutil.copyfile(path, copy)
        os.chdir(place)
        _lay_images(Path(place))
        _simplify(copy)
        model = _convert(copy)
        os.chdir("/")
    return _runner(model, _shapes(path))


def _lay_images(place: Path) -> None:
    import numpy as np

    np.save(place / IMAGES_FILE, np.random.default_rng(0).random(IMAGES, np.float32))


def _simplify(path: Path) -> None:
    """In a process of its own, which may die: the model then stays as it is, as in onnx2tf."""
    process = multiprocessing.get_context("fork").Process(target=_rounds, args=(path,))
    process.start()
    process.join()


def _rounds(path: Path) -> None:
    import onnx

    for _ in range(ROUNDS):
        simple, _ = import_module("onnxsim").simplify(onnx.load(path))
        onnx.save(simple, path)


def _convert(path: Path) -> Any:
    import onnx

    try:
        return import_module("onnx2tf").convert(
            input_onnx_file_path=str(path),
            output_folder_path=str(path.with_name("converted")),
            keep_shape_absolutely_input_names=[each.name for each in onnx.load(path).graph.input],
            not_use_onnxsim=True,
            disable_model_save=True,
            non_verbose=True,
        )
    except SystemExit as error:
        raise RuntimeError("onnx2tf ended the process") from error


def _shapes(path: Path) -> Mapping[str, tuple[int, ...]]:
    """What the file says of its outputs; 0 stands for a dimension that it leaves open."""
    import onnx

    outputs = onnx.load(path).graph.output
    return {
        each.name: tuple(dim.dim_value for dim in each.type.tensor_type.shape.dim)
        for each in outputs
    }


def _runner(
    model: Any, declared: Mapping[str, tuple[int, ...]]
) -> Callable[[Sequence[Any]], list[Any]]:
    import tensorflow as tf

    last = getattr(model, "onnx_output_layouts", {})

    def run(inputs: Sequence[Any]) -> list[Any]:
        fed = [tf.constant(each) for each in inputs[: len(model.inputs)]]
        outputs = model(fed)
        several = outputs if isinstance(outputs, list | tuple) else [outputs]
        named = zip(declared, several, strict=False)
        return [
            _restored(each.numpy(), declared[name], channels_last=last.get(name, False))
            for name, each in named
        ]

    return run


def _restored(value: Any, declared: tuple[int, ...], *, channels_last: bool) -> Any:
    """`value`, or it with its channels in front: the first that is declared, in the order of what
    the model says of itself."""
    import numpy as np

    if value.ndim < SPATIAL:
        return value
    both = [value, np.moveaxis(value, -1, 1)]
    ordered = both[::-1] if channels_last else both
    return next((each for each in ordered if _fits(each.shape, declared)), ordered[0])


def _fits(shape: tuple[int, ...], declared: tuple[int, ...]) -> bool:
    return len(shape) == len(declared) and all(
        due in {0, got} for got, due in zip(shape, declared, strict=True)
    )
