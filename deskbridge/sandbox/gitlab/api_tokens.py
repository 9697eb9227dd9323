"""Access tokens of projects and groups, one's own token, service accounts (1.1)."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.responses import Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import access, entities, tokens
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.params import bad
from deskbridge.sandbox.gitlab.places import Level, Owner, Project, Token, User
from deskbridge.sandbox.kernel import Refused, reply

_SCOPES = (
    *("api", "read_api", "read_user", "read_repository", "write_repository", "read_registry"),
    *("write_registry", "create_runner", "manage_runner", "ai_features", "k8s_proxy", "self_rotate"),
)
_LONGEST = timedelta(days=365)


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    table = [
        ("GET", "/personal_access_tokens", list_own),
        ("GET", "/personal_access_tokens/self", show_self),
        ("POST", "/personal_access_tokens/self/rotate", rotate_self),
        ("DELETE", "/personal_access_tokens/self", revoke_self),
        ("POST", "/groups/{id}/service_accounts", create_account),
        ("GET", "/groups/{id}/service_accounts", list_accounts),
        ("POST", "/groups/{id}/service_accounts/{user_id}/personal_access_tokens", create_account_token),
    ]
    for owner in ("projects", "groups"):
        many = f"/{owner}/{{id}}/access_tokens"
        table += [
            ("GET", many, list_tokens),
            ("POST", many, create),
            ("POST", f"{many}/self/rotate", rotate_self),
            ("GET", f"{many}/{{token_id}}", show),
            ("DELETE", f"{many}/{{token_id}}", revoke),
            ("POST", f"{many}/{{token_id}}/rotate", rotate),
        ]
    return [router.route(*row) for row in table]


def _shown(one: Token) -> Response:
    return reply(entities.token(one))


def _told(one: Token, status: int = 201) -> Response:
    """Answer a new token with its value: the only time that it is seen."""
    return reply(entities.token(one) | {"token": one.value}, status)


def list_own(call: Call) -> Response:
    """List the caller's own tokens."""
    rows = [one for one in call.site.tokens.values() if one.user is call.user]
    return paged(call, rows, entities.token)


def show_self(call: Call) -> Response:
    """Answer what the caller's token is and when it ends."""
    return _shown(call.token)


def _expiry(call: Call, *, default: timedelta | None = _LONGEST) -> date:
    """Return when a token is to end: in a year at most."""
    today = call.site.now().date()
    given = call.params.day("expires_at")
    if given is None and default is None:
        raise bad("expires_at is missing")
    until = given or today + (default or _LONGEST)
    if not today < until <= today + _LONGEST:
        text = "must be a date in the future" if until <= today else f"must be before {today + _LONGEST}"
        raise Refused(400, {"message": f"400 Bad request - Expiration date {text}"})
    return until


def rotate_self(call: Call) -> Response:
    """Replace the caller's own token; the old one ends at once."""
    return _told(tokens.rotate(call.site, call.token, _expiry(call, default=timedelta(days=7))), 200)


def revoke_self(call: Call) -> Response:
    """End the caller's own token."""
    tokens.revoke(call.site, call.token)
    return nothing()


def _managed(call: Call) -> Owner:
    owner = call.owner()
    if access.level(call.user, owner) < (Level.MAINTAINER if isinstance(owner, Project) else Level.OWNER):
        raise access.forbidden()
    return owner


def _rows(call: Call, owner: Owner) -> dict[int, Token]:
    return {one.id: one for one in call.site.tokens.values() if one.owner is owner}


def _token(call: Call, owner: Owner) -> Token:
    row = _rows(call, owner).get(call.path_number("token_id"))
    if row is None:
        raise missing(
            "Could not find " + ("project" if isinstance(owner, Project) else "group") + " access token"
        )
    return row


def list_tokens(call: Call) -> Response:
    """List the access tokens of a place; revoked ones stay in the list."""
    state = call.params.choice("state", ("active", "inactive"))
    rows = _rows(call, _managed(call)).values()
    return paged(
        call,
        [one for one in rows if state is None or (state == "active") != one.revoked],
        entities.token,
    )


def create(call: Call) -> Response:
    """Make an access token with a bot of its own, which becomes a member (1.1)."""
    owner = _managed(call)
    call.params.need("name", "scopes")
    scopes = _scopes(call)
    level = call.params.number("access_level") or Level.MAINTAINER
    if level not in list(Level)[2:] or level > access.level(call.user, owner):
        raise Refused(
            400, {"message": "400 Bad request - User does not have permission to create this token"}
        )
    text = call.params.text("description") or ""
    return _told(
        tokens.for_place(
            call.site,
            owner,
            call.params.text("name") or "",
            scopes,
            Level(level),
            _expiry(call, default=None),
            text,
        )
    )


def _scopes(call: Call) -> tuple[str, ...]:
    scopes = tuple(call.params.words("scopes"))
    if not scopes or not set(scopes) <= set(_SCOPES):
        raise bad("scopes does not have a valid value")
    return scopes


def show(call: Call) -> Response:
    """Answer one access token."""
    return _shown(_token(call, _managed(call)))


def revoke(call: Call) -> Response:
    """End an access token: its bot is deleted and what it wrote belongs to the Ghost User (12)."""
    tokens.revoke(call.site, _token(call, _managed(call)))
    return nothing()


def rotate(call: Call) -> Response:
    """Replace an access token, keeping its bot."""
    one = _token(call, _managed(call))
    if one.revoked:
        raise Refused(401, {"message": "401 Unauthorized"})
    return _told(tokens.rotate(call.site, one, _expiry(call, default=timedelta(days=7))), 200)


def _account_shape(one: User) -> entities.Shape:
    return {"id": one.id, "username": one.username, "name": one.name, "email": one.email}


def create_account(call: Call) -> Response:
    """Make a service account of a group: paid, for its owners."""
    place = call.group()
    call.need(place, Level.OWNER)
    if not call.site.premium:
        raise access.forbidden()
    id = call.site.next("user")
    username = call.params.text("username") or f"service_account_group_{place.id}_{call.site.world.token(32)}"
    if call.site.user_named(username):
        raise Refused(400, {"message": "400 Bad request - Username has already been taken"})
    name = call.params.text("name") or "Service account user"
    email = call.params.text("email") or f"{username}@noreply.gitlab.example"
    one = User(id, username, name, email, call.site.now(), "service")
    call.site.users[id] = one
    call.site.accounts[id] = place.id
    return reply(_account_shape(one), 201)


def _accounts(call: Call) -> dict[int, User]:
    place = call.group()
    call.need(place, Level.OWNER)
    own = call.site.accounts
    return {id: one for id, one in call.site.users.items() if own.get(id) == place.id}


def list_accounts(call: Call) -> Response:
    """List the service accounts of a group."""
    return paged(call, list(_accounts(call).values()), _account_shape)


def create_account_token(call: Call) -> Response:
    """Make a token of a service account."""
    one = call.row(_accounts(call), "user_id", "User Not Found")
    call.params.need("name", "scopes")
    name = call.params.text("name") or ""
    return _told(tokens.personal(call.site, one, name, _scopes(call), _expiry(call)))
