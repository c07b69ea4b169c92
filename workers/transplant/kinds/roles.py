"""Roles that many kinds share."""

from workers.transplant.expressions import Expression, Read
from workers.transplant.units import Neutral, Role
from workers.weights.variables import Variable


def as_it_is(variable: Variable, neutral: Neutral | None = None) -> Role:
    """A role that both frameworks keep alike."""
    return Role(variable.shape, Read(variable.name), neutral=neutral)


def with_bias(
    kernel: Role, builds: dict[str, Expression], bias: Variable | None
) -> tuple[dict[str, Role], dict[str, Expression]]:
    """The roles and builds of a layer that has a kernel and may have a bias."""
    roles = {"kernel": kernel}
    if bias is not None:
        roles["bias"] = as_it_is(bias, Neutral.ZEROS)
        builds[bias.name] = Read("bias")
    return roles, builds
