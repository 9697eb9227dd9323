"""What the floors forbid, as functions over a source tree: each returns the breaches it found."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FLOORS = ("mappings", "connectors", "sync", "deskbridge")
"""The lowest first: a file imports from its own floor or one further left."""

SYSTEMS = re.compile(r"freshdesk|jira|gitlab", re.IGNORECASE)
SANDBOX = "deskbridge.sandbox"
SANDBOX_USERS = re.compile(r"deskbridge\.(cli|demo)")
PROBE = Path(__file__).with_name("import_probe.py")


@dataclass(frozen=True)
class Import:
    """One name that one module asks another for, both dotted and absolute."""

    importer: str
    imported: str
    where: str


def modules(root: Path) -> dict[str, Path]:
    """Every module of the four packages under its dotted name."""
    paths = (path for package in FLOORS for path in sorted((root / package).rglob("*.py")))
    return {_dotted(path.relative_to(root)): path for path in paths}


def imports(root: Path) -> Iterator[Import]:
    """Every import of every module, also inside functions, under TYPE_CHECKING and by importlib."""
    for importer, path in modules(root).items():
        package = importer if path.name == "__init__.py" else importer.rpartition(".")[0]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for imported in _names(node, package):
                where = f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}"
                yield Import(importer, imported, where)


def upward_imports(root: Path) -> list[str]:
    """Imports from a higher floor."""
    return _breaches(root, lambda one: _floor(one.imported) > _floor(one.importer) >= 0)


def crossing_connectors(root: Path) -> list[str]:
    """Imports of one system's connector by another, or by what all of them share; the registry may."""
    systems = {f"connectors.{name}" for name in connector_names(root)}

    def crosses(one: Import) -> bool:
        home, target = _second(one.importer), _second(one.imported)
        inside = one.importer.startswith("connectors.") and home != "connectors.registry"
        return inside and target in systems and target != home

    return _breaches(root, crosses)


def connector_names(root: Path) -> list[str]:
    """The systems that have a connector: each folder of connectors/, and the one in memory."""
    folders = (path.parent.name for path in (root / "connectors").glob("*/__init__.py"))
    memory = (path.stem for path in (root / "connectors").glob("memory.py"))
    return sorted([*folders, *memory])


def systems_named(root: Path) -> list[str]:
    """Lines of sync/ that say the name of a system, in code or in a comment."""
    return [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted((root / "sync").rglob("*.py"))
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if SYSTEMS.search(line)
    ]


def sandbox_breaches(root: Path) -> list[str]:
    """Imports out of the sandbox into the rest of ours, and into it from anything but cli and demo."""

    def crosses(one: Import) -> bool:
        if _within(one.importer, SANDBOX):
            return _floor(one.imported) >= 0 and not _within(one.imported, SANDBOX)
        return _within(one.imported, SANDBOX) and not SANDBOX_USERS.match(one.importer)

    return _breaches(root, crosses)


def import_effects(root: Path) -> list[str]:
    """What modules do to the world while they are imported, in a fresh process with no environment."""
    names = [name for name in modules(root) if not name.endswith("__main__")]
    command = [sys.executable, "-I", "-B", str(PROBE), str(root), *names]
    ended = subprocess.run(command, env={}, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        return [f"the modules cannot be imported: {ended.stderr}"]
    found: list[str] = json.loads(ended.stdout)
    return found


def _breaches(root: Path, wrong: Callable[[Import], bool]) -> list[str]:
    return [f"{one.where}: {one.importer} imports {one.imported}" for one in imports(root) if wrong(one)]


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _names(node: ast.AST, package: str) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [alias.name for alias in names]
        case ast.ImportFrom(module=module, names=names, level=level):
            base = _base(module, level, package)
            return [f"{base}.{alias.name}" for alias in names]
        case ast.Call(func=called, args=[ast.Constant(value=str(name)), *_]) if _imports(called):
            return [package + name if name.startswith(".") else name]
    return []


def _base(module: str | None, level: int, package: str) -> str:
    """The absolute module of `from ..module import`."""
    if level == 0:
        return module or ""
    above = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*above, module] if module else above)


def _imports(called: ast.expr) -> bool:
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name in {"import_module", "__import__"}


def _floor(name: str) -> int:
    """The floor of a dotted name, -1 for what is not ours."""
    top = name.partition(".")[0]
    return FLOORS.index(top) if top in FLOORS else -1


def _second(name: str) -> str:
    return ".".join(name.split(".")[:2])


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(package + ".")
