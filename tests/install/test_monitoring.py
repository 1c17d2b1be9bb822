# SPDX-License-Identifier: ISC
"""The Grafana dashboard and the alert rules in dist/, with a real Prometheus that scrapes real
daemons: every query is valid, each metric and label in it exists, and panels show something."""

import json
import re
import subprocess
import urllib.parse

import pytest

from install.client import FILE, Client
from install.debian_package import SOURCE
from install.test_boot import CONFIG
from lab.netns import run, wait_for, why_no_namespaces
from lab.packages import PackageError, unpacked
from lab.topology import CORE_ROUTER, SERVER, Site, program

pytestmark = pytest.mark.skipif(bool(why_no_namespaces()), reason=str(why_no_namespaces()))

RULES = SOURCE / "dist/prometheus/netboot6.rules.yml"
DASHBOARD = SOURCE / "dist/grafana/netboot6.json"
# What no healthy site has: these panels may be empty.
MAY_BE_EMPTY = ("netboot6_relay_dropped_messages_total",)
METRIC = re.compile(r"\bnetboot6_\w+")
SELECTOR = re.compile(r"\b(netboot6_\w+)\{([^}]*)\}")

POOL = """\
leases = "{leases}"
group "bmc" {{}}
subnet "2001:db8:99::/64" {{
    addresses = pool  pool = "2001:db8:99::1000-2001:db8:99::1fff"
    class "bmc" {{ group = "bmc"  addresses = pool  pool = "2001:db8:99::2000-2001:db8:99::20ff" }}
}}
"""
PROMETHEUS = f"""\
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: ["{RULES}"]
scrape_configs:
  - job_name: netboot6-relayd
    static_configs: [{{ targets: ["[{CORE_ROUTER}]:9547"] }}]
  - job_name: netboot6-bootd
    static_configs: [{{ targets: ["[{SERVER}]:9548"] }}]
"""


def dashboard_queries():
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def as_queried(expr):
    """What Grafana asks, for all instances."""
    for name in ("$relay", "$server"):
        expr = expr.replace(name, ".*")
    return expr.replace("$__rate_interval", "15s")


class Monitored(Site):
    """A site, with a Prometheus in the server's namespace."""

    def __init__(self, lab, prometheus, certificate_days=365):
        super().__init__(lab)
        root = lab.file("root/first.efi", FILE).parent
        relayd = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
        relayd += f'metrics {{ listen = "[{CORE_ROUTER}]:9547" }}\n'
        self.start_relayd(config=relayd)
        bootd = CONFIG.format(root=root, server=SERVER)
        bootd += POOL.format(leases=lab.directory / "leases.db")
        bootd += f'metrics {{ listen = "[{SERVER}]:9548" }}\n'
        tls = lab.directory / "tls"
        run(program("netboot6/netboot6"), "boot", "tls", "init", "--directory", tls, "--name", SERVER,
            "--days", str(certificate_days))  # fmt: skip
        bootd += f'https {{ certificate = "{tls}/server.crt"  key = "{tls}/server.key" }}\n'
        self.start_bootd(bootd, ports=(("udp", 547), ("udp", 69), ("tcp", 80)))
        config = lab.file("prometheus.yml", PROMETHEUS)
        self.server.popen(
            "prometheus",
            prometheus.program("prometheus"),
            f"--config.file={config}",
            f"--storage.tsdb.path={lab.directory / 'tsdb'}",
            "--web.listen-address=[::1]:9090",
            env=prometheus.env,
        )

    def get(self, path, **words):
        url = f"http://[::1]:9090/api/v1/{path}?{urllib.parse.urlencode(words)}"
        done = self.server.run("curl", "-gsS", "--max-time", "10", url, check=False)
        try:
            answer = json.loads(done.stdout)
        except json.JSONDecodeError:  # it still starts: no answer, or "Service Unavailable"
            return None
        assert answer["status"] != "error", f"{words}: {answer}"
        return answer.get("data")

    def active_alerts(self):
        """pending counts: `for` delays what fires."""
        return {alert["labels"]["alertname"] for alert in self.get("alerts")["alerts"]}

    def query(self, expr):
        data = self.get("query", query=expr)
        return data and data["result"]


@pytest.fixture(scope="module")
def prometheus():
    try:
        return unpacked("prometheus", alone=True)
    except PackageError as error:
        pytest.skip(str(error))


def test_promtool_accepts_rules_and_metrics(lab, prometheus):
    promtool = prometheus.program("promtool")
    run(promtool, "check", "rules", "--lint-fatal", RULES)
    site = Monitored(lab, prometheus)
    Client(site).boot()
    for namespace, where in ((site.router, f"{CORE_ROUTER}]:9547"), (site.server, f"{SERVER}]:9548")):
        metrics = namespace.run("curl", "-gsSf", f"http://[{where}/metrics").stdout
        said = subprocess.run([promtool, "check", "metrics"], input=metrics, text=True,
                              capture_output=True)
        assert said.returncode == 0, said.stderr


def test_every_query_finds_what_it_asks_for(lab, prometheus):
    site = Monitored(lab, prometheus)
    wait_for(lambda: len(site.query("up == 1") or ()) == 2, 30, "Prometheus scrapes both")
    Client(site).boot()
    wait_for(lambda: site.query("netboot6_relay_received_messages_total > 0"), 30, "the boot is seen")
    rules = [
        rule["query"]
        for group in site.get("rules", type="alert")["groups"]
        for rule in group["rules"]
    ]
    assert len(rules) > 10
    known = {}
    for series in site.get("series", **{"match[]": '{__name__=~"netboot6_.*"}'}):
        known.setdefault(series["__name__"], set()).update(series)
    queries = dashboard_queries() + rules
    for query in queries:
        for metric in METRIC.findall(query):
            if metric not in MAY_BE_EMPTY:
                assert metric in known, f"{metric} does not exist: {query}"
        for metric, labels in SELECTOR.findall(query):
            for label in re.findall(r"(\w+)=", labels):
                if metric not in MAY_BE_EMPTY:
                    assert label in known[metric], f"{metric} has no label {label}: {query}"
        by = re.search(r"by \(([^)]*)\)", query)
        for label in re.findall(r"\w+", by[1]) if by else ():
            metrics = [name for name in METRIC.findall(query) if name not in MAY_BE_EMPTY]
            assert not metrics or any(label in known[name] for name in metrics), (label, query)
    for query in dashboard_queries():
        if not any(metric in query for metric in MAY_BE_EMPTY):
            asked = as_queried(query)
            wait_for(lambda: site.query(asked), 30, f"a result of {asked}")


def test_no_alert_fires_at_a_healthy_site_and_the_right_one_at_a_sick_one(lab, prometheus):
    site = Monitored(lab, prometheus)
    wait_for(lambda: len(site.query("up == 1") or ()) == 2, 30, "Prometheus scrapes both")
    Client(site).boot()
    wait_for(lambda: site.query("netboot6_relay_server_replies_total > 0"), 30, "a reply is counted")
    assert site.active_alerts() == set()
    site.router.ip("-6", "address", "flush", "dev", "core")
    wait_for(lambda: "NetbootRelayDown" in site.active_alerts(), 30, "an alert about the relay")


def test_an_alert_tells_of_a_certificate_that_expires(lab, prometheus):
    site = Monitored(lab, prometheus, certificate_days=20)
    wait_for(lambda: site.query("up == 1"), 30, "Prometheus scrapes")
    wait_for(lambda: "NetbootCertificateExpires" in site.active_alerts(), 30, "an alert")
