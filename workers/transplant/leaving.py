"""What is no weight of the model: left out of the game, with the reason."""

from re import IGNORECASE, compile, search  # noqa: A004 - the pattern's own word

from workers.weights.variables import Variable

RULES = tuple(
    (compile(pattern, IGNORECASE), why)
    for pattern, why in (
        (r"_CHECKPOINTABLE_OBJECT_GRAPH", "the graph of a checkpoint's objects, no weight"),
        (r"(^|/)(save_counter|global_step)(:0|/|$)", "a counter of the training"),
        (
            r"\.OPTIMIZER_SLOT|(^|/|_)optimizer(s)?(/|$)|^optimizer_weights",
            "a state of the optimizer",
        ),
        (r"/(Adam|Adagrad|RMSProp|Momentum|Ftrl|LAMB|AdamW?)(_\d+)?$", "a slot of the optimizer"),
        (r"/(adam_[mv]|momentum|velocity|lamb_[mv])$", "a slot of the optimizer"),
        (r"(^|/)(beta[12]_power|learning_rate|loss_scale)(:0|/|$)", "a state of the optimizer"),
        (r"^(optimizer|optim|lr_scheduler|scheduler|scaler)\.", "a state of the training"),
        (r"(^|\.)(exp_avg|exp_avg_sq|max_exp_avg_sq|momentum_buffer)$", "a slot of the optimizer"),
        (
            r"ExponentialMovingAverage|(^|/)ema(/|$)|(^|[./])(ema_model|model_ema)[./]",
            "a moving average of the training's weights",
        ),
        (r"seed_generator", "the state of a generator of random numbers"),
        (r"(^|\.)num_batches_tracked$", "a counter of batches"),
        (r"(^|/)normalization(_\d+)?/count$", "how many examples a Normalization had seen"),
        (r"(^|/)keras_api/", "a state of the metrics"),
        (
            r"(^|[./])(inv_freq|masked_bias|position_ids|relative_position_index|attn_mask)$",
            "a constant of the model's own code",
        ),
    )
)


ENDINGS = ("/.ATTRIBUTES/VARIABLE_VALUE", ":0")


def reason(variable: Variable) -> str | None:
    """Why a variable is no weight, or nothing where it may well be one."""
    bare = plain(variable.name)
    for pattern, why in RULES:
        if search(pattern, variable.name) or search(pattern, bare):
            return why
    return None


def plain(name: str) -> str:
    """A name without what TensorFlow's files add to it."""
    for each in ENDINGS:
        name = name.removesuffix(each)
    return name
