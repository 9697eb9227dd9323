"""Attachments: uploaded, described, fetched by a signed address, deleted (reference, 6)."""

from __future__ import annotations

import hmac
import mimetypes
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.responses import FileResponse, RedirectResponse, Response

from deskbridge.sandbox.jira import adds, edit, errors, show
from deskbridge.sandbox.jira.model import Attachment, Issue, User
from deskbridge.sandbox.jira.notify import notify
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
    assert call.form is not None
    parts = [part for part in call.form.getlist("file") if isinstance(part, UploadFile)]
    if not parts:
        raise errors.refusal(400, "No file parts were found in the request.")
    if len(parts) > MOST_AT_ONCE:
        raise errors.refusal(413, f"Too many files. The maximum number of files is {MOST_AT_ONCE}.")
    limit = call.site.switches.upload_limit
    for part in parts:
        if (part.size or 0) > limit:
            raise errors.refusal(413, f"{part.filename} exceeds its maximum permitted size of {limit} bytes.")
    adds.check_room(len(issue.attachments) + len(parts) - 1, MOST_FILES, "attachments")
    made = [_store(call, issue, part) for part in parts]
    notify(call.site, issue, call.user, "issue updated", "attached: " + ", ".join(a.filename for a in made))
    return reply([show.attachment(call, one) for one in made])


def _store(call: Call, issue: Issue, part: UploadFile) -> Attachment:
    site, number = call.site, call.site.next_id("attachment")
    name = Path((part.filename or "file").replace("\\", "/")).name or "file"
    path = site.files / str(number)
    size = _write(part, path)
    at = edit.touch(site, issue)
    mime = part.content_type or "application/octet-stream"
    me = call.user.account_id
    made = Attachment(number, issue.id, me, at, name, size, mime, site.new_uuid(), path)
    site.attachments[number] = made
    issue.attachments.append(made)
    edit.record(site, issue, call.user, [adds.history_item("Attachment", (None, None), (str(number), name))])
    return made


def _write(part: UploadFile, path: Path) -> int:
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
    found = _by_id(call) if call.caller else None
    if found is None:
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
    return _bytes(found)


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
    return _bytes(found)


def _bytes(found: Attachment) -> Response:
    place = "inline" if found.mime in _SHOWN_INLINE else "attachment"
    headers = {
        "content-disposition": f"{place}; filename*=UTF-8''{quote(found.filename)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox; default-src 'none'",
    }
    return FileResponse(found.path, headers=headers, media_type=_mime(found))


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
    return _bytes(found)


def delete(call: Call) -> Response:
    """Delete a file: one's own, or any as one who administers the project."""
    found = _find(call)
    if not _may_delete(call.user, found):
        raise errors.forbidden("You do not have permission to delete this attachment.")
    issue = call.site.issues[found.issue]
    edit.touch(call.site, issue)
    issue.attachments.remove(found)
    del call.site.attachments[found.id]
    found.path.unlink(missing_ok=True)
    gone = (str(found.id), found.filename)
    edit.record(call.site, issue, call.user, [adds.history_item("Attachment", gone, (None, None))])
    return reply(status=204)


def _may_delete(user: User, found: Attachment) -> bool:
    return user.project_admin or found.author == user.account_id


RULES = [
    Rule("POST", "/rest/api/{v}/issue/{key}/attachments", upload, form=True),
    Rule("GET", "/rest/api/{v}/attachment/meta", limits),
    Rule("GET", "/rest/api/{v}/attachment/{id}", get),
    Rule("DELETE", "/rest/api/{v}/attachment/{id}", delete, bare=True),
    Rule("GET", "/rest/api/{v}/attachment/content/{id}", content),
    Rule("GET", "/rest/api/{v}/attachment/thumbnail/{id}", content),
    Rule("GET", "/secure/attachment/{id}/{name}", page_file, public=True),
]
# The media host reads no credentials, not even to find them wrong.
MEDIA = Rule("GET", "/media/file/{id}", media, public=True)
