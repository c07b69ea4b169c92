"""TensorFlow: the parameter of Triton's TensorFlow backend that chooses a signature.

Source: triton-inference-server/tensorflow_backend, README.md, "Parameters".
"""

from typing import Final

SIGNATURE: Final = "TF_SIGNATURE_DEF"
"""Where it is left out Triton takes `serving_default`."""
