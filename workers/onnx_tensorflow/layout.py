"""Layout: tensors that know which logical axis each of their stored axes is.

ONNX puts channels first, TensorFlow's convolutions want them last. A tensor is transposed once,
where the first convolution asks for it, and everything after that works on what is stored: the
graph as a whole has a transpose at its image inputs and outputs, and none between.

How an operator file says what it does about layout:

* **Nothing said**: plain `tf.Tensor`s in ONNX's own order of axes arrive, and such are returned.
  A tensor that is stored otherwise is transposed first, once for all who ask for it.
* **`@operator(..., elementwise=True)`**: the same in every layout. The tensors that arrive are
  brought to one layout (that of the first input whose channels are last), broadcast as ONNX
  would, and the result is taken to be in it. Attributes and host values must not name axes.
* **Layout-aware**: parameters annotated `Stored` arrive as `Laid`, whatever they are. The body
  works on `x.tensor` with axes from `x.stored(axis)`, and returns `x.like(y)`, or a `Laid` in
  another order::

      @operator("Softmax", since=13)
      def softmax(x: Stored, *, axis: int) -> Laid:
          return x.like(tf.nn.softmax(x.tensor, axis=x.stored(axis)))

  `x.at(channels_last(x.rank))` asks for a layout, `x.plain` for ONNX's own. `x.order[i]` is the
  logical axis at the stored axis i; `x.shape` is the static shape in ONNX's order (None: open).
  `x.array` is the numpy array of a constant (else None): permute and compute on the host there.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import index
from typing import Annotated, Any, Final

from typing_extensions import override

from workers.onnx_graph.kinds import Kind
from workers.onnx_graph.refusals import CannotTranslate
from workers.onnx_graph.values import Constant, Symbols
from workers.onnx_tensorflow import symbolic, weights

Order = tuple[int, ...]

SPATIAL: Final = 3
"""Rank from which on a tensor can have channels and something else besides the batch."""

STORED: Final = "stored"


def canonical(rank: int) -> Order:
    """ONNX's own order of axes."""
    return tuple(range(rank))


def channels_last(rank: int) -> Order:
    """Batch, what is between, channels: the order in which TensorFlow wants images."""
    return (0, *range(2, rank), 1) if rank >= SPATIAL else canonical(rank)


class Laid:
    """A tensor, or a constant that is none yet, in some layout.

    `order[i]` is the logical axis that is stored at axis i. `array` and `name` are a constant's
    and its initializer's. Not to be changed once made: other layouts are kept beside it.
    """

    __slots__ = ("_order", "_others", "_tensor", "array", "name")

    def __init__(
        self,
        tensor: Any,
        order: Order | None = None,
        *,
        array: Any = None,
        name: str | None = None,
    ) -> None:
        self._tensor = tensor
        self.array = array
        self.name = name
        self._order = (
            _canonical_order(tensor if array is None else array) if order is None else order
        )
        self._others: dict[Hashable, list[Laid]] = {}

    @property
    def order(self) -> Order:
        """Raises CannotTranslate where not even the rank is known before the model runs."""
        if self._order is None:
            raise CannotTranslate(
                "has an input whose rank is only known when the model runs",
                hint="Export the model with ranks that are fixed.",
            )
        return self._order

    @property
    def tensor(self) -> Any:
        """What is stored, as TensorFlow's tensor."""
        if self._tensor is None:
            self._tensor = weights.hold(self.array, self.name)
        return weights.read(self._tensor)

    @property
    def plain(self) -> Any:
        """TensorFlow's tensor in ONNX's own order of axes."""
        return self.tensor if self._order is None else self.at(canonical(self.rank)).tensor

    @property
    def plain_array(self) -> Any:
        """The numpy array of a constant in ONNX's own order of axes; None of all else."""
        return None if self.array is None else self.at(canonical(self.rank)).array

    @property
    def rank(self) -> int:
        return len(self.order)

    @property
    def stored_shape(self) -> list[int | None]:
        """Static lengths of what is stored; None where open."""
        if self.array is not None:
            return list(self.array.shape)
        return list(self.tensor.shape.as_list())

    @property
    def shape(self) -> list[int | None]:
        """Static lengths in ONNX's order; None where open."""
        lengths = self.stored_shape
        return [lengths[self.order.index(axis)] for axis in range(self.rank)]

    @property
    def dtype(self) -> Any:
        return self.tensor.dtype

    def stored(self, axis: int) -> int:
        """Where the logical axis (negative: from the end) is stored.

        Raises:
            CannotTranslate: which axis it is, is only known when the model runs.
        """
        return self.order.index(_known(axis) % self.rank)

    def like(self, tensor: Any) -> "Laid":
        """Another tensor in the same layout."""
        return Laid(tensor, self.order)

    def at(self, order: Order) -> "Laid":
        """The same values in that layout; made once."""
        if order == self.order:
            return self
        permutation = [self.order.index(axis) for axis in order]
        if self.array is not None:
            moved = self.array.transpose(permutation)
            return self.derived(order, lambda: Laid(None, order, array=moved, name=self.name))
        return self.derived(order, lambda: Laid(permuted(self.tensor, permutation), order))

    def derived(self, key: Hashable, make: Callable[[], "Laid"]) -> "Laid":
        """Something made of it once, and again only in a graph that cannot see the first."""
        known = self._others.setdefault(key, [])
        for each in known:
            if each.array is not None or weights.visible(each.tensor):
                return each
        known.append(make())
        return known[-1]

    @override
    def __repr__(self) -> str:
        return f"Laid({self.stored_shape}, order={self.order})"


Stored = Annotated[Laid, Kind.RAW, STORED]
"""How a layout-aware operator annotates an input."""


def laid(value: Any) -> Laid:
    """Any value of the walker's but a list as a Laid."""
    match value:
        case Laid():
            return value
        case Constant():
            return constant(value)
        case Symbols():
            return Laid(symbolic.packed(value))
        case _:
            return Laid(value)


def constant(value: Constant) -> Laid:
    """The Laid of a constant: the same one each time while a model is imported."""
    return weights.kept(value, lambda: Laid(None, array=value.array, name=value.name))


def permuted(tensor: Any, permutation: Sequence[int]) -> Any:
    """A transpose, or a reshape where only axes of length 1 change their place."""
    import tensorflow as tf

    lengths = tensor.shape.as_list()
    moving = [axis for axis in permutation if lengths[axis] != 1]
    open_axes = sum(length is None for length in lengths)
    if moving == sorted(moving) and open_axes <= 1:
        return tf.reshape(
            tensor, [-1 if lengths[axis] is None else lengths[axis] for axis in permutation]
        )
    return tf.transpose(tensor, permutation)


def aligned(values: Sequence[Laid]) -> tuple[list[Any], Order]:
    """Tensors in one layout that broadcast as ONNX broadcasts them, and that layout.

    The first input that is not stored in ONNX's order decides, as its channels are last.
    """
    leader = next(
        (each for each in values if each.order != canonical(each.rank) and each.array is None),
        None,
    )
    rank = max((each.rank for each in values), default=0)
    if leader is None:
        return [each.plain for each in values], canonical(rank)
    lead = rank - leader.rank
    order = (*range(lead), *(axis + lead for axis in leader.order))
    if any(each.rank == rank and each.order == order for each in values):
        return [_beside(each, order) for each in values], order
    return [_widened(each, rank).at(order).tensor for each in values], order


def _beside(value: Laid, order: Order) -> Any:
    """In that layout; constants without the leading axes of length 1: a bias is a vector then."""
    if value.rank in (0, len(order)) and (value.array is None or value.order == order):
        return value.at(order).tensor if value.rank else value.tensor
    if value.array is None:
        return _widened(value, len(order)).at(order).tensor

    def slim() -> Laid:
        moved = _widened(value, len(order)).at(order).array
        while moved.ndim > 1 and moved.shape[0] == 1:
            moved = moved[0]
        return Laid(None, array=moved, name=value.name)

    return value.derived(("beside", order), slim).tensor


def _widened(value: Laid, rank: int) -> Laid:
    """With leading axes of length 1 up to that rank."""
    import tensorflow as tf

    lead = rank - value.rank
    if not lead:
        return value
    order = (*range(lead), *(axis + lead for axis in value.order))
    if value.array is not None:
        wide = value.array.reshape((1,) * lead + value.array.shape)
        return Laid(None, order, array=wide, name=value.name)
    tensor = value.tensor
    for _ in range(lead):
        tensor = tf.expand_dims(tensor, 0)
    return Laid(tensor, order)


def plain(values: Iterable[Any]) -> list[Any]:
    """The walker's values, such as a body gives, as tensors in ONNX's own order.

    Sequences become lists of tensors; what is left out stays None.
    """
    return [
        plain(each) if isinstance(each, list) else None if each is None else laid(each).plain
        for each in values
    ]


def _known(axis: Any) -> int:
    try:
        return index(axis)
    except TypeError as error:
        raise CannotTranslate(
            "is told an axis only when the model runs",
            hint="Make its axes constants of the model.",
        ) from error


def _canonical_order(value: Any) -> Order | None:
    rank = value.shape.rank if hasattr(value.shape, "rank") else len(value.shape)
    return None if rank is None else canonical(rank)
