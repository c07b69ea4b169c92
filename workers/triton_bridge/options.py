"""Options: what can be asked of every edge that ends in a Triton model repository."""

from typing import Literal

from pydantic import Field

from workers.converter import Options

Warmup = Literal["none", "zeros", "random", "samples"]


class TritonOptions(Options):
    """The same for every source; each edge adds the `backend` that it stands for."""

    model_name: str = Field(
        "model",
        description="Name of the model and of its folder, by which clients ask for it; costs"
        " nothing.",
    )
    version: int = Field(
        1,
        ge=1,
        le=2**31 - 1,
        description="Number of the version folder; Triton serves this version only, so an older"
        " one beside it is not loaded.",
    )
    max_batch_size: int | None = Field(
        None,
        ge=0,
        le=65536,
        description="Largest batch that Triton may form; 8, or what an engine's profile takes,"
        " where the model can batch. Memory grows with it; 0 turns batching off.",
    )
    instance_count: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Copies of the model that run at once, on each device; each costs the model's"
        " memory again.",
    )
    instance_kind: Literal["auto", "cpu", "gpu"] | None = Field(
        None,
        description="Where the copies run; `gpu` fails to load on a server without one, `auto`"
        " takes a GPU where there is one.",
    )
    instance_gpus: tuple[int, ...] = Field(
        (),
        max_length=64,
        description="Numbers of the GPUs that get copies; all of them by default, which costs"
        " memory on each.",
    )
    dynamic_batching: bool = Field(
        default=False,
        description="Join requests that wait into one batch: more throughput, at the cost of some"
        " latency.",
    )
    preferred_batch_sizes: tuple[int, ...] = Field(
        (),
        max_length=16,
        description="Sizes that the dynamic batcher tries to reach before it lets a batch go; a"
        " request may wait longer for it.",
    )
    max_queue_delay: int = Field(
        0,
        ge=0,
        le=60_000_000,
        description="Microseconds that a request may wait for others to join its batch: added to"
        " its latency at worst.",
    )
    warmup: Warmup = Field(
        "none",
        description="Requests that Triton makes before it says that the model is ready: zeros,"
        " random numbers, or the job's samples; slower to load, faster at the first request.",
    )
    include: tuple[str, ...] = Field(
        (),
        max_length=64,
        description="Ids of earlier jobs with this target, whose models go into the same"
        " repository; the zip grows by theirs.",
    )
    ensemble: tuple[str, ...] = Field(
        (),
        max_length=64,
        description="Names of models of this repository, in order, to be joined into one that"
        " hands the outputs of each to the next; costs nothing beyond the models.",
    )
    ensemble_name: str = Field("ensemble", description="Name of the joined model; costs nothing.")
