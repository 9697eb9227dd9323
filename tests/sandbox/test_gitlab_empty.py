"""An instance that starts empty: what a hub's settings name, and nothing else."""

from __future__ import annotations

import random
from pathlib import Path

from deskbridge.sandbox.gitlab.server import GitLab
from deskbridge.sandbox.world import Clock, World
from tests.sandbox.gitlab_kit import Api
from tests.sandbox.serving import base_url, free_socket, serve


def test_empty_has_accounts_group_and_projects_only(tmp_path: Path) -> None:
    """Broken: a hub that makes its own labels is never tried, because the sandbox has them all."""
    listener = free_socket()
    bare = GitLab(World(Clock(), random.Random(7), empty=True), base_url(listener), tmp_path)
    with serve(bare.app, listener):
        hub = Api(bare.site.base_url, bare.secrets.hub)
        for again in (False, True):
            if again:
                bare.reset()
            projects = hub.get("/projects", order_by="id", sort="asc")
            assert [one["path_with_namespace"] for one in projects] == ["harbour/firmware", "harbour/portal"]
            assert hub.get("/groups/harbour/labels") == hub.get("/projects/101/labels") == []
            assert hub.get("/projects/101/issues", scope="all") == []
        made = hub.issue(labels="status::dev")
        assert made["labels"] == ["status::dev"]
