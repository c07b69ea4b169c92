"""Three small classifiers of digits: trained, saved, and read back from their files.

    python -m bench.classifiers keras FOLDER
    python -m bench.classifiers torch FOLDER

Each writes its models and, beside them, NAME.right: how many held-out digits the saved file
reads right. It also writes the other's CNN as a template that was never trained.
"""

import shutil
import sys
from pathlib import Path
from typing import Any

from bench.digits import digits, right
from bench.templates import keras_cnn_in_torch, torch_cnn_in_keras

SEED = 1
EPOCHS = 15


def keras_models(folder: Path) -> None:
    """A CNN as `.keras`, and an LSTM over the rows as a zipped SavedModel."""
    import keras
    import tensorflow as tf
    from keras import layers

    def trained(*body: Any, shape: tuple[int, ...]) -> Any:
        keras.utils.set_random_seed(SEED)
        model = keras.Sequential([keras.Input(shape), *body, layers.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(3e-3), loss)
        learn, labels, _, _ = digits()
        model.fit(learn.reshape(-1, *shape), labels, batch_size=64, epochs=EPOCHS, verbose=0)
        return model

    cnn = folder / "keras-cnn.keras"
    trained(
        layers.Conv2D(16, 3, padding="same", use_bias=False),
        layers.BatchNormalization(momentum=0.9),
        layers.ReLU(),
        layers.MaxPooling2D(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.Flatten(),
        shape=(8, 8, 1),
    ).save(cnn)
    saved = keras.models.load_model(cnn)
    note(cnn, right(lambda images: saved.predict(images[..., None], verbose=0)))

    lstm = folder / "keras-lstm"
    trained(layers.LSTM(48), shape=(8, 8)).export(lstm, verbose=False)
    serve = tf.saved_model.load(lstm).signatures["serving_default"]
    archive = Path(shutil.make_archive(str(lstm), "zip", lstm))
    shutil.rmtree(lstm)
    note(archive, right(lambda images: next(iter(serve(tf.constant(images)).values()))))


def torch_models(folder: Path) -> None:
    """A CNN as `.pt2` with a dynamic batch."""
    import torch
    from torch import nn

    torch.manual_seed(SEED)
    torch.set_num_threads(1)  # the model is small: threads would wait for each other
    model = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1, bias=False),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )
    learn, labels, _, _ = digits()
    images, classes = torch.from_numpy(learn)[:, None], torch.from_numpy(labels)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(images)).split(64):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(images[batch]), classes[batch]).backward()
            optimizer.step()

    cnn = folder / "torch-cnn.pt2"
    batch_size = torch.export.Dim("batch", min=1, max=1024)
    program = torch.export.export(model.eval(), (images[:2],), dynamic_shapes=({0: batch_size},))
    torch.export.save(program, cnn)
    saved = torch.export.load(cnn).module()
    with torch.no_grad():
        note(cnn, right(lambda held: saved(torch.from_numpy(held)[:, None])))


def note(model: Path, count: int) -> None:
    model.with_suffix(".right").write_text(str(count))


if __name__ == "__main__":
    makers = {
        "keras": (keras_models, torch_cnn_in_keras),
        "torch": (torch_models, keras_cnn_in_torch),
    }
    for make in makers[sys.argv[1]]:
        make(Path(sys.argv[2]))
