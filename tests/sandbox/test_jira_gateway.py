"""Tokens with scopes, which open the gateway only; the points that other apps pay (reference, 1.1, 1.3)."""

from __future__ import annotations

from tests.sandbox import jira_kit
from tests.sandbox.jira_kit import Client, Running

served, site = jira_kit.served, jira_kit.site
HUB = "hub@harbour.example"


def through(site: Running, *scopes: str) -> Client:
    """Return the hub's client at the gateway, with a token of these scopes (all without any)."""
    made = site.act("make_token", email=HUB, scopes=list(scopes) or None)
    return Client(made["base"], (HUB, made["token"]))


class TestGateway:
    def test_the_site_host_takes_no_token_with_scopes(self, site: Running) -> None:
        """A client that keeps the site's address after a change of tokens is signed out."""
        made = site.act("make_token", email=HUB)
        assert Client(site.url, (HUB, made["token"])).call("GET", "myself").status_code == 401
        assert Client(made["base"], (HUB, made["token"])).get("myself")["displayName"] == "deskbridge"

    def test_the_cloud_id_is_told_to_anybody(self, site: Running) -> None:
        """It is the only way to the gateway's address."""
        made = site.act("make_token", email=HUB)
        assert site.nobody.get("/_edge/tenant_info") == {"cloudId": made["cloudId"]}

    def test_addresses_in_answers_stay_at_the_gateway(self, site: Running) -> None:
        """A client that follows ``self`` with its token must not be led to the site's host."""
        client = through(site)
        made = client.post("issue", {"fields": _fields()})
        assert made["self"].startswith(client.url + "/rest/api/2/issue/")
        assert client.get(made["self"].removeprefix(client.url))["key"] == made["key"]

    def test_a_missing_scope_is_401(self, site: Running) -> None:
        """It looks like wrong credentials, but no new sign-in helps."""
        client = through(site, "read:jira-work")
        assert client.refused("POST", "issue", {"fields": _fields()}) == (
            401,
            {"code": 401, "message": "Unauthorized; scope does not match"},
        )
        assert client.search("project = SUP")["issues"] == []
        assert client.call("GET", "myself").status_code == 401

    def test_scopes_differ_by_product(self, site: Running) -> None:
        """Service management and boards have scopes of their own."""
        client = through(site, "read:jira-work", "read:servicedesk-request")
        assert client.get(f"{jira_kit.JSM}/servicedesk")["size"] == 1
        assert client.call("GET", f"{jira_kit.JSM}/organization").status_code == 401
        assert client.call("GET", f"{jira_kit.AGILE}/board").status_code == 401

    def test_webhooks_are_out_of_reach(self, site: Running) -> None:
        """No scope opens administrators' webhooks."""
        site.admin()
        assert through(site).call("GET", "/rest/webhooks/1.0/webhook").status_code == 401
        assert site.hub.get("/rest/webhooks/1.0/webhook") == []

    def test_the_gateways_own_404(self, site: Running) -> None:
        """An unknown site is no Jira error: five words, no messages."""
        client = through(site)
        wrong = Client(client.url.rpartition("/")[0] + "/no-such-site", client.session.auth)  # type: ignore[arg-type]
        status, body = wrong.refused("GET", "myself")
        assert (status, set(body)) == (404, {"timestamp", "status", "error", "message", "path"})

    def test_a_bearer_opens_the_gateway_too(self, site: Running) -> None:
        """An OAuth client has the same token as a Bearer."""
        made = site.act("make_token", email=HUB)
        assert Client(made["base"], made["token"]).get("myself")["emailAddress"] == HUB
        shown = Client(site.url, made["token"]).get("/oauth/token/accessible-resources")
        assert shown[0]["id"] == made["cloudId"]

    def test_a_token_without_scopes_at_the_gateway(self, site: Running) -> None:
        """Sources are silent: by switch it counts or doesn't."""
        base = site.act("make_token", email=HUB)["base"]
        classic = Client(base, (HUB, site.token))
        assert classic.call("GET", "serverInfo").json()["deploymentType"] == "Cloud"
        site.switch("classic_on_gateway", value=False)
        assert classic.call("GET", "serverInfo").status_code == 401


class TestPoints:
    def test_the_hours_pool_runs_dry(self, site: Running) -> None:
        """Until the next full hour every call is refused, with the reason that says: all of them."""
        site.world.limits = True
        site.switch("points_per_hour", 6)
        site.hub.get("myself")  # 1 and 2 for a person
        left = site.hub.call("GET", "serverInfo").headers["RateLimit"]
        assert left.startswith('"global-app-quota";r=3;t=')
        site.hub.call("GET", "serverInfo")
        site.hub.call("GET", "serverInfo")
        dry = site.hub.call("GET", "serverInfo")
        assert (dry.status_code, dry.headers["RateLimit-Reason"]) == (429, "jira-quota-global-based")
        site.world.clock.advance(3600)
        assert site.hub.call("GET", "serverInfo").json()["deploymentType"] == "Cloud"

    def test_tokens_pay_nothing_by_default(self, site: Running) -> None:
        """API tokens are exempt: only bursts are told."""
        site.world.limits = True
        policy = site.hub.call("GET", "serverInfo").headers["RateLimit-Policy"]
        assert policy == '"jira-burst-based";q=100;w=1'


def _fields() -> jira_kit.Json:
    return {"project": {"key": "SUP"}, "issuetype": {"id": "10004"}, "summary": "s"}
