"""Parameters of no known layer: the same elements in the same order, axes of length 1 aside."""

from workers.transplant.expressions import Read, Reshape
from workers.transplant.units import Reading, Role
from workers.weights.variables import Variable

FLOATS = ("float", "bfloat", "complex")


def parameter(variable: Variable, part: tuple[str, ...] = (), doubt: float = 0.0) -> Reading:
    """Embeddings, tables of positions, class tokens, scales: as they are."""
    shape = tuple(each for each in variable.shape if each != 1)
    kind = "parameter" if variable.dtype.startswith(FLOATS) else "integers"
    role = Role(shape, Reshape(Read(variable.name), shape))
    builds = {variable.name: Reshape(Read("value"), variable.shape)}
    return Reading(kind, {"value": role}, builds, doubt, part)
