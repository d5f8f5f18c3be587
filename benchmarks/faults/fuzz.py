"""Random inputs at the doors: no crash, no hang, no wrong answer without a word.

    python benchmarks/faults/fuzz.py --cases 100000

Files are mutated byte by byte, captions and questions also by exchanging parts, and
arguments are drawn. An input has to be refused with one of the errors that the door
documents, or to be read; what is read is compared with what plain code makes of it,
where there is plain code. A case may take five seconds. With `--guided load_image` and
other doors of bytes, atheris looks for inputs that reach new lines of the code.
"""

import argparse
import random
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from inspect import isclass, isfunction
from pathlib import Path

from doors import DOORS, FOLDER, SEEDS, mutate
from PIL import Image

SECONDS = 5


def try_case(run, item):
    """Whether the item was read or refused, or where the code broke."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            run(item)
        return "read"
    except (ValueError, TypeError, FileNotFoundError, IndexError) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        # An IndexError is for rows that are not there, as lists have it.
        known = not isinstance(error, IndexError) or "[rows]" in str(where.line)
        return "refused" if known else f"IndexError in {where.name}"
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__} in {Path(where.filename).name}:{where.lineno}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _stop(*_):
    raise TimeoutError(f"It took more than {SECONDS} seconds.")


def fuzz(name, n_cases, rng):
    """Counts of outcomes, and an input for each that is a finding."""
    make, run, _ = DOORS[name]
    counts, examples = Counter(), {}
    for _ in range(n_cases):
        item = make(rng) if make else mutate(rng, rng.choice(SEEDS[name]))
        outcome = try_case(run, item)
        counts[outcome] += 1
        if outcome not in ("read", "refused"):
            examples.setdefault(outcome, item)
    return counts, examples


def guide(name, n_cases):
    """Let atheris look for a finding; it ends the process with one."""
    import atheris

    for function in _functions_of("PIL.", "itm_sklearn."):
        atheris.instrument_func(function)
    run = DOORS[name][1]
    folder = FOLDER / "seeds"
    folder.mkdir()
    for number, content in enumerate(SEEDS[name]):
        (folder / str(number)).write_bytes(content)

    def one(content):
        outcome = try_case(run, content)
        assert outcome in ("read", "refused"), outcome

    atheris.Setup([sys.argv[0], f"-runs={n_cases}", str(folder)], one)
    atheris.Fuzz()


def _functions_of(*prefixes):
    """Functions and methods of modules that are loaded."""
    modules = [part for name, part in sys.modules.items() if name.startswith(prefixes)]
    for module in modules:
        for value in list(vars(module).values()):
            if getattr(value, "__module__", None) != module.__name__:
                continue
            members = vars(value).values() if isclass(value) else [value]
            yield from filter(isfunction, members)


def main():
    """Fuzz every door, and fail if there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=DOORS)
    parser.add_argument("--guided", choices=SEEDS)
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, _stop)
    Image.new("RGB", (4, 4)).save(FOLDER / "dog.png")
    if options.guided:
        guide(options.guided, options.cases)
    n_findings = 0
    for name in [options.only] if options.only else DOORS:
        n_cases = options.cases * DOORS[name][2] // 100
        start = time.process_time()
        counts, examples = fuzz(name, n_cases, random.Random(options.seed))
        seconds = time.process_time() - start
        told = ", ".join(f"{n} {outcome}" for outcome, n in counts.most_common())
        print(f"{name:24} {n_cases:7} cases, {seconds:5.0f} s: {told}", flush=True)
        for outcome, item in examples.items():
            print(f"    {outcome}: {str(item)[:300]!r}")
        n_findings += len(examples)
    raise SystemExit(n_findings > 0)


if __name__ == "__main__":
    main()
