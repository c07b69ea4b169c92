"""Small Keras models, one for each thing that conversions get wrong.

Every weight is drawn at random, biases, scales and moving statistics included: a zero-initialised
branch would let a wrong conversion pass.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Model = Any


def randomised(model: Model, seed: int = 7) -> Model:
    """The model with all its float weights drawn anew; scales and variances stay positive."""
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        adapted = weight.path.startswith("normalization")  # the layer keeps a copy of these
        if adapted or not str(weight.dtype).startswith("float"):
            continue
        if weight.path.endswith(("variance", "gamma")):
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
        elif "normalization" in weight.path or weight.path.endswith("bias"):
            weight.assign(rng.normal(0, 0.2, weight.shape))
        else:
            fan = max(1, int(np.prod(weight.shape[:-1])))
            weight.assign(rng.normal(0, 1 / np.sqrt(fan), weight.shape))
    return model


def cnn() -> Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((12, 12, 3), name="picture"),
            layers.Conv2D(8, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3, strides=2, padding="same", activation="silu"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax", name="digit"),
        ]
    )


def separable() -> Model:
    from keras import Input, Model, layers

    x = start = Input((13, 13, 4))
    x = layers.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2)(x)
    x = layers.BatchNormalization()(x)
    x = layers.SeparableConv2D(6, 3, padding="valid", activation="relu6")(x)
    x = layers.Conv2D(5, 3, dilation_rate=2, padding="same")(x)
    return Model(start, layers.GlobalAveragePooling2D()(x))


def residual() -> Model:
    from keras import Input, Model, layers

    x = start = Input((None, None, 6))
    for width in (6, 8):
        shortcut = layers.Conv2D(width, 1)(x)
        x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.ReLU()(layers.Add()([x, shortcut]))
    return Model(start, layers.Dense(4)(layers.GlobalMaxPooling2D()(x)))


def lstm_sequential() -> Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [Input((None, 5)), layers.LSTM(7, return_sequences=True), layers.LSTM(4), layers.Dense(3)]
    )


def lstm_functional() -> Model:
    from keras import Input, Model, layers

    start = Input((9, 5), name="rows")
    every, hidden, cell = layers.LSTM(6, return_sequences=True, return_state=True)(start)
    return Model(start, [layers.Dense(2, name="tags")(every), hidden, cell])


def gru() -> Model:
    from keras import Input, Model, layers

    start = Input((None, 4))
    x = layers.GRU(6)(layers.GRU(5, return_sequences=True)(start))
    return Model(start, layers.Dense(3)(x))


def bidirectional() -> Model:
    from keras import Input, Sequential, layers

    return Sequential(
        [
            Input((None, 4)),
            layers.Bidirectional(layers.LSTM(5, return_sequences=True)),
            layers.Bidirectional(layers.GRU(3)),
        ]
    )


def attention() -> Model:
    from keras import Input, Model, layers, ops

    x = start = Input((None, 16), name="sequence")
    attended = layers.MultiHeadAttention(4, 4)(x, x)
    x = layers.LayerNormalization()(x + attended)
    grown = ops.gelu(layers.Dense(32)(x), approximate=False)
    x = layers.LayerNormalization()(x + layers.Dense(16)(grown))
    return Model(start, layers.Dense(3, name="label")(layers.GlobalAveragePooling1D()(x)))


def grouped() -> Model:
    """A ConvNeXt block: a grouped convolution over all channels, exact GELU, layer scale."""
    from keras import Input, Model, layers

    x = start = Input((10, 10, 8))
    x = layers.Conv2D(8, 7, padding="same", groups=8)(x)
    x = layers.LayerNormalization(epsilon=1e-6)(x)
    x = layers.Dense(32, activation="gelu")(x)
    x = layers.Dense(8)(x)
    x = layers.Add()([start, layers.Rescaling(0.7)(x)])
    return Model(start, layers.Conv2D(12, 3, groups=4, strides=2)(x))


def normalization() -> Model:
    """Adapted constants: they must not turn into inputs that have to be fed."""
    from keras import Input, Model, layers

    adapted = layers.Normalization()
    adapted.adapt(np.random.default_rng(3).normal(5, 3, (64, 6)))
    start = Input((6,), name="measures")
    return Model(start, layers.Dense(2)(adapted(start)))


def embedding() -> Model:
    from keras import Input, Model, layers

    words = Input((None,), dtype="int32", name="words")
    x = layers.Embedding(23, 6)(words)
    return Model(words, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def embedding_of_floats() -> Model:
    """Keras' inputs are floats unless told otherwise; an Embedding casts them."""
    from keras import Input, Sequential, layers

    return Sequential([Input((8,)), layers.Embedding(11, 4), layers.Flatten(), layers.Dense(2)])


def several() -> Model:
    """Two inputs and three outputs, in an order that is not alphabetical; one layer used twice."""
    from keras import Input, Model, layers

    zebra, ape = Input((5,), name="zebra"), Input((3,), name="ape")
    shared = layers.Dense(4, name="shared", activation="tanh")
    left, right = shared(layers.Dense(4)(zebra)), shared(layers.Dense(4)(ape))
    joined = layers.Concatenate(name="joined")([left, right])
    return Model([zebra, ape], [joined, left, right])


def dictionary() -> Model:
    from keras import Input, Model, layers

    parts = {"price": Input((2,), name="price"), "area": Input((3,), name="area")}
    joined = layers.Concatenate()([parts["price"], parts["area"]])
    return Model(parts, {"value": layers.Dense(1, name="value")(joined)})


def transposed() -> Model:
    from keras import Input, Model, layers

    x = start = Input((6, 6, 5))
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.UpSampling2D(2)(x)
    return Model(start, layers.Conv2DTranspose(2, 4, strides=2, padding="valid")(x))


def mobilenet(size: int = 64) -> Model:
    from keras.applications import MobileNetV2

    return MobileNetV2(input_shape=(size, size, 3), alpha=0.35, weights=None, classes=10)


ZOO: dict[str, Callable[[], Model]] = {
    each.__name__: each
    for each in (
        cnn,
        separable,
        residual,
        lstm_sequential,
        lstm_functional,
        gru,
        bidirectional,
        attention,
        grouped,
        normalization,
        embedding,
        several,
        dictionary,
        transposed,
        mobilenet,
    )
}


def inputs(model: Model, batch: int, length: int, seed: int = 0) -> list[np.ndarray[Any, Any]]:
    """One array per input of the model, in its order; integers stay below 11."""
    rng = np.random.default_rng([seed, batch, length])
    arrays = []
    for tensor in model.inputs:
        shape = [batch, *(length if axis is None else axis for axis in tensor.shape[1:])]
        if "int" in tensor.dtype:
            arrays.append(rng.integers(0, 11, shape).astype(tensor.dtype))
        else:
            arrays.append(rng.standard_normal(shape).astype(tensor.dtype))
    return arrays


def answers(model: Model, arrays: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """What the live model says, op by op: the oracle, untouched by anything under test."""
    import keras

    structure = model.input if hasattr(model, "output_names") else model.inputs[0]
    given = keras.tree.pack_sequence_as(structure, arrays)
    return [np.asarray(each) for each in keras.tree.flatten(model(given, training=False))]
