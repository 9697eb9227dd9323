"""What is installed on somebody's machine: the wheel, whole, alone, and with locked requirements."""

import configparser
import json
import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import deskbridge
from tests import floors

ROOT = Path(__file__).parent.parent
SHIPPED = {".py", ".toml", ".typed", ".html", ".css", ".js", ".svg", ".sql"}
"""Kinds of files that belong into an installation; another kind must be added here knowingly."""

START = """
import importlib, json, sys
sys.path[:0] = [{target!r}]
sys.path.append({site!r})
{body}
"""
WHERE = """
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps([sys.modules[name].__file__ for name in {names!r}]))
"""
COMMAND = """
from importlib.metadata import distribution
[script] = distribution("deskbridge").entry_points.select(group="console_scripts")
sys.argv = [script.name, *{arguments!r}]
sys.exit(script.load()())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from the checkout by the locked backend; nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


@pytest.fixture(scope="module")
def installed(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that holds what pip makes of the wheel, and nothing else."""
    target = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--quiet", "install"]
    _run(
        [*pip, "--no-deps", "--no-index", "--no-compile", "--target", str(target), str(wheel.filename)],
        target,
    )
    return target


def _run(command: list[str], folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def _start(installed: Path, body: str) -> str:
    """Run code where the wheel and its dependencies can be imported and the checkout cannot."""
    program = START.format(target=str(installed), site=sysconfig.get_path("purelib"), body=body)
    return _run([sys.executable, "-I", "-S", "-c", program], installed)


def _metadata(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(f"deskbridge-{deskbridge.__version__}.dist-info/{name}").decode()


def _about(wheel: zipfile.ZipFile) -> Message:
    return Parser().parsestr(_metadata(wheel, "METADATA"))


def _locked(name: str) -> dict[str, Requirement]:
    """The requirements of a lock file by canonical name."""
    lines = (ROOT / "requirements" / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    stated = (
        line.partition("--hash")[0] for line in lines if line.strip() and not line.strip().startswith("#")
    )
    found = [Requirement(line) for line in stated]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def _wanted(group: str) -> list[Requirement]:
    """What pyproject.toml asks for: the core with the extras that people need, or a dependency group."""
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = stated["project"]["optional-dependencies"]
    core = [*stated["project"]["dependencies"], *extras["web"], *extras["notify"]]
    asked = core if group == "run" else stated["dependency-groups"][group]
    return [Requirement(one) for one in asked if isinstance(one, str)]


def test_the_wheel_holds_four_packages_and_their_data(wheel: zipfile.ZipFile) -> None:
    """A table or template would be missing where it is installed, or tests would be installed with it."""
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    files = (path for package in floors.FLOORS for path in (ROOT / package).rglob("*"))
    expected = {str(path.relative_to(ROOT)) for path in files if path.suffix in SHIPPED}
    assert held == expected
    assert {f"{package}/py.typed" for package in floors.FLOORS} <= held


def test_the_words_of_every_system_are_in_the_wheel(wheel: zipfile.ZipFile) -> None:
    """The hub would start and know no system's words."""
    tables = {Path(name).stem for name in wheel.namelist() if name.startswith("mappings/tables/")}
    assert {*floors.connector_names(ROOT), "freshdesk", "jira", "gitlab"} <= tables


def test_the_wheel_says_what_it_is(wheel: zipfile.ZipFile) -> None:
    """It would be installed on a Python that cannot run it, or under another version than it states."""
    about = _about(wheel)
    assert about["Name"] == "deskbridge"
    assert about["Version"] == deskbridge.__version__
    assert about["Requires-Python"] == ">=3.11"
    assert about["License-Expression"] == "MIT"
    assert about["Description-Content-Type"] == "text/markdown", "pyproject.toml names no readme"
    assert "MIT License" in _metadata(wheel, "licenses/LICENSE")


def test_the_wheel_brings_one_command(wheel: zipfile.ZipFile) -> None:
    """There would be no `deskbridge` after installation."""
    scripts = configparser.ConfigParser()
    scripts.read_string(_metadata(wheel, "entry_points.txt"))
    assert dict(scripts["console_scripts"]) == {"deskbridge": "deskbridge.cli:main"}


def test_every_module_can_be_imported_from_the_wheel(installed: Path) -> None:
    """The checkout would lend the installed program a file that the wheel lacks."""
    names = [name for name in floors.modules(ROOT) if not name.endswith("__main__")]
    came_from = json.loads(_start(installed, WHERE.format(names=names)))
    assert [path for path in came_from if not Path(path).is_relative_to(installed)] == []


def test_the_command_starts_from_the_wheel(installed: Path) -> None:
    """The program would run for its developers only."""
    assert deskbridge.__version__ in _start(installed, COMMAND.format(arguments=["--version"]))


@pytest.mark.parametrize(
    ("file", "group"), [("run.txt", "run"), ("dev.txt", "run"), ("dev.txt", "dev"), ("dev.txt", "build")]
)
def test_the_lock_holds_what_is_asked_for(file: str, group: str) -> None:
    """A dependency would be added to pyproject.toml and be missing from `make install`."""
    locked = _locked(file)
    unmet = [one for one in _wanted(group) if not _meets(locked.get(canonicalize_name(one.name)), one)]
    assert unmet == []


def _meets(locked: Requirement | None, wanted: Requirement) -> bool:
    if locked is None:
        return False
    [pin] = locked.specifier
    return pin.operator == "==" and wanted.specifier.contains(Version(pin.version), prereleases=True)


def test_users_and_developers_have_the_same_versions() -> None:
    """What is tested would not be what is run."""
    developed = _locked("dev.txt")
    for run in (_locked("run.txt"), _locked("image.txt")):
        assert {name: developed[name].specifier for name in run} == {
            name: run[name].specifier for name in run
        }
    assert _locked("image.txt").keys() >= _locked("run.txt").keys() | {"psycopg", "hatchling"}


@pytest.mark.parametrize("file", ["run.txt", "dev.txt", "image.txt"])
def test_every_locked_file_is_known_by_its_hash(file: str) -> None:
    """An installation could be given another file than the one that was tested."""
    text = (ROOT / "requirements" / file).read_text(encoding="utf-8")
    blocks = [block for block in text.split("\n") if "==" in block]
    assert len(blocks) == len(_locked(file))
    assert all(block.endswith("\\") for block in blocks)
    assert "://" not in text
