"""Own: small networks as people write them, with the names that people give on each side."""

from typing import Final

from bench.pairs.own import (
    attending,
    disguised,
    light,
    pictures,
    plain,
    recurrent,
    residual,
    signals,
)
from bench.pairs.pair import Pair

OWN: Final[tuple[Pair, ...]] = (
    *plain.PAIRS,
    *pictures.PAIRS,
    *residual.PAIRS,
    *light.PAIRS,
    *signals.PAIRS,
    *recurrent.PAIRS,
    *attending.PAIRS,
    *disguised.PAIRS,
)
