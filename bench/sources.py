"""Models to convert, as many different ones of each as there are rounds.

    python -m bench.sources FOLDER ROUNDS

Equal bytes would be answered from the cache, so every round has weights of its own. Batch
norm statistics are randomised too: with the initial ones a mistake in them would not show.
"""

import sys
from pathlib import Path

import numpy as np

from bench.resnet18 import write_pt2


def mobilenet(folder: Path, number: int) -> None:
    """MobileNetV2 as `.keras`, and as the SavedModel that the cold command line needs."""
    import keras

    keras.utils.set_random_seed(number)
    model = keras.applications.MobileNetV2(weights=None)
    random = np.random.default_rng(number)
    for variable in model.non_trainable_variables:
        variable.assign(random.uniform(0.5, 1.5, variable.shape))
    model.save(folder / f"mobilenet-{number}.keras")
    model.export(folder / f"mobilenet-{number}", verbose=False)


if __name__ == "__main__":
    target, rounds = Path(sys.argv[1]), int(sys.argv[2])
    for each in range(rounds):
        mobilenet(target, each)
        write_pt2(target / f"resnet18-{each}.pt2", seed=each)
