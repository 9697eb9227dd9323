"""The fields of contacts and of companies: definitions, and the values they take (reference 6.1, 6.2)."""

from __future__ import annotations

import re
from typing import Any

from deskbridge.sandbox.freshdesk import fields
from deskbridge.sandbox.freshdesk.form import Form
from deskbridge.sandbox.freshdesk.show import stamp
from deskbridge.sandbox.freshdesk.state import Account
from deskbridge.sandbox.freshdesk.zones import LANGUAGES, ZONES

TYPES = (
    "custom_text",
    "custom_paragraph",
    "custom_checkbox",
    "custom_number",
    "custom_dropdown",
    "custom_phone_number",
    "custom_url",
    "custom_date",
)
HEALTH, TIERS = ("At risk", "Doing okay", "Happy"), ("Basic", "Premium", "Enterprise")
INDUSTRIES = tuple(
    """Automotive|Consumer Durables and Apparel|Diversified Consumer Services|Hotels, Restaurants and Leisure|
Consumer Goods|Household Durables|Leisure Products|Textiles, Apparel and Luxury Goods|Education Services|
Family Services|Specialized Consumer Services|Media|Distributors|Specialty Retail|Beverages|Food Products|
Food and Staples Retailing|Personal Products|Tobacco|Gas Utilities|Banks|Capital Markets|
Diversified Financial Services|Insurance|Real Estate|Health Care Equipment and Supplies|
Health Care Providers and Services|Biotechnology|Pharmaceuticals|Professional Services|Aerospace and Defense|
Air Freight and Logistics|Airlines|Commercial Services and Supplies|Construction and Engineering|
Electrical Equipment|Industrial Conglomerates|Machinery|Marine|Road and Rail|
Trading Companies and Distributors|Transportation|Internet Software and Services|IT Services|Software|
Communications Equipment|
Electronic Equipment, Instruments and Components|Technology Hardware, Storage and Peripherals|
Building Materials|Chemicals|Containers and Packaging|Metals and Mining|Paper and Forest Products|
Diversified Telecommunication Services|Wireless Telecommunication Services|Renewable Electricity|
Electric Utilities|Utilities|Other""".replace("\n", "").split("|")
)
_CHOICES: dict[str, Any] = {
    "time_zone": {name: name for name in ZONES},
    "language": {code: code for code in LANGUAGES},
    "health_score": HEALTH,
    "account_tier": TIERS,
    "industry": INDUSTRIES,
}
# Name and label of Freshdesk's own fields; the first is required.
DEFAULTS = {
    "contact_fields": (
        "name Full_name|job_title Title|email Email|phone Work_phone|mobile Mobile_phone|twitter_id Twitter|"
        "company_name Company|address Address|time_zone Time_zone|language Language|tag_names Tags|"
        "description About|unique_external_id Unique_external_ID"
    ),
    "company_fields": (
        "name Company_Name|description Description|note Notes|domains Domains_for_this_company|"
        "health_score Health_score|account_tier Account_tier|renewal_date Renewal_date|industry Industry"
    ),
}


def fill(account: Account, shelf: str) -> None:
    """Put the fields that every account has on a shelf."""
    rows = account.shelves.setdefault(shelf, {})
    for position, text in enumerate(DEFAULTS[shelf].split("|"), 1):
        name, label = text.split()
        row = new_row(account, shelf, name, label.replace("_", " "), f"default_{name}", position)
        row["default"], row["required_for_agents"] = True, name == "name"
        if name in _CHOICES:
            row["choices"] = _CHOICES[name]
        rows[row["id"]] = row


def new_row(account: Account, shelf: str, name: str, label: str, kind: str, position: int) -> dict[str, Any]:
    """Return a field with nothing demanded."""
    now = stamp(account.now())
    row: dict[str, Any] = {"id": account.new_id(), "name": name, "label": label, "position": position}
    row |= {"required_for_agents": False, "agents_can_edit": True, "displayed_for_agents": True}
    row |= {"quick_add_for_agent": False, "unique": False, "type": kind, "default": False}
    if shelf == "contact_fields":
        row |= {"editable_in_signup": False, "customers_can_edit": False, "label_for_customers": label}
        row |= {"required_for_customers": False, "displayed_for_customers": False}
    return row | {"created_at": now, "updated_at": now}


def fresh_name(account: Account, shelf: str, label: str) -> str:
    """Return the key of a custom field: its label as a word, without a prefix (6.1)."""
    name = re.sub(r"\W+", "_", label.lower()).strip("_") or "field"
    taken = {row["name"] for row in account.shelves[shelf].values()}
    return next(n for n in (name, f"custom_{name}", *(f"{name}{i}" for i in range(100))) if n not in taken)


def check(account: Account, shelf: str, form: Form, present: dict[str, Any]) -> None:
    """Note custom values that no field takes, and required ones that would be missing."""
    rows = {row["name"]: row for row in account.shelves[shelf].values() if not row["default"]}
    given = form.get("custom_fields") or {}
    for name, value in given.items():
        if name not in rows:
            form.problems.add(name, "invalid_field", "Unexpected/invalid field in request")
        elif value is not None:
            choices = [choice["value"] for choice in rows[name].get("choices") or ()]
            fields.check_value(form, name, rows[name]["type"], value, choices)
    for name, row in rows.items():
        if row["required_for_agents"] and (present | given).get(name) in (None, ""):
            form.problems.add(name, "missing_field", "Mandatory attribute missing")
