"""`python -m benchmarks [NAME ...]`: run every benchmark, or those named, one after the other."""

import argparse
import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence

import benchmarks

PREFIX = "bench_"


def names() -> list[str]:
    """All benchmarks, by the part of the module's name that says what it measures."""
    modules = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name.removeprefix(PREFIX) for name in modules if name.startswith(PREFIX))


def run(name: str) -> None:
    """Print the benchmark's own figures under its title, and how long it took altogether."""
    module = importlib.import_module(f"benchmarks.{PREFIX}{name}")
    measure: Callable[[], None] = module.main
    print(f"== {name}: {(module.__doc__ or '').partition(chr(10))[0]}")
    started = time.perf_counter()
    measure()
    print(f"-- {name} took {time.perf_counter() - started:.1f} s\n", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 2 when a name is unknown, like any wrong command line."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(known) or 'none yet'} (default: all)")
    wanted: list[str] = parser.parse_args(arguments).name or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    for name in wanted:
        run(name)
    print(f"{len(wanted)} of {len(known)} benchmarks ran")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
