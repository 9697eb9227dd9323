"""Files: put into a project, linked by the Markdown that the answer gives (5)."""

from __future__ import annotations

import mimetypes
import re
import shutil
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from deskbridge.sandbox.gitlab import entities_issue
from deskbridge.sandbox.gitlab.access import missing
from deskbridge.sandbox.gitlab.call import Call, Router, nothing
from deskbridge.sandbox.gitlab.paging import paged
from deskbridge.sandbox.gitlab.state import Level, Project, Site, Upload
from deskbridge.sandbox.kernel import Refused, reply

_LARGEST = 100 * 1024 * 1024
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
    if (file.size or 0) > _LARGEST:
        raise Refused(413, {"message": "413 Request Entity Too Large"})
    stored = _store(call, project, file)
    url = f"/uploads/{stored.secret}/{stored.filename}"
    embedded = bool(_EMBEDDED.search(stored.filename))
    alt = stored.filename.rpartition(".")[0] if embedded else stored.filename
    shape = {"id": stored.id, "alt": alt, "url": url, "full_path": f"/-/project/{project.id}{url}"}
    return reply(shape | {"markdown": f"{'!' * embedded}[{alt}]({url})"}, 201)


def _store(call: Call, project: Project, file: UploadFile) -> Upload:
    site, name = call.site, _safe(file.filename or "")
    stored = Upload(
        site.next("upload"), project, site.world.token(32), name, file.size or 0, call.user, site.now()
    )
    path = path_of(site, stored)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as target:
        shutil.copyfileobj(file.file, target)
    site.uploads[stored.id] = stored
    return stored


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
    rows = [one for one in call.site.uploads.values() if one.project is project]
    return paged(call, rows[::-1], lambda one: entities_issue.upload(call.site, one))


def _managed(call: Call) -> Project:
    project = call.project()
    call.need(project, Level.MAINTAINER)
    return project


def _by_id(call: Call) -> Upload:
    project = _managed(call)
    stored = call.row(call.site.uploads, "upload_id", "Upload Not Found")
    if stored.project is not project:
        raise missing("Upload Not Found")
    return stored


def _by_secret(call: Call, project: Project) -> Upload:
    stored = find(call.site, project, call.path("secret"), call.path("filename"))
    if stored is None or call.site.switches.release < (17, 4):
        raise missing("Upload Not Found")
    return stored


def find(site: Site, project: Project, secret: str, filename: str) -> Upload | None:
    """Return the file of that secret and name, or None."""
    wanted = (project, secret, filename)
    return next((u for u in site.uploads.values() if (u.project, u.secret, u.filename) == wanted), None)


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
    del call.site.uploads[stored.id]
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
