"""How well a converted file reads the held-out digits, run by the framework that it is for.

    python -m bench.readers FORMAT FILE     print how many it reads right

A process for each: PyTorch and TensorFlow need not meet.
"""

import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench.digits import right, right_onnx

ROOT: Final = Path(__file__).parents[1]


def right_in(format: str, file: Path) -> int:
    """The number that `python -m bench.readers` prints.

    Raises:
        subprocess.CalledProcessError: the file cannot be run.
    """
    command = [sys.executable, "-m", "bench.readers", format, str(file)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return int(done.stdout.split()[-1])


def right_pytorch(file: Path) -> int:
    """A source package: unpacked, imported and run as its README says, with torch alone."""
    import torch

    with _unpacked(file) as folder:
        spec = importlib.util.spec_from_file_location("model", folder / "model.py")
        if spec is None or spec.loader is None:
            raise FileNotFoundError(folder / "model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        model = module.build()
        sides = module.example_inputs()[0].shape[1:]

        def read(images: Any) -> Any:
            with torch.no_grad():
                answer = model(torch.from_numpy(images.reshape(-1, *sides)))
            return torch.utils._pytree.tree_leaves(answer)[0].numpy()  # noqa: SLF001 - torch has no public one

        return right(read)


def right_savedmodel(file: Path) -> int:
    """A SavedModel, by its serving signature."""
    import tensorflow as tf

    with _unpacked(file) as folder:
        loaded = tf.saved_model.load(str(folder))
        serve = loaded.signatures["serving_default"]
        (name, spec), *_ = serve.structured_input_signature[1].items()

        def read(images: Any) -> Any:
            sides = spec.shape[1:].as_list()
            answer = serve(**{name: tf.constant(images.reshape(-1, *sides))})
            return next(iter(answer.values())).numpy()

        return right(read)


def right_tflite(file: Path) -> int:
    """A TensorFlow Lite model, resized to the batch."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(file))
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]

    def read(images: Any) -> Any:
        shaped = images.reshape(-1, *source["shape"][1:])
        interpreter.resize_tensor_input(source["index"], shaped.shape)
        interpreter.allocate_tensors()
        interpreter.set_tensor(source["index"], shaped)
        interpreter.invoke()
        return interpreter.get_tensor(result["index"])

    return right(read)


def right_keras(file: Path) -> int:
    """A Keras model; images with channels last."""
    import keras

    model = keras.models.load_model(file)
    return right(lambda images: model.predict(images[..., None], verbose=0))


def right_pt2(file: Path) -> int:
    """A program of torch.export; images with channels first."""
    import torch

    module = torch.export.load(file).module()

    def read(images: Any) -> Any:
        with torch.no_grad():
            return module(torch.from_numpy(images)[:, None]).numpy()

    return right(read)


@contextmanager
def _unpacked(file: Path) -> Iterator[Path]:
    """A folder with what is in a zip, for as long as it is open."""
    with tempfile.TemporaryDirectory() as place:
        zipfile.ZipFile(file).extractall(place)
        yield Path(place)


READERS: Final[Mapping[str, Callable[[Path], int]]] = {
    "keras": right_keras,
    "onnx": right_onnx,
    "pt2": right_pt2,
    "pytorch": right_pytorch,
    "savedmodel": right_savedmodel,
    "tflite": right_tflite,
}

if __name__ == "__main__":
    print(READERS[sys.argv[1]](Path(sys.argv[2])))
