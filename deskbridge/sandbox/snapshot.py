"""The whole sandbox in one file and back: what happened once can be the start of every test.

A snapshot is a zip archive: ``world.json``, for each system ``<system>.jsonl`` (its state, one row a
line, so that 100,000 tickets are never one text) and its files. Credentials are not part of it: those
of the running sandbox stay valid. Webhooks under way are not either; they are lost, as some are.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter

from deskbridge.sandbox.world import Mail, World

_FORMAT = 1
_MAILS = TypeAdapter(list[Mail])


class Kept(Protocol):
    """A system whose state can be written down."""

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON; a value may be any iterable of rows, which need not fit in memory."""

    def restore(self, state: dict[str, Any]) -> None:
        """Take the place of the present state. Rows are lists; files are back in their folder."""


class SnapshotError(ValueError):
    """A snapshot cannot be written or read; the text says why. A failed restore changed nothing."""


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Writes and reads snapshots of these systems, whose files are in `folder`, one folder each."""

    world: World
    systems: Mapping[str, Kept]
    urls: Mapping[str, str]
    folder: Path

    def write(self, path: Path) -> None:
        """Write the present state to `path`; raises SnapshotError."""
        draft = path.with_name(f".{path.name}.part")
        try:
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr("world.json", json.dumps(self._world()))
                for name, system in self.systems.items():
                    _write_rows(archive, f"{name}.jsonl", system.dump())
                    for file in sorted((self.folder / name).rglob("*")):
                        archive.write(file, f"{name}/{file.relative_to(self.folder / name)}")
            draft.replace(path)
        except OSError as error:
            raise SnapshotError(f"cannot write {path}: {error.strerror}") from error

    def read(self, path: Path) -> None:
        """Go to the state in `path`, the clock included; raises SnapshotError."""
        try:
            with zipfile.ZipFile(path) as archive:
                world = json.loads(archive.read("world.json"))
                if world.get("format") != _FORMAT:
                    raise SnapshotError(f"{path} is a snapshot of another version")
                states = {name: self._state(archive, name, world["urls"]) for name in self.systems}
                for name in self.systems:
                    self._put_files(archive, name)
        except OSError as error:
            raise SnapshotError(f"cannot read {path}: {error.strerror}") from error
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise SnapshotError(f"{path} is no snapshot: {error}") from error
        self._restore(world, states)

    def _world(self) -> dict[str, Any]:
        return {
            "format": _FORMAT,
            "now": self.world.clock.now().isoformat(),
            "outbox": _MAILS.dump_python(self.world.outbox, mode="json"),
            "urls": dict(self.urls),
        }

    def _restore(self, world: dict[str, Any], states: dict[str, dict[str, Any]]) -> None:
        self.world.clock.wind(world["now"])
        self.world.outbox[:] = _MAILS.validate_python(world["outbox"])
        self.world.hooks.clear()
        for name, system in self.systems.items():
            system.restore(states.pop(name))

    def _state(self, archive: zipfile.ZipFile, name: str, urls: dict[str, str]) -> dict[str, Any]:
        state: dict[str, Any] = {}
        for key, row, listed in _rows(archive, f"{name}.jsonl", self._moved(urls)):
            if listed:
                state.setdefault(key, []).append(row)
            else:
                state[key] = row
        return state

    def _moved(self, urls: dict[str, str]) -> Any:
        """Return what turns the addresses of then, which texts hold, into those of now."""
        then = {urls[name]: url for name, url in self.urls.items() if name in urls}
        found = re.compile("(?:" + "|".join(map(re.escape, then)) + r")(?!\d)")
        return lambda text: found.sub(lambda match: then[match[0]], text)

    def _put_files(self, archive: zipfile.ZipFile, name: str) -> None:
        target = self.folder / name
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        for member in archive.namelist():
            if member.startswith(f"{name}/"):
                archive.extract(member, self.folder)


def _write_rows(archive: zipfile.ZipFile, name: str, state: Mapping[str, Any]) -> None:
    with archive.open(name, "w", force_zip64=True) as file:
        for line in _lines(state):
            file.write(line.encode() + b"\n")


def _lines(state: Mapping[str, Any]) -> Iterator[str]:
    """Yield ``[key, value]``, for rows ``[key, [], 0]`` and then ``[key, row, 1]`` each."""
    for key, value in state.items():
        if isinstance(value, str | dict) or not isinstance(value, Iterable):
            yield json.dumps([key, value], ensure_ascii=False)
        else:
            yield json.dumps([key, []])
            yield from (json.dumps([key, row, 1], ensure_ascii=False) for row in value)


def _rows(archive: zipfile.ZipFile, name: str, moved: Any) -> Iterator[tuple[str, Any, bool]]:
    with archive.open(name) as file, io.TextIOWrapper(file, "utf-8") as lines:
        for line in lines:
            row = json.loads(moved(line) if "http://" in line else line)
            yield row[0], row[1], len(row) == 3
