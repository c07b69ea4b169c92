"""Transplanting: the weights of a model of one framework, put into a model of the other."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.transplant.live import Transplanted


def transplant(
    source: Any,
    target: Any,
    *,
    mapping: str | None = None,
    dry_run: bool = False,
    example: Any = None,
) -> "Transplanted":
    """Put the weights of a model into a live model of the other framework.

    Args:
        source: a `keras.Model`, a `torch.nn.Module`, a `state_dict`, a dict of arrays by
            TensorFlow's names, or the path of a model or of weights alone: any format that
            weights can be taken from, or a TensorFlow checkpoint without `.index`.
        target: a `keras.Model` that is built, or a `torch.nn.Module`.
        mapping: the name of a known family, or the text of a mapping file; without one the names,
            shapes and kinds of layers say which variable is which.
        dry_run: tell what would be done, complete or not, and leave the target as it is.
        example: inputs to run both models on afterwards: one array or several, as Keras takes
            them (pictures with channels last), or `{"keras": [...], "pytorch": [...]}`. Without
            one, inputs are drawn in the shapes of the Keras model's.

    Of two live models both are run, to decide between layers that fit equally well.

    Raises:
        UnmappedWeights: a variable of either side has no counterpart; `dry_run` shows all.
        AmbiguousMapping: a variable could be one of several.
        InvalidMapping: the mapping cannot be followed.
        InvalidModel: the source is none, is damaged, or the target is not built.
        StepRefused: a variable of the target cannot hold its values.
        AccuracyMismatch: the outputs differ by more than 1e-4, relative to the largest number of
            each; names the first layer that does. The weights are in the target nevertheless.
        InvalidOptions: the target is no live model, or the example does not fit.
    """
    from workers.transplant.live import transplanted

    return transplanted(source, target, mapping=mapping, dry_run=dry_run, example=example)
