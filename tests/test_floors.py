"""The house stands: imports go downwards, systems are named where they may be, importing does nothing."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import floors

ROOT = Path(__file__).parent.parent
Checker = Callable[[Path], list[str]]

CHECKERS = [
    floors.upward_imports,
    floors.crossing_connectors,
    floors.systems_named,
    floors.sandbox_breaches,
    floors.import_effects,
]

BAD = [
    (floors.upward_imports, "mappings/ticket.py", "import connectors.base"),
    (floors.upward_imports, "connectors/base.py", "from sync import decide"),
    (floors.upward_imports, "sync/engine.py", "def late() -> None:\n    from deskbridge import report"),
    (floors.upward_imports, "sync/engine.py", "if TYPE_CHECKING:\n    import deskbridge.report as report"),
    (floors.upward_imports, "mappings/a/b.py", "import importlib\nimportlib.import_module('sync.decide')"),
    (floors.crossing_connectors, "connectors/jira/read.py", "from connectors import gitlab"),
    (floors.crossing_connectors, "connectors/jira/read.py", "from ..gitlab.wire import Issue"),
    (floors.crossing_connectors, "connectors/memory.py", "import connectors.jira.wire"),
    (floors.crossing_connectors, "connectors/gitlab/__init__.py", "from connectors.memory import Memory"),
    (floors.crossing_connectors, "connectors/base.py", "from .jira import connector"),
    (floors.systems_named, "sync/decide.py", "# as Jira does it"),
    (floors.systems_named, "sync/store/schema.py", "FRESHDESK_ID = 1"),
    (floors.systems_named, "sync/apply.py", "is_gitlab = True"),
    (floors.sandbox_breaches, "deskbridge/sandbox/kernel.py", "from mappings.ticket import Ticket"),
    (floors.sandbox_breaches, "deskbridge/sandbox/jira/app.py", "from ... import __version__"),
    (floors.sandbox_breaches, "deskbridge/bootstrap.py", "from deskbridge.sandbox import kernel"),
    (floors.sandbox_breaches, "deskbridge/web/app.py", "from ..sandbox.kernel import Clock"),
    (floors.import_effects, "sync/engine.py", "import threading\nthreading.Thread(target=print).start()"),
    (floors.import_effects, "sync/engine.py", "import socket\nsocket.socket().bind(('127.0.0.1', 0))"),
    (floors.import_effects, "sync/engine.py", "import sqlite3\nsqlite3.connect(':memory:').close()"),
    (floors.import_effects, "sync/engine.py", "from pathlib import Path\nPath(__file__ + '.log').touch()"),
    (floors.import_effects, "sync/engine.py", "import subprocess\nsubprocess.run(['true'])"),
    (floors.import_effects, "sync/engine.py", "import os\nos.environ.get('DESKBRIDGE_TOKEN')"),
    (floors.import_effects, "sync/engine.py", "import os\ndict(os.environ)"),
    (floors.import_effects, "sync/engine.py", "raise RuntimeError"),
]

GOOD = {
    **{f"{package}/__init__.py": "" for package in floors.FLOORS},
    "mappings/ticket.py": "class Ticket: ...",
    "connectors/base.py": "from mappings.ticket import Ticket",
    "connectors/registry.py": "def jira() -> None:\n    from connectors.jira import connector",
    "connectors/jira/__init__.py": "",
    "connectors/jira/connector.py": "from ..base import Ticket\nfrom . import wire",
    "connectors/jira/wire.py": "import os\ndef token() -> str:\n    return os.environ['DESKBRIDGE_TOKEN']",
    "connectors/gitlab/__init__.py": "",
    "connectors/memory.py": "from connectors import base",
    "sync/decide.py": "import urllib3\nimport connectors.base, mappings.ticket",
    "deskbridge/demo.py": "from deskbridge.sandbox import kernel",
    "deskbridge/sandbox/__init__.py": "",
    "deskbridge/sandbox/kernel.py": "import starlette\nfrom deskbridge.sandbox import __name__",
}


def plant(root: Path, files: dict[str, str]) -> None:
    """Write a small source tree."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def name_of(checker: Checker) -> str:
    """What a case is called."""
    return checker.__name__


@pytest.mark.parametrize("checker", CHECKERS, ids=name_of)
def test_the_house_stands(checker: Checker) -> None:
    """A floor would know what stands above it, and could no longer be read or tested alone."""
    assert checker(ROOT) == []


@pytest.mark.parametrize("checker", CHECKERS, ids=name_of)
def test_a_sound_tree_has_no_breach(checker: Checker, tmp_path: Path) -> None:
    """A checker would cry wolf, and be switched off."""
    plant(tmp_path, GOOD)
    assert checker(tmp_path) == []


@pytest.mark.parametrize(
    ("checker", "path", "code"), BAD, ids=[f"{name_of(checker)}-{n}" for n, (checker, _, _) in enumerate(BAD)]
)
def test_a_planted_breach_is_found(checker: Checker, path: str, code: str, tmp_path: Path) -> None:
    """A checker would be blind, and the floors only a drawing."""
    plant(tmp_path, GOOD | {path: code})
    breaches = checker(tmp_path)
    assert breaches
    assert all(path in breach for breach in breaches)


@pytest.mark.parametrize("package", floors.FLOORS)
def test_the_packages_are_ours(package: str) -> None:
    """Another distribution's `sync` or `mappings` would be imported in place of ours."""
    module = importlib.import_module(package)
    assert Path(str(module.__file__)).parent == ROOT / package
    assert (ROOT / package / "py.typed").is_file()
