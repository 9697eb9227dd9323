"""`python -m benchmarks [NAME ...]`: run every benchmark, or those named; end with a table of all."""

import argparse
import importlib
import os
import pkgutil
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

import benchmarks
from benchmarks.figures import NotHereError, Sheet
from benchmarks.table import as_json, as_text, into_page

PREFIX = "bench_"


def names() -> list[str]:
    """All benchmarks, by the part of the module's name that says what it measures."""
    modules = (module.name for module in pkgutil.iter_modules(benchmarks.__path__))
    return sorted(name.removeprefix(PREFIX) for name in modules if name.startswith(PREFIX))


def run(name: str, *, quick: bool) -> Sheet:
    """Print the benchmark's own figures under its title, and how long it took altogether; return them.

    One that ends in an error ends alone: the others are still measured, and the error stands in the table.
    """
    module = importlib.import_module(f"benchmarks.{PREFIX}{name}")
    measure: Callable[[Sheet], None] = module.main
    sheet = Sheet(name, module.SIZES, quick=quick)
    print(f"== {name}: {(module.__doc__ or '').partition(chr(10))[0]}", flush=True)
    started = time.perf_counter()
    try:
        measure(sheet)
    except NotHereError as error:
        sheet.missing = str(error)
        print(f"not measured: {error}")
    except Exception as error:  # noqa: BLE001 - told in full, and the run fails by it
        traceback.print_exc()
        sheet.stopped = f"{type(error).__name__}: {error}"
    sheet.seconds = time.perf_counter() - started
    print(f"-- {name} took {sheet.seconds:.1f} s\n", flush=True)
    return sheet


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; 1 when a goal was missed or a benchmark failed, 2 for a wrong command line."""
    known = names()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=benchmarks.__doc__)
    parser.add_argument("name", nargs="*", help=f"one of: {', '.join(known) or 'none yet'} (default: all)")
    parser.add_argument("--quick", action="store_true", help="small sizes: that it works, not how fast")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument(
        "--markdown", type=Path, metavar="PAGE", help="put the figures into this page's table too"
    )
    said = parser.parse_args(arguments)
    wanted: list[str] = said.name or known
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}")
    quick = said.quick or os.environ.get("BENCH_QUICK", "") not in ("", "0")
    if quick and said.markdown:
        parser.error("figures of small sizes stand on no page: leave out --quick or --markdown")
    sheets = [run(name, quick=quick) for name in wanted]
    print(as_text(sheets))
    if said.json:
        said.json.write_text(as_json(sheets), "utf-8")
    if said.markdown:
        into_page(said.markdown, sheets)
    return _told(sheets, len(known))


def _told(sheets: Sequence[Sheet], known: int) -> int:
    """Print what came of it in a few lines; return the exit code."""
    figures = [figure for sheet in sheets for figure in sheet.figures]
    missed = [figure for figure in figures if figure.verdict == "missed"]
    small = " in small sizes, by which nothing is judged but counts" if any(s.small for s in sheets) else ""
    print(f"\n{len(sheets)} of {known} benchmarks ran{small}: {len(figures)} figures, {len(missed)} missed")
    for sheet in sheets:
        for figure in sheet.figures:
            if figure.failed:
                print(f"missed: {sheet.name}: {figure}", file=sys.stderr)
        if sheet.stopped:
            print(f"failed: {sheet.name}: {sheet.stopped}", file=sys.stderr)
    return 1 if any(sheet.failed for sheet in sheets) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
