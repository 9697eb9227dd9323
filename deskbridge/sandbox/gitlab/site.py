"""The whole instance: its tables, its counters, and how things are found in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from deskbridge.sandbox.gitlab.places import Group, Label, Milestone, Owner, Project, Status, Token, User
from deskbridge.sandbox.gitlab.records import Board, Hook, Issue, Link, Note, Todo, Upload
from deskbridge.sandbox.gitlab.switches import Switches
from deskbridge.sandbox.gitlab.views import Changes, Views
from deskbridge.sandbox.world import World

# Ids start apart from each other and from the iids, so that a mix-up shows.
_FIRST_IDS = {
    "issue": 84_001,
    "note": 302_001,
    "label": 901,
    "milestone": 51,
    "link": 601,
    "upload": 701,
    "token": 311,
    "user": 41,
    "project": 111,
    "hook": 81,
    "todo": 1201,
    "sent": 5001,
    "timelog": 1501,
}
STATUSES = (
    Status(1, "To do", "to_do", "#737278"),
    Status(2, "In progress", "in_progress", "#1f75cb"),
    Status(3, "Done", "done", "#108548"),
    Status(4, "Won't do", "canceled", "#DD2B0E"),
    Status(5, "Duplicate", "canceled", "#DD2B0E"),
)
"""The statuses that GitLab ships: the defaults of open, closed and duplicated items are among them (3.8)."""
TABLES = (
    *("users", "tokens", "groups", "projects", "labels", "milestones", "issues", "links", "uploads"),
    *("boards", "todos", "hooks", "redirects", "statuses"),
)


class Site:
    """The instance. Used from one event loop, hence without locks."""

    def __init__(self, world: World, base_url: str, files: Path, switches: Switches) -> None:
        self.world, self.base_url, self.files, self.switches = world, base_url, files, switches
        self.clear()

    def clear(self) -> None:
        """Forget everything, the counters too."""
        self.last: dict[str, int] = {}
        self.users: dict[int, User] = {}
        self.tokens: dict[str, Token] = {}
        self.groups: dict[int, Group] = {}
        self.projects: dict[int, Project] = {}
        self.labels: dict[int, Label] = {}
        self.milestones: dict[int, Milestone] = {}
        self.issues: dict[int, Issue] = {}
        self.links: dict[int, Link] = {}
        self.uploads: dict[str, Upload] = {}
        """By their secrets."""
        self.boards: dict[int, Board] = {}
        self.todos: dict[int, Todo] = {}
        self.waiting: dict[tuple[int, int], list[Todo]] = {}
        """The to-dos that are not done, by user and issue."""
        self.hooks: dict[int, Hook] = {}
        self.accounts: dict[int, int] = {}
        """The groups of service accounts, by user."""
        self.redirects: dict[str, Project] = {}
        """Former paths of projects."""
        self.statuses: list[Status] = list(STATUSES)
        self.changes = Changes()
        self.views = Views(self.changes)
        self.older: dict[int, tuple[datetime, User, Issue | None]] = {}
        """What lagging replicas still hold of an issue, until when, and who reads past them."""
        self.chain: str | None = None
        """The event of which the present call is a consequence, as its caller says."""
        self.chains: dict[str, set[int]] = {}
        """The hooks that each chain of events has passed."""
        self.mailed: dict[tuple[str, str, str], int] = {}
        """Notification mails by day, receiver and project."""

    def next(self, table: str) -> int:
        """Return the next id of a table; ids are never given twice."""
        self.last[table] = self.last.get(table, _FIRST_IDS.get(table, 1) - 1) + 1
        return self.last[table]

    def now(self) -> datetime:
        """Return the world's time."""
        return self.world.clock.now()

    @property
    def premium(self) -> bool:
        """Whether the instance has a paid tier."""
        return self.switches.premium

    @property
    def support_bot(self) -> User:
        """Return the user who writes for everybody who has no account."""
        return next(user for user in self.users.values() if user.kind == "support")

    @property
    def ghost(self) -> User:
        """Return the user to whom everything of deleted users belongs."""
        return next(user for user in self.users.values() if user.kind == "ghost")

    def user_named(self, username: str) -> User | None:
        """Return the user of that name in any case, or None."""
        wanted = username.lower()
        return next((user for user in self.users.values() if user.username.lower() == wanted), None)

    def project_at(self, path: str) -> Project | None:
        """Return the project with that full path in any case, or None."""
        wanted = path.lower()
        return next((p for p in self.projects.values() if p.full_path.lower() == wanted), None)

    def group_at(self, path: str) -> Group | None:
        """Return the group with that path in any case, or None."""
        return next((g for g in self.groups.values() if g.full_path.lower() == path.lower()), None)

    def labels_for(self, owner: Owner) -> Iterator[Label]:
        """Yield the labels usable in a project (its own and its group's) or in a group."""
        owners = (owner, owner.group) if isinstance(owner, Project) else (owner,)
        return (label for label in self.labels.values() if label.owner in owners)

    def milestones_for(self, owner: Owner) -> Iterator[Milestone]:
        """Yield the milestones usable in a project (its own and its group's) or in a group."""
        owners = (owner, owner.group) if isinstance(owner, Project) else (owner,)
        return (one for one in self.milestones.values() if one.owner in owners)

    def add_issue(self, issue: Issue) -> Issue:
        """Give an issue its ids and its place, and return it; iids are never used twice."""
        project = issue.project
        issue.id, issue.iid = issue.id or self.next("issue"), issue.iid or project.last_iid + 1
        project.last_iid = max(project.last_iid, issue.iid)
        issue.position = issue.iid * 513.0
        self.issues[issue.id] = project.issues[issue.iid] = issue
        issue.mark()
        return issue

    def drop_issue(self, issue: Issue) -> None:
        """Take an issue away with its links and to-dos, leaving no trace (3.4)."""
        del self.issues[issue.id], issue.project.issues[issue.iid]
        for link in list(issue.links or ()):
            self.drop_link(link)
        for todo in [one for one in self.todos.values() if one.issue is issue]:
            del self.todos[todo.id]
            self.waiting.pop((todo.user.id, issue.id), None)
        issue.mark()

    def add_link(self, link: Link) -> Link:
        """Relate two issues."""
        self.links[link.id] = link
        for end in (link.source, link.target):
            end.links = [*(end.links or ()), link]
        return link

    def drop_link(self, link: Link) -> None:
        """Take a relation away from both its ends."""
        del self.links[link.id]
        for end in (link.source, link.target):
            end.links = [one for one in end.links or () if one is not link]

    def note_at(self, id: int) -> Note | None:
        """Return a note by its instance-wide id. It looks through all issues: for GraphQL only."""
        return next((issue.notes[id] for issue in self.issues.values() if id in issue.notes), None)

    def web_url(self, issue: Issue) -> str:
        """Return the address of an issue's page."""
        return f"{self.base_url}/{issue.project.full_path}/-/issues/{issue.iid}"
