# SPDX-License-Identifier: ISC
"""The packages on a router and a server that run systemd: installed, started, reloaded, killed,
upgraded; a client boots through them all the while.

       clients                 router                       server
  ┌──────────────┐     ┌─────────────────────┐     ┌──────────────────────┐
  │ br-1, client ┼─────┼ lan1   relayd  core ┼─────┼ core   bootd         │
  └──────────────┘     │  systemd is PID 1   │     │   systemd is PID 1   │
                       └─────────────────────┘     └──────────────────────┘
"""

import json
import re

import pytest

from install.chroot import Container, why_no_containers
from install.client import FILE, Client
from install.conftest import SUITES, make_lab
from install.debian_package import SOURCE, older
from lab.boot_client import MAC, duid, solicit
from lab.netns import wait_for
from lab.topology import SERVER, Site

pytestmark = pytest.mark.skipif(bool(why_no_containers()), reason=str(why_no_containers()))

NAMES = ("netboot6", "netboot6-relayd", "netboot6-bootd")
RELAYD_CONF = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
BOOTD_CONF = f"""\
root = "/srv/netboot6"
tftp {{ listen = "[::]:69" }}
http {{ listen = "[::]:80" }}
subnet "2001:db8:1::/64" {{ addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::1fff" }}
boot "uefi" {{ arch = {{x64-uefi}}  url = "tftp://[{SERVER}]/first.efi" }}
"""


class Fleet(Site):
    """The drawing above."""

    def __init__(self, lab, tree, packages):
        super().__init__(lab)
        self.packages = packages
        debs = f"{packages.directory}:/packages"
        self.router_host = Container(lab, self.router, tree, debs)
        self.server_host = Container(lab, self.server, tree, debs)
        self.client = Client(self)

    def install(self, host, *paths):
        names = [f"/packages/{path.relative_to(self.packages.directory)}" for path in paths]
        return host.run("apt-get", "install", "-y", "--allow-downgrades", *names, timeout=300)

    def install_all(self):
        for host, name in ((self.router_host, "netboot6-relayd"), (self.server_host, "netboot6-bootd")):
            self.install(host, self.packages.deb("netboot6"), self.packages.deb(name))

    def configure(self):
        for name in ("first.efi", "second.efi"):
            self.server_host.write(f"/srv/netboot6/{name}", FILE)
        self.router_host.write("/etc/netboot6/relayd.conf", RELAYD_CONF)
        self.server_host.write("/etc/netboot6/bootd.conf", BOOTD_CONF)
        for host, unit in self.units():
            host.systemctl("restart", unit)
            host.await_active(unit)

    def units(self):
        return (self.router_host, "netboot6-relayd"), (self.server_host, "netboot6-bootd")


@pytest.fixture(scope="module", params=SUITES)
def fleet(request, packages, host_tree, _namespaces):
    suite = request.param
    made = Fleet(make_lab(request), host_tree(suite), packages(suite))
    made.install_all()
    return made


@pytest.fixture
def running(fleet):
    """The fleet with both configured and running."""
    fleet.configure()
    return fleet


def status_of(host, unit):
    """The daemon's /proc/PID/status, as a dictionary."""
    text = host.run("cat", f"/proc/{host.shows(unit, 'MainPID')}/status").stdout
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_installing_starts_nothing(fleet):
    """An installed package waits for its configuration, and is no failed unit."""
    for host, unit in fleet.units():
        assert host.shows(unit, "ActiveState") == "inactive"
        assert host.shows(unit, "ConditionResult") == "no"
        assert host.systemctl("is-enabled", unit).stdout.strip() == "enabled"
        assert host.run("systemctl", "list-units", "--failed", "--no-legend", "netboot6*").stdout == ""
        host.run("getent", "passwd", unit)
        mode = host.run("stat", "-c", "%a %U %G", "/run/netboot6").stdout.strip()
        assert mode == "3770 root netboot6"
    assert fleet.router_host.shows("netboot6-relayd.socket", "ActiveState") == "inactive"


def test_a_client_boots(running):
    given, boot_file = running.client.boot()
    assert given.startswith("2001:db8:1::1") and boot_file.endswith("first.efi")
    story = running.server_host.run("netboot6", "boot", "show", MAC).stdout
    assert "first.efi" in story


def entries(host, unit):
    """What the unit has written to the journal since it started last, as dictionaries."""
    invocation = host.shows(unit, "InvocationID")
    done = host.run("journalctl", "--no-pager", "--output=json", f"_SYSTEMD_INVOCATION_ID={invocation}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def event_ids():
    """{"ready": "d1da..."}, as docs/logging.md lists them."""
    text = (SOURCE / "docs/logging.md").read_text()
    return dict(re.findall(r"^\| `([a-z-]+)` \| `([0-9a-f]{32})` \|", text, re.MULTILINE))


def await_entry(host, unit, **fields):
    """The first entry with these fields, whose names lack NB6_. MESSAGE is a part of the text."""
    event = fields.pop("event", None)
    text = fields.pop("MESSAGE", "")
    wanted = {f"NB6_{name}": value for name, value in fields.items()}
    if event:
        wanted["MESSAGE_ID"] = event_ids()[event]

    def found():
        for entry in entries(host, unit):
            if text in str(entry["MESSAGE"]) and wanted.items() <= entry.items():
                return entry
        return None

    return wait_for(found, 20, lambda: f"{wanted} {text} in the journal of {unit}:\n" + "\n".join(
        str({name: value for name, value in entry.items() if name.startswith(("NB6_", "MESSAGE"))})
        for entry in entries(host, unit)))


def test_the_journal_of_the_server_has_fields_and_events(running):
    """The words of a machine's boot are found by its MAC; what people alert on, by MESSAGE_ID."""
    host, unit = running.server_host, "netboot6-bootd"
    pool = "2001:db8:1::1000-2001:db8:1::1fff"
    assert pool in BOOTD_CONF
    config = BOOTD_CONF.replace(pool, "2001:db8:1::1000-2001:db8:1::1000")
    config += f'host "db1" {{ mac = "{MAC}" }}\n'
    host.systemctl("stop", unit)
    host.run("sh", "-c", "rm -f /var/lib/netboot6/leases.db*")
    host.write("/etc/netboot6/bootd.conf", config)
    host.systemctl("start", unit)
    host.await_active(unit)
    await_entry(host, unit, event="ready")
    given, boot_file = running.client.boot()
    subnet = "2001:db8:1::/64"
    await_entry(host, unit, MAC=MAC, HOST="db1", SUBNET=subnet, STAGE="firmware asks", MESSAGE="Solicit")
    await_entry(host, unit, MAC=MAC, HOST="db1", SUBNET=subnet, STAGE="firmware addressed")
    running.clients.address("br-1", f"{given}/64")
    try:
        for path in ("first.efi", "absent.efi"):
            running.clients.run("curl", "-gsS", "--interface", given, f"http://[{SERVER}]/{path}")
    finally:
        running.clients.ip("-6", "addr", "del", f"{given}/64", "dev", "br-1")
    fetched = {"MAC": MAC, "HOST": "db1", "SUBNET": subnet, "STAGE": "firmware fetches"}
    await_entry(host, unit, **fetched, MESSAGE="HTTP /first.efi done")
    failed = await_entry(host, unit, **fetched, MESSAGE="HTTP /absent.efi failed")
    assert failed["NB6_REASON"] in failed["MESSAGE"]
    # journalctl finds the machine's lines, and no other ones.
    done = host.run("journalctl", "--no-pager", "--output=cat", f"NB6_MAC={MAC}")
    assert done.stdout.splitlines() and all(line.startswith(MAC) for line in done.stdout.splitlines())
    # The pool is full: a machine gets no address.
    other = "52:54:00:00:00:99"
    running.client.send(solicit(client=duid(other)), mac=other)
    await_entry(host, unit, event="no-address", MAC=other, SUBNET=subnet)
    host.systemctl("reload", unit)
    await_entry(host, unit, event="reloaded")
    host.write("/etc/netboot6/bootd.conf", "nonsense = 1\n")
    host.systemctl("reload", unit, check=False)
    await_entry(host, unit, event="reload-failed")
    host.systemctl("restart", unit, check=False)
    wait_for(lambda: host.shows(unit, "ActiveState") == "failed", 20, "the unit fails")
    await_entry(host, unit, event="start-failed")


def test_the_journal_of_the_relay_has_fields_and_events(running):
    host, unit, router = running.router_host, "netboot6-relayd", running.router
    await_entry(host, unit, event="ready")
    router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    await_entry(host, unit, event="link-not-ready", LINK="lan1", REASON="no global address on the link")
    running.client.send(solicit())
    await_entry(host, unit, LINK="lan1", REASON="no-address", MESSAGE="dropped a message from ")
    router.address("lan1", "2001:db8:1::1/64")
    await_entry(host, unit, event="link-ready", LINK="lan1")
    router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    await_entry(host, unit, event="server-unreachable", HOST=SERVER)
    router.ip("-6", "route", "del", "unreachable", f"{SERVER}/128", "metric", "1")
    await_entry(host, unit, event="server-reachable", HOST=SERVER, LINK="core")
    running.client.boot()


def test_daemons_run_as_own_users_without_privileges(running):
    running.client.boot()
    for host, unit in running.units():
        status = status_of(host, unit)
        assert status["Uid"].split()[0] == host.run("id", "-u", unit).stdout.strip()
        for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0, (unit, kind, status[kind])
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1"
        name = unit.removeprefix("netboot6-")
        mode = host.run("stat", "-c", "%a %U %G", f"/run/netboot6/{name}.sock").stdout.strip()
        assert mode == f"660 {unit} netboot6"


def test_leases_and_keys_are_not_for_everyone(running):
    running.client.boot()
    state = running.server_host.run("stat", "-c", "%a %U", "/var/lib/netboot6").stdout
    assert state.strip() == "750 netboot6-bootd"
    for line in running.server_host.run("sh", "-c", "stat -c '%a %n' /var/lib/netboot6/*").stdout.splitlines():
        assert re.match("6[04]0 ", line), line


def test_members_of_the_group_use_the_command(running):
    host = running.router_host
    host.run("useradd", "--no-create-home", "--groups", "netboot6", "operator-1", check=False)
    asked = ("setpriv", "--reuid=operator-1", "--regid=operator-1", "--init-groups")
    answer = host.run(*asked, "netboot6", "--json", "relay", "status")
    assert json.loads(answer.stdout)
    asked = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
    refused = host.run(*asked, "netboot6", "relay", "status", check=False)
    assert refused.returncode == 1
    assert 'relayd.sock: Permission denied: run netboot6 as root, or join the group "netboot6"' in refused.stderr


def test_reload_waits_for_the_answer(running):
    host = running.server_host
    host.write("/etc/netboot6/bootd.conf", BOOTD_CONF.replace("first.efi", "second.efi"))
    host.systemctl("reload", "netboot6-bootd")
    assert running.client.boot()[1].endswith("second.efi")
    host.write("/etc/netboot6/bootd.conf", "nonsense = 1\n")
    assert host.systemctl("reload", "netboot6-bootd", check=False).returncode != 0
    assert running.client.boot()[1].endswith("second.efi")
    host = running.router_host
    host.systemctl("reload", "netboot6-relayd")
    host.write("/etc/netboot6/relayd.conf", "nonsense = 1\n")
    assert host.systemctl("reload", "netboot6-relayd", check=False).returncode != 0
    running.client.boot()


def test_killed_daemons_are_started_again(running):
    before = running.client.boot()
    for host, unit in running.units():
        pid = host.shows(unit, "MainPID")
        host.systemctl("kill", "--signal=KILL", "--kill-who=main", unit)
        wait_for(lambda: host.shows(unit, "MainPID") not in ("0", pid), 20, f"{unit} starts again")
        host.await_active(unit)
    assert running.client.boot() == before


def test_a_daemon_that_hangs_is_started_again(running):
    """A stopped process reports no life: WatchdogSec, shortened here, ends it."""
    for host, unit in running.units():
        host.write(f"/run/systemd/system/{unit}.service.d/watchdog.conf", "[Service]\nWatchdogSec=2\n")
        host.systemctl("daemon-reload")
        host.systemctl("restart", unit)
        host.await_active(unit)
        pid = host.shows(unit, "MainPID")
        host.systemctl("kill", "--signal=STOP", "--kill-who=main", unit)
        wait_for(lambda: host.shows(unit, "MainPID") not in ("0", pid), 30, f"{unit} starts again")
        host.await_active(unit)
        assert "watchdog" in host.journal(unit).lower()
        host.run("rm", "-r", f"/run/systemd/system/{unit}.service.d")
        host.systemctl("daemon-reload")
    running.client.boot()


def test_options_of_the_environment_file(running):
    host = running.router_host
    host.write("/etc/default/netboot6-relayd", "OPTIONS=--debug\n")
    host.systemctl("restart", "netboot6-relayd")
    host.await_active("netboot6-relayd")
    words = host.run("cat", f"/proc/{host.shows('netboot6-relayd', 'MainPID')}/cmdline").stdout
    assert words.split("\0")[-2] == "--debug"
    host.run("rm", "/etc/default/netboot6-relayd")


def test_the_socket_keeps_messages_while_the_relay_is_stopped(running):
    """With netboot6-relayd.socket, what a client sends to a relay that is stopped starts it."""
    host = running.router_host
    host.systemctl("stop", "netboot6-relayd")
    host.systemctl("start", "netboot6-relayd.socket")
    host.systemctl("start", "netboot6-relayd")
    host.await_active("netboot6-relayd")
    running.client.boot()
    pid = host.shows("netboot6-relayd", "MainPID")
    host.systemctl("restart", "netboot6-relayd")
    assert host.shows("netboot6-relayd", "MainPID") != pid
    running.client.boot()
    host.systemctl("stop", "netboot6-relayd.socket", "netboot6-relayd")


def test_an_upgrade_keeps_leases_and_configuration(running, tmp_path):
    """From a version that ran as root: its files are root's, and readable by all."""
    before = running.client.boot()
    own = running.packages.directory / "older"
    for host, unit in running.units():
        old = [older(running.packages, name, own) for name in ("netboot6", unit)]
        running.install(host, *old)
        host.await_active(unit)
    host = running.server_host
    host.systemctl("stop", "netboot6-bootd")
    host.run("sh", "-c", "chown -R root:root /var/lib/netboot6; chmod 755 /var/lib/netboot6; chmod 644 /var/lib/netboot6/*")
    config = host.run("cat", "/etc/netboot6/bootd.conf").stdout
    running.install_all()
    for machine, unit in running.units():
        machine.systemctl("start", unit)
        machine.await_active(unit)
        assert machine.run("dpkg-query", "-W", "-f", "${Version}", unit).stdout.startswith("0.1")
    assert host.run("cat", "/etc/netboot6/bootd.conf").stdout == config
    leases = json.loads(host.run("netboot6", "--json", "boot", "leases").stdout)
    assert before[0] in json.dumps(leases)
    assert running.client.boot() == before
    test_daemons_run_as_own_users_without_privileges(running)


def test_removal_and_purge_leave_nothing_running(running):
    for host, unit in running.units():
        host.run("apt-get", "purge", "-y", *NAMES[:1], unit, timeout=300)
        assert host.run("systemctl", "list-units", "--failed", "--no-legend", "netboot6*").stdout == ""
        assert host.run("sh", "-c", f"command -v {unit}", check=False).returncode != 0
