"""Options of the roads that begin at a frozen graph."""

from pydantic import Field

from workers.converter import Options


class OfFrozenGraph(Options):
    """Where a graph begins and ends, which its file does not say."""

    graph_inputs: tuple[str, ...] | None = Field(
        default=None, description="Names of the nodes to feed; the placeholders by default."
    )
    graph_outputs: tuple[str, ...] | None = Field(
        default=None,
        description="Names of the nodes to read; those whose result nothing else reads, by"
        " default.",
    )
