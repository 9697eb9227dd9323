"""Atlassian's own code as an oracle: its reader of wiki markup and its schema of documents, in Node.

`make oracles` installs it. A newcomer without Node sees the tests that need it skipped, with the reason;
where CI is set they fail instead: a check that silently did not run is none.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

FOLDER = Path(__file__).parents[1] / "oracles"


class Missing(Exception):
    """Node, or what the oracles need, is not installed; the message says how to install it."""


class Failed(Exception):
    """Atlassian's code could not take the input."""


class Atlassian:
    """One Node process; answers come in the order of the questions."""

    def __init__(self, questions: IO[str], answers: IO[str]) -> None:
        self._questions = questions
        self._answers = answers

    def wiki_to_adf(self, text: str) -> Any:
        """Return the document (ADF) that Jira Cloud makes of wiki markup; Failed where it makes none."""
        return self._asked(wiki=text)["document"]

    def adf_errors(self, document: Any) -> list[str]:
        """Return what is wrong with a document by Atlassian's public schema: nothing, if it is valid."""
        return list(self._asked(adf=document)["errors"])

    def _asked(self, **question: Any) -> Any:
        self._questions.write(json.dumps(question) + "\n")
        self._questions.flush()
        answer = json.loads(self._answers.readline())
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer


@contextmanager
def running() -> Iterator[Atlassian]:
    """Start the oracle, and end it afterwards. Raises Missing."""
    node = shutil.which("node")
    if node is None:
        raise Missing("Node is not installed (Debian: apt-get install nodejs npm, then make oracles)")
    if not (FOLDER / "node_modules").is_dir():
        raise Missing("the oracles are not installed: make oracles")
    with subprocess.Popen(
        [node, str(FOLDER / "oracle.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, "NODE_ENV": "production"},
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Atlassian(process.stdin, process.stdout)
        process.stdin.close()  # its input's end is its own
