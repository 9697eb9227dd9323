"""What people write: everyday words, odd signs, what a tool takes for an order, in each tool's markup."""

from __future__ import annotations

from html import escape
from random import Random

_WORDS = (
    *"printer order import row stops since the update nothing helps cable blue restart tried twice".split(),
    *"käse naïve smörgås Straße Überweisung niente ricevuta より 再起動 できません مرحبا שלום".split(),
    *"👩‍💻 🏳️‍🌈 e\u0301 \u200b \u202eabc\u202c ﬁ ½ … – “so” O'Neil".split(),
    *"<b> & * _x_ a_b_c [x] {y} |z| `q` 100% C:\\tmp #1 @all !1".split(),
)
_ORDERS = ("/close", "/label ~bug", "@all", "/spend 2h", "[~accountid:712020:none]", "!x.png!", "#1 &2 %3")
SUBJECTS = (
    "Import stops",
    "Il lettore non si avvia",
    "レシートが印刷されません",
    "A & B <c> *d*",
    "x" * 240,
    "/close it",
)
TAGS = ("import", "hardware", "beta", "Blue Print", "v2.4")
"""Tags that steer nothing."""


class Writer:
    """Makes up texts by chance."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def plain(self, most: int = 14) -> str:
        """Return some words."""
        return " ".join(self._chance.choices(_WORDS, k=self._chance.randint(2, most)))

    def html(self, token: str) -> str:
        """Return a text as it is written at the desk."""
        body = f"<p>{token} {escape(self.plain())}</p>"
        match self._chance.randrange(14):
            case 0:
                body += f"<ul><li>{escape(self.plain())}</li><li>two</li></ul>"
            case 1:
                body += f"<pre>{chr(10).join(_ORDERS)}\nERROR {{code}} |x|</pre>"
            case 2:
                body += "".join(f"<p>{escape(order)}</p>" for order in _ORDERS)
            case 3:
                body += (
                    "<table><tr><th>Unit</th><th>State</th></tr><tr><td>A-1</td><td>dead</td></tr></table>"
                )
            case 4:
                body += f"<p>{escape(self.plain(most=2000))}</p>"
            case 5:
                body = f"<div>{token}<br><b>{escape(self.plain())}</b><br></div><div>-- <br>Kim</div>"
            case _:
                pass
        return body

    def wiki(self, token: str) -> str:
        """Return a text as it is written in Jira."""
        body = f"{token} {self.plain()}"
        match self._chance.randrange(10):
            case 0:
                body += "\n\n{code}\nif x:\n    /close\n{code}"
            case 1:
                body += "\n\n* one\n** two\n\n||a||b||\n|1|2|"
            case 2:
                body += "\n\n" + "\n".join(_ORDERS)
            case 3:
                body += "\n\n{quote}they said{quote}\n\n" + self.plain(most=600)
            case _:
                pass
        return body

    def markdown(self, token: str) -> str:
        """Return a text as it is written in GitLab, without an order that a person would mean."""
        body = f"{token} {self.plain().replace('@all', 'all')}"
        match self._chance.randrange(10):
            case 0:
                body += "\n\n```\n/close\n~bug\n```"
            case 1:
                body += "\n\n- [x] done\n- [ ] not\n\n| a | b |\n|---|---|\n| 1 | 2 |"
            case 2:
                body += "\n\n<details><summary>more</summary>\n\nx\n\n</details>"
            case _:
                pass
        return body

    def subject(self, token: str) -> str:
        """Return a subject: some are long, odd or empty."""
        return "" if self._chance.random() < 0.04 else f"{token.upper()} {self._chance.choice(SUBJECTS)}"
