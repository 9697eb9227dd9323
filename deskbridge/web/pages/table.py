"""Every address of the pages, and who may ask for it. What is not here does not exist."""

from __future__ import annotations

from deskbridge.web.pages import entrance
from deskbridge.web.pages.moved import moved
from deskbridge.web.pages.overview import overview
from deskbridge.web.pages.site import Page

PAGES = (
    Page("/static/{name}", entrance.dress, role=None),
    Page("/sign-in", entrance.sign_in, role=None),
    Page("/sign-in", entrance.enter, role=None, method="POST"),
    Page("/sign-out", entrance.leave, method="POST"),
    Page("/", overview),
    Page("/old", moved),
    Page("/old/{connection}/{key:path}", moved),
)
