"""ImageDecoder: the pixels of an encoded image."""

from collections.abc import Callable

import tensorflow as tf

from workers.onnx_graph.registry import operator

RED, GREEN, BLUE = 19595, 38470, 7471
"""Of 65536, in luma as ITU-R 601-2 has it: rounded as Pillow does."""


@operator("ImageDecoder")
def image_decoder(stream: tf.Tensor, *, pixel_format: str) -> tf.Tensor:
    """BMP, GIF, JPEG, PNG and WebP, which TensorFlow decodes; (height, width, channels)."""
    bytes_ = tf.constant([bytes([each]) for each in range(256)])
    text = tf.strings.reduce_join(tf.gather(bytes_, tf.cast(stream, tf.int32)))
    image = tf.ensure_shape(tf.cond(tf.io.is_jpeg(text), *_decoders(text)), [None, None, 3])
    match pixel_format:
        case "BGR":
            return tf.reverse(image, [-1])
        case "Grayscale":
            wide = tf.cast(image, tf.int32) * tf.constant([RED, GREEN, BLUE])
            total = tf.reduce_sum(wide, axis=-1, keepdims=True) + (1 << 15)
            return tf.cast(tf.bitwise.right_shift(total, 16), tf.uint8)
        case _:
            return image


def _decoders(text: tf.Tensor) -> tuple[Callable[[], tf.Tensor], Callable[[], tf.Tensor]]:
    """Of JPEG and of the rest. Only `INTEGER_ACCURATE` is what libjpeg does elsewhere."""
    return (
        lambda: tf.io.decode_jpeg(text, channels=3, dct_method="INTEGER_ACCURATE"),
        lambda: tf.io.decode_image(text, channels=3, expand_animations=False),
    )
