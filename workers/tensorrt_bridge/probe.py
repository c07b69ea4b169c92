"""Probe: say in one line of JSON whether a library can be loaded here, and which version it is.

`python -m workers.tensorrt_bridge.probe tensorrt-rtx`, run by a worker at its start with the
environment that its children get. The exit status is 0 whatever the answer.
"""

import json
import sys

from shared.domain.errors import LibraryMissing
from workers.tensorrt_bridge.library import TITLES, load


def probe(name: str) -> dict[str, str]:
    """`version` and `title`, or what is `missing` in a sentence for the operator."""
    if name not in TITLES:
        return {"missing": f"There is no library {name!r}: one of {', '.join(TITLES)}."}
    try:
        library = load(name)
    except LibraryMissing as error:
        return {"missing": error.fault.detail}
    return {"version": library.version, "title": library.title}


if __name__ == "__main__":
    for each in sys.argv[1:]:
        sys.stdout.write(json.dumps(probe(each)) + "\n")
