"""Every pair by its name: own ones, then published ones."""

from collections.abc import Mapping
from typing import Final

from bench.pairs.own import OWN
from bench.pairs.pair import Pair
from bench.pairs.published.pictures import PAIRS as PUBLISHED

EVERY: Final[Mapping[str, Pair]] = {
    **{each.name: each for each in OWN},
    **{f"{each.name} (timm)": each for each in PUBLISHED},
}
