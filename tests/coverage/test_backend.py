"""ONNX's backend cases on our importers: what docs/coverage.json says of them holds."""

import pytest

from bench.coverage import backend, kept


@pytest.mark.parametrize("engine", backend.OWN)
def test_cases_end_as_the_file_says(engine: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.getbasetemp() / "backend"
    folder.mkdir(exist_ok=True)
    summary = backend.run(engine, folder)
    pinned = kept.read().backend[engine]
    assert summary.cases == sum(pinned.cases.values())
    known, found = set(pinned.open or ()), set(backend.unpassed(summary))
    reasons = {each.name: f"{each.status}: {each.reason}" for each in summary.results}
    worse = {name: reasons[name] for name in sorted(found - known)}
    assert not worse, f"{engine} has lost cases that it had"
    better = sorted(known - found)
    assert not better, f"{engine} has won cases. Raise the pin: make pin"
