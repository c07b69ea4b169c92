import argparse
import sys
from collections.abc import Sequence

from bench.coverage import kept
from bench.pairs.every import EVERY
from bench.pairs.trial import Carried, Trial
from bench.pairs.trying import tried


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the pairs, a line each. The exit status is 0 whatever became of them: the file tells."""
    parser = argparse.ArgumentParser(prog="python -m bench.pairs")
    parser.add_argument("--only", action="append", choices=list(EVERY), metavar="NAME")
    only = parser.parse_args(arguments).only
    import keras

    for name in only or EVERY:
        found = tried(EVERY[name])
        _say(name, found)
        keras.utils.clear_session()
        table = kept.read()
        table.pairs = {
            each: found if each == name else table.pairs[each]
            for each in EVERY
            if each == name or each in table.pairs
        }
        kept.write(table)
    trials = kept.read().pairs.values()
    print(f"{sum(each.passed for each in trials)} of {len(trials)} pairs pass both ways")
    return 0


def _say(name: str, trial: Trial) -> None:
    print(f"{name}: {trial.seconds:.0f} s")
    for way, found in (("to PyTorch", trial.to_pytorch), ("to Keras", trial.to_keras)):
        print(f"  {way}: {_told(found)}", flush=True)


def _told(found: Carried) -> str:
    mapped = f"mapped {found.mapped} of {found.variables}"
    sure = "" if found.least is None else f", smallest confidence {found.least:.2f}"
    end = f"error {found.max_rel:.1e}" if found.code is None else f"{found.code}: {found.reason}"
    return f"{mapped}{sure}; {end}"


if __name__ == "__main__":
    sys.exit(main())
