"""Files: put into a project, linked by the Markdown that the answer gives (5)."""

from __future__ import annotations

import mimetypes
import re
import shutil
from pathlib import Path
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import entities_issue
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.places import Level, Project, User
from deskbridge.sandbox.gitlab.records import Upload
from deskbridge.sandbox.gitlab.site import Site
from deskbridge.sandbox.kernel import Refused, reply

_TOO_LARGE = {
    413: "413 Request Entity Too Large",
    400: "400 Bad request - File is too large",
    422: "File is too large",
}
_SHOWN = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/bmp")
_PICTURES = "png|jpe?g|gif|bmp|tiff|ico|webp|svg"
_PLAYED = "mp4|m4v|mov|webm|ogv|mp3|oga|ogg|wav"
_EMBEDDED = re.compile(rf"\.({_PICTURES}|{_PLAYED})$", re.IGNORECASE)


def routes(router: Router) -> list[Route]:
    """Return the routes of this module."""
    many = "/projects/{id}/uploads"
    table = (
        ("POST", many, create),
        ("GET", many, list_uploads),
        ("GET", f"{many}/{{upload_id}}", download),
        ("DELETE", f"{many}/{{upload_id}}", delete),
        ("GET", f"{many}/{{secret}}/{{filename}}", download_by_secret),
        ("DELETE", f"{many}/{{secret}}/{{filename}}", delete_by_secret),
    )
    return [router.route(*row) for row in table]


def create(call: Call) -> Response:
    """Store a file; the answer's Markdown is what makes it belong to a text."""
    project = call.project()
    call.need(project, Level.GUEST)
    file = call.params.file("file")
    switches = call.site.switches
    if (file.size or 0) > switches.largest_upload:
        raise Refused(switches.upload_refusal, {"message": _TOO_LARGE[switches.upload_refusal]})
    stored = store(call.site, call.user, project, file.filename or "", file.file)
    url = f"/uploads/{stored.secret}/{stored.filename}"
    place = f"/-/project/{project.id}" if switches.release >= (17, 1) else f"/{project.full_path}"
    shape = {"alt": _alt(stored), "url": url, "full_path": f"{place}{url}", "markdown": markdown(stored)}
    return reply(shape | ({"id": stored.id} if switches.release >= (17, 3) else {}), 201)


def store(site: Site, user: User, project: Project, filename: str, file: BinaryIO) -> Upload:
    """Keep a file under a secret of its own, by a name that is safe."""
    name, secret = _safe(filename), site.world.token(32)
    stored = Upload(site.next("upload"), project, secret, name, 0, user, site.now())
    path = path_of(site, stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(file, target)
        stored.size = target.tell()
    site.uploads[secret] = stored
    return stored


def _alt(stored: Upload) -> str:
    embedded = _EMBEDDED.search(stored.filename)
    return stored.filename.rpartition(".")[0] if embedded else stored.filename


def markdown(stored: Upload) -> str:
    """Return the text that shows a picture or links another file."""
    mark = "!" if _EMBEDDED.search(stored.filename) else ""
    return f"{mark}[{_alt(stored)}](/uploads/{stored.secret}/{stored.filename})"


def _safe(filename: str) -> str:
    """Return a name without folders; what is not a letter, digit, dot, hyphen or plus is ``_``."""
    name = re.sub(r"[^\w.\-+]", "_", re.split(r"[/\\]", filename)[-1]).lstrip(".")[-200:]
    return name or "unnamed"


def path_of(site: Site, stored: Upload) -> Path:
    """Return where the bytes of a file lie."""
    return site.files / stored.secret / stored.filename


def list_uploads(call: Call) -> Response:
    """List a project's files, newest first: for maintainers."""
    project = _managed(call)
    _since(call, (17, 2))
    rows = [one for one in call.site.uploads.values() if one.project is project]
    return paged(call, rows[::-1], lambda one: entities_issue.upload(call.site, one))


def _managed(call: Call) -> Project:
    project = call.project()
    call.need(project, Level.MAINTAINER)
    return project


def _since(call: Call, release: tuple[int, int]) -> None:
    """Answer as a server does that does not know the call yet (5)."""
    if call.site.switches.release < release:
        raise Refused(404, {"error": "404 Not Found"})


def _by_id(call: Call) -> Upload:
    project = _managed(call)
    _since(call, (17, 2))
    id = call.path_number("upload_id")
    found = (one for one in call.site.uploads.values() if one.id == id and one.project is project)
    stored = next(found, None)
    if stored is None:
        raise missing("Upload Not Found")
    return stored


def _by_secret(call: Call, project: Project) -> Upload:
    _since(call, (17, 4))
    stored = find(call.site, project, call.path("secret"), call.path("filename"))
    if stored is None:
        raise missing("Upload Not Found")
    return stored


def find(site: Site, project: Project, secret: str, filename: str) -> Upload | None:
    """Return the file of that secret and name, or None."""
    stored = site.uploads.get(secret)
    return stored if stored and (stored.project, stored.filename) == (project, filename) else None


def _file(call: Call, stored: Upload) -> Response:
    return FileResponse(path_of(call.site, stored), media_type=_type(stored), filename=stored.filename)


def _type(stored: Upload) -> str:
    return mimetypes.guess_type(stored.filename)[0] or "application/octet-stream"


def download(call: Call) -> Response:
    """Answer a file's bytes by id: for maintainers."""
    return _file(call, _by_id(call))


def download_by_secret(call: Call) -> Response:
    """Answer a file's bytes by secret and name: for all members (since 17.4)."""
    return _file(call, _by_secret(call, call.project()))


def _remove(call: Call, stored: Upload) -> Response:
    path_of(call.site, stored).unlink(missing_ok=True)
    del call.site.uploads[stored.secret]
    return nothing()


def delete(call: Call) -> Response:
    """Take a file away by id; texts that link it keep their dead link."""
    return _remove(call, _by_id(call))


def delete_by_secret(call: Call) -> Response:
    """Take a file away by secret and name."""
    return _remove(call, _by_secret(call, _managed(call)))


def web_routes(site: Site) -> list[Route]:
    """Return the web routes of files. On a real instance they ask for a session, here for nothing."""

    async def answer(request: Request) -> Response:
        given = request.path_params
        project = (
            site.projects.get(int(given["id"]))
            if "id" in given
            else site.project_at(f"{given['group']}/{given['project']}")
        )
        stored = find(site, project, given["secret"], given["filename"]) if project else None
        if stored is None:
            return Response("404 Not Found", 404, media_type="text/plain")
        return _shown(site, stored)

    return [
        Route("/-/project/{id:int}/uploads/{secret}/{filename}", answer),
        Route("/{group}/{project}/uploads/{secret}/{filename}", answer),
    ]


def _shown(site: Site, stored: Upload) -> Response:
    """Answer a picture to look at, everything else to save: a hostile file must not run here."""
    kind = _type(stored)
    place = "inline" if kind in _SHOWN else "attachment"
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
    return FileResponse(
        path_of(site, stored),
        media_type=kind,
        filename=stored.filename,
        headers=headers,
        content_disposition_type=place,
    )
