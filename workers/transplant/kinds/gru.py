"""GRU: Keras orders the gates z, r, h and torch r, z, n.

Torch applies the reset gate after the product, Keras' `reset_after`, and so keeps two biases that
cannot be added: Keras has them as the two rows of one. With the reset before, torch has no such
layer.
"""

from collections.abc import Iterator

from workers.transplant.expressions import Expression, Join, Part, Read, Reshape
from workers.transplant.kinds.cells import Cell, cells
from workers.transplant.kinds.gates import reordered
from workers.transplant.kinds.recurrent import kernels
from workers.transplant.kinds.roles import as_it_is
from workers.transplant.units import Group, Neutral, Reading, Role

ORDER = (1, 0, 2)  # from z, r, h to r, z, n, and back


def readings(group: Group) -> Iterator[Reading]:
    """Each direction of each layer."""
    for each in cells(group, 3):
        yield _keras(each, group) if group.tensorflow else _torch(each, group)


def _torch(cell: Cell, group: Group) -> Reading:
    roles, builds = kernels(cell, group)
    for name, bias in zip(("bias", "recurrent_bias"), cell.biases, strict=False):
        roles[name] = as_it_is(bias, Neutral.ZEROS)
        builds[bias.name] = Read(name)
    return Reading("gru", roles, builds, part=cell.part)


def _keras(cell: Cell, group: Group) -> Reading:
    plain, made = kernels(cell, group)
    roles = {
        name: Role(role.shape, reordered(role.gives, 0, ORDER), "IO, gates z r h")
        for name, role in plain.items()
    }
    builds = {name: reordered(of, 1, ORDER) for name, of in made.items()}
    before = group.layer is not None and group.layer.settings.get("reset_after") is False
    for bias in cell.biases:
        if len(bias.shape) == 1:
            before = True
            told = reordered(Read(bias.name), 0, ORDER)
            roles["bias"] = Role(bias.shape, told, "gates z r h", Neutral.ZEROS)
            builds[bias.name] = reordered(Read("bias"), 0, ORDER)
        else:
            wide = bias.shape[1:]
            for index, name in enumerate(("bias", "recurrent_bias")):
                row = Reshape(Part(Read(bias.name), 0, index, 2), wide)
                roles[name] = Role(
                    wide, reordered(row, 0, ORDER), f"row {index + 1}, gates z r h", Neutral.ZEROS
                )
            builds[bias.name] = Join((_row("bias", wide), _row("recurrent_bias", wide)), 0)
    return Reading("gru_reset_before" if before else "gru", roles, builds, part=cell.part)


def _row(role: str, wide: tuple[int, ...]) -> Expression:
    return Reshape(reordered(Read(role), 0, ORDER), (1, *wide))
