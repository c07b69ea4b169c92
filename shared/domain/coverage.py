"""Coverage: which nodes of a model a target can take, asked before anything is converted."""

from pydantic import BaseModel, ConfigDict


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gap(_Told):
    """A node that is not covered. `hint`: what to try."""

    node: str
    operator: str
    version: int | None = None
    reason: str
    hint: str | None = None


class Subgraph(_Told):
    """A connected part of the graph, which is covered as a whole or not."""

    supported: bool
    nodes: tuple[str, ...]


class Coverage(_Told):
    """The answer. `by`: whose it is, with its version; `nodes` counts those of the graph."""

    target: str
    supported: bool
    by: str
    nodes: int
    covered: int
    subgraphs: tuple[Subgraph, ...] = ()
    gaps: tuple[Gap, ...] = ()
