"""Attachments: uploaded, described, fetched by a signed address, deleted (reference, 6)."""

from __future__ import annotations

import hmac
import mimetypes
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, RedirectResponse, Response

from deskbridge.sandbox.jira import edit, errors, events, notify, show
from deskbridge.sandbox.jira.model import Attachment, Issue, User
from deskbridge.sandbox.jira.permissions import may
from deskbridge.sandbox.jira.properties import check_room, history_item
from deskbridge.sandbox.jira.state import Site
from deskbridge.sandbox.jira.wire import Call, Rule
from deskbridge.sandbox.kernel import Refused, reply

MOST_AT_ONCE = 60
MOST_FILES = 2_000
_CHUNK = 1 << 20
# Browsers may show these in place; anything else could be a page with scripts.
_SHOWN_INLINE = show.THUMBNAILS


def upload(call: Call) -> Response:
    """Store the parts named ``file`` and return the list of what was made."""
    issue = call.issue()
    if not may(call.user, "CREATE_ATTACHMENTS", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have permission to create attachments for this issue.")
    parts = parts_of(call)
    check_room(len(issue.attachments) + len(parts) - 1, MOST_FILES, "attachments")
    made = [_store(call, issue, part) for part in parts]
    text = "attached: " + ", ".join(one.filename for one in made)
    notify.notify(call.site, issue, call.user, "issue updated", text)
    return reply([show.attachment(call, one) for one in made])


def parts_of(call: Call) -> list[UploadFile]:
    """Return the uploaded files; refused when there are none, too many, or too large ones."""
    assert call.form is not None
    parts = [part for part in call.form.getlist("file") if isinstance(part, UploadFile)]
    if not parts:
        raise errors.refusal(400, "No file parts were found in the request.")
    if len(parts) > MOST_AT_ONCE:
        raise errors.refusal(413, f"Too many files. The maximum number of files is {MOST_AT_ONCE}.")
    limit = call.site.switches.upload_limit
    for part in parts:
        if (part.size or 0) > limit:
            text = f"{part.filename} exceeds its maximum permitted size of {limit} bytes."
            raise errors.refusal(413 if call.site.cloud else 404, text)
    return parts


def _store(call: Call, issue: Issue, part: UploadFile) -> Attachment:
    number = call.site.next_id("attachment")
    name, size = named(part), write(part, call.site.files / str(number))
    mime = part.content_type or "application/octet-stream"
    return attach(call.site, issue, call.user, (number, name, size, mime))


def named(part: UploadFile) -> str:
    """Return an uploaded file's name without any folders."""
    return Path((part.filename or "file").replace("\\", "/")).name or "file"


def attach(site: Site, issue: Issue, actor: User, file: tuple[int, str, int, str]) -> Attachment:
    """Put a file (its number, name, size and type), whose bytes are there, on an issue."""
    number, name, size, mime = file
    at = edit.touch(site, issue)
    made = Attachment(number, issue.id, actor.account_id, at, name, size, mime, site.new_uuid())
    site.attachments[number] = made
    issue.attachments.append(made)
    edit.record(site, issue, actor, [history_item("Attachment", (None, None), (str(number), name))])
    events.attached(site, issue, made, "created")
    return made


def write(part: UploadFile, path: Path) -> int:
    """Store an uploaded file and return its size."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with path.open("wb") as out:
        while chunk := part.file.read(_CHUNK):
            size += out.write(chunk)
    return size


def limits(call: Call) -> Response:
    """Return whether files may be attached, and how large."""
    return reply({"enabled": True, "uploadLimit": call.site.switches.upload_limit})


def _find(call: Call) -> Attachment:
    found = _by_id(call)
    if found is None or not call.site.sees(call.caller, call.site.issues[found.issue]):
        raise errors.refusal(404, f"The attachment with id '{call.path('id')}' does not exist")
    return found


def _by_id(call: Call) -> Attachment | None:
    return call.site.attachments.get(call.id())


def get(call: Call) -> Response:
    """Return a file's metadata; here its id is a number."""
    return reply(show.attachment(call, _find(call), numeric=True))


def content(call: Call) -> Response:
    """Send to a signed address on the media host, or answer the bytes with ``redirect=false``."""
    found = _find(call)
    if call.flag("redirect", default=True):
        return RedirectResponse(call.site.media_url(found), 303)
    return _bytes(call, found)


def media(call: Call) -> Response:
    """Answer a file by its signed address; refuses credentials and what is too late."""
    if "authorization" in call.request.headers:
        raise Refused(400, {"error": "invalid_request", "error_description": "no credentials here"})
    until, given = call.number("until", 0), call.query("signature")
    found = _by_id(call)
    signed = found is not None and hmac.compare_digest(
        call.site.sign(found.id, until).encode(), given.encode()
    )
    if found is None or not signed or call.site.now().timestamp() > until:
        raise Refused(403, {"code": 403, "message": "The signature is invalid or has expired."})
    return _bytes(call, found)


def _bytes(call: Call, found: Attachment) -> Response:
    place = "inline" if found.mime in _SHOWN_INLINE else "attachment"
    headers = {
        "content-disposition": f"{place}; filename*=UTF-8''{quote(found.filename)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return FileResponse(call.site.file(found), headers=headers, media_type=_mime(found))


def _mime(found: Attachment) -> str:
    # A client that names no type sends octet-stream; a picture is then known by its name.
    if found.mime != "application/octet-stream":
        return found.mime
    guessed = mimetypes.guess_type(found.filename)[0]
    return guessed if guessed in _SHOWN_INLINE else found.mime


def page_file(call: Call) -> Response:
    """Answer a file to a page, which has no credentials."""
    found = _by_id(call)
    if found is None:
        raise errors.refusal(404, "The attachment does not exist")
    return _bytes(call, found)


def dc_file(call: Call) -> Response:
    """Answer a file on Data Center: only to those who are signed in, and under its own name."""
    if call.caller is None:
        url = f"/login.jsp?permissionViolation=true&os_destination={quote(call.request.url.path)}"
        return RedirectResponse(url, 302)
    found = _find(call)
    if call.path("name") != found.filename:
        raise errors.refusal(404, "The attachment does not exist")
    return _bytes(call, found)


def delete(call: Call) -> Response:
    """Delete a file: one's own, or any as one who administers the project."""
    found = _find(call)
    issue = call.site.issues[found.issue]
    which = "OWN" if found.author == call.user.account_id else "ALL"
    if not may(call.user, f"DELETE_{which}_ATTACHMENTS", call.site.projects[issue.project]):
        raise errors.forbidden("You do not have permission to delete this attachment.")
    edit.touch(call.site, issue)
    issue.attachments.remove(found)
    del call.site.attachments[found.id]
    call.site.file(found).unlink(missing_ok=True)
    gone = (str(found.id), found.filename)
    edit.record(call.site, issue, call.user, [history_item("Attachment", gone, (None, None))])
    events.attached(call.site, issue, found, "deleted")
    return reply(status=204)


RULES = [
    Rule("POST", "/rest/api/{v}/issue/{key}/attachments", upload, form=True),
    Rule("GET", "/rest/api/{v}/attachment/meta", limits),
    Rule("GET", "/rest/api/{v}/attachment/{id}", get),
    Rule("DELETE", "/rest/api/{v}/attachment/{id}", delete, bare=True),
    Rule("GET", "/rest/api/{v}/attachment/content/{id}", content, on="cloud"),
    Rule("GET", "/rest/api/{v}/attachment/thumbnail/{id}", content, on="cloud"),
    Rule("GET", "/secure/attachment/{id}/{name}", page_file, public=True, on="cloud"),
    Rule("GET", "/page/attachment/{id}/{name}", page_file, public=True, on="dc"),
    Rule("GET", "/secure/attachment/{id}/{name}", dc_file, on="dc"),
    Rule("GET", "/secure/thumbnail/{id}/{name}", lambda call: _bytes(call, _find(call)), on="dc"),
    # The media host reads no credentials, not even to find them wrong.
    Rule("GET", "/media/file/{id}", media, public=True, on="cloud"),
]
