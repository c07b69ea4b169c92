"""Handwritten digits that scikit-learn brings along, and how well a model reads them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Read = Callable[[Floats], Any]
"""From images (N, 8, 8) float32 in 0..1 to scores (N, 10)."""


HELD_OUT = 450
"""Digits that no model learns from."""


def digits() -> tuple[Floats, NDArray[np.int64], Floats, NDArray[np.int64]]:
    """Images (N, 8, 8) float32 in 0..1 and labels (N,): to learn from, and held out."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).astype(np.float32).reshape(-1, 8, 8)
    learn, held, learn_labels, held_labels = train_test_split(
        images, labels, test_size=HELD_OUT, random_state=0, stratify=labels
    )
    return learn, learn_labels, held, held_labels


def right(read: Read) -> int:
    """How many of the held-out digits it reads right."""
    _, _, images, labels = digits()
    return int((np.asarray(read(images)).argmax(axis=1) == labels).sum())


def right_onnx(file: Path) -> int:
    """The same of an ONNX file. Its input takes the images in the shape that it declares."""
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    source = session.get_inputs()[0]
    sides = source.shape[1:]
    return right(lambda images: session.run(None, {source.name: images.reshape(-1, *sides)})[0])
