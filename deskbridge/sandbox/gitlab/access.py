"""Who may do what: tokens, roles and what is invisible to whom (1.1, 1.2)."""

from __future__ import annotations

from starlette.requests import Request

from deskbridge.sandbox.gitlab.places import Group, Level, Owner, Project, Token, User
from deskbridge.sandbox.gitlab.records import Issue, Note
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused

_SAFE = ("GET", "HEAD", "OPTIONS")
_GRAPHQL = "/api/graphql"
NOBODY = 0
"""The id of whoever calls without a token."""
_NO_SCOPE = "The request requires higher privileges than provided by the access token."


def identify(site: Site, request: Request) -> Token:
    """Return the token of a call; refuses unknown, revoked and expired ones and too small scopes."""
    credential = _credential(request)
    token = site.tokens.get(credential)
    if request.url.path == _GRAPHQL:
        if not credential:
            return _nobody(site)
        if not _stands(site, token):
            raise Refused(401, {"errors": [{"message": "Invalid token"}]})  # its controller tells no reason
    if token is None:
        raise Refused(401, {"message": "401 Unauthorized"})
    if token.revoked:
        raise _invalid("Token was revoked. You have to re-authorize from the user.")
    if token.user.state == "blocked":
        raise Refused(403, {"message": "403 Forbidden - Your account has been blocked."})
    if not _stands(site, token):
        raise _invalid("Token is expired. You can either do re-authorization or token refresh.")
    if not _in_scope(token, request):
        wanted = "api read_api" if request.method in _SAFE else "api"
        body = {"error": "insufficient_scope", "error_description": _NO_SCOPE, "scope": wanted}
        raise Refused(403, body)
    if "sudo" in request.headers or "sudo" in request.query_params:
        raise Refused(403, {"message": "403 Forbidden - Must be admin to use sudo"})
    return token


def _nobody(site: Site) -> Token:
    """Return what GraphQL takes a call without a token for: somebody who may read what is public."""
    return Token(0, "", User(NOBODY, "", "", "", site.now()), "", ("api",), site.now(), None)


def _stands(site: Site, token: Token | None) -> bool:
    """Whether a token is one, neither revoked nor expired."""
    if token is None or token.revoked:
        return False
    return not token.expires_at or token.expires_at > site.now().date()


def _in_scope(token: Token, request: Request) -> bool:
    """Whether a token's scopes cover a call: ``api`` all, others the reads of their kind (1.1)."""
    path = request.url.path
    reads = request.method in _SAFE or path == _GRAPHQL  # which refuses mutations itself
    by_scope = {
        "api": True,
        "read_api": reads,
        "read_user": reads and path.startswith(("/api/v4/user", "/api/v4/personal_access_tokens/self")),
        "self_rotate": path.endswith("/self/rotate"),
    }
    return any(by_scope.get(scope, False) for scope in token.scopes)


def _credential(request: Request) -> str:
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    return (
        request.headers.get("private-token")
        or (bearer.strip() if scheme.lower() == "bearer" else "")
        or request.query_params.get("private_token", "")
    )


def _invalid(text: str) -> Refused:
    return Refused(401, {"error": "invalid_token", "error_description": text})


def forbidden() -> Refused:
    """Return the refusal of what the caller may see but not do."""
    return Refused(403, {"message": "403 Forbidden"})


def missing(what: str) -> Refused:
    """Return the refusal for what is not there or must not be known to be."""
    return Refused(404, {"message": f"404 {what}"})


def level(user: User, owner: Owner) -> Level:
    """Return a user's access level, inherited from the group; the Support Bot works everywhere."""
    if user.kind == "support":
        return Level.REPORTER
    own = owner.members.get(user, Level.NONE)
    return max(own, level(user, owner.group)) if isinstance(owner, Project) else own


def staff(user: User, owner: Owner) -> bool:
    """Whether a user may set labels, assignees and the like, and read what is confidential."""
    return level(user, owner) >= Level.PLANNER


def sees_group(site: Site, user: User, group: Group) -> bool:
    """Whether a user sees a private group: as its member, or as one of a project in it."""
    inside = (project for project in site.projects.values() if project.group is group)
    return bool(level(user, group)) or any(level(user, project) for project in inside)


def reads(user: User, issue: Issue) -> bool:
    """Whether a user can read an issue; confidential ones are for staff, author and assignees."""
    if not level(user, issue.project):
        return False
    return not issue.confidential or owns(user, issue) or staff(user, issue.project)


def owns(user: User, issue: Issue) -> bool:
    """Whether a user is the author or an assignee."""
    return user is issue.author or user in issue.assignees


def edits(user: User, issue: Issue) -> bool:
    """Whether a user may change the title, the text and the state."""
    return owns(user, issue) or staff(user, issue.project)


def reads_note(user: User, note: Note) -> bool:
    """Whether a user can read a note: internal ones and references from elsewhere may be hidden."""
    if note.refers is not None and not reads(user, note.refers):
        return False
    issue = note.issue
    return not note.internal or user is note.author or owns(user, issue) or staff(user, issue.project)


def sees_addresses(user: User, project: Project) -> bool:
    """Whether a user sees the mail addresses of customers; for others they are masked (3.2)."""
    return level(user, project) >= Level.REPORTER


def comments(user: User, issue: Issue) -> bool:
    """Whether a user may comment: everybody who reads, in a locked discussion members only."""
    return reads(user, issue) and (not issue.locked or bool(level(user, issue.project)))


def need(user: User, owner: Owner, at_least: Level) -> None:
    """Refuse a user with a lower level, and every write to an archived project."""
    archived = isinstance(owner, Project) and owner.archived
    if archived or level(user, owner) < at_least:
        raise forbidden()
