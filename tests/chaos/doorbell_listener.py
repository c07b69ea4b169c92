"""A process that listens for doorbells as a worker does: `python doorbell_listener.py HEARD`.

Each bell that is answered adds a byte to the file HEARD.
"""

import sys
import time
from pathlib import Path

from shared.adapters.doorbell import TASK
from shared.settings import load
from workers.doorbells import Answer, doors, listen


def main(heard: Path) -> int:
    app = doors(load(), ("cpu",))

    @app.task(name=TASK, base=Answer)
    def answer() -> None:
        time.sleep(0.02)
        with heard.open("a") as file:
            file.write(".")

    return listen(app, "listener", 2)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
