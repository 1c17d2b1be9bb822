# SPDX-License-Identifier: ISC
"""DHCPv6 clients that others wrote, at the relay and on bootd's own link.

    relayed:  machines ── br-1 ── relayd ── bootd      each renews
    direct:   machines ── br-own ────────── bootd      another server (its DUID) takes over
                                                       with the same key: each rebinds

All clients of both sites are started at once and live through the whole file, for
lifetimes cannot be shorter than a minute: a Renew comes after 22 s, a Rebind after 36 s.
The tests are the stages of that life, in order; what needs a machine of its own is done
while the others wait.
"""

import re

import pytest

from lab.conftest import make_lab
from lab.machine import (
    CLIENTS,
    CONFIRM,
    DECLINE,
    INFORMATION_REQUEST,
    REBIND,
    RELEASE,
    RENEW,
    REQUEST,
    SOLICIT,
    Dhclient,
    Dibbler,
    Exchanges,
    Machine,
    why_missing,
)
from lab.netns import Lab, missing_programs, wait_for
from lab.topology import Site

DNS = "2001:db8:53::53"
SUBNET = "2001:db8:1::/64"
OTHER_SERVER = "00:03:00:01:02:00:00:00:00:99"
RENEW_S, REBIND_S = 22, 36
WAYS = ("relayed", "direct")
CONFIG = f"""\
lifetime = "1m"
dns = {{"{DNS}"}}
key = "a key for the laboratory"
subnet "{SUBNET}" {{}}
"""


class Population:
    """A site and the machines on it, one for each client that is installed."""

    def __init__(self, lab, way):
        self.way = way
        self.site = Site(lab)
        if way == "relayed":
            self.bridge = "br-1"
            self.config = CONFIG
            self.site.start_relayd()
            self.exchanges = Exchanges(self.site.router, "lan1")
        else:
            self.bridge = "br-own"
            self.config = 'listen = {"lan"}\n' + CONFIG
            self._add_own_link()
            self.exchanges = Exchanges(self.site.server, "lan")
        self.site.capture()
        self.bootd = self._start_bootd(self.config)
        self.clients = {
            client: client(self.machine(client.name))
            for client in CLIENTS
            if not why_missing(client)
        }
        for client in self.clients.values():
            client.start()

    def _add_own_link(self):
        site = self.site
        site.clients.bridge(self.bridge)
        site.lab.veth(site.server, "lan", site.clients, "port-own")
        site.clients.bridge_port(self.bridge, "port-own")
        site.server.address("lan", "2001:db8:1::69/64")
        site.server.capture("lan")

    def _start_bootd(self, config):
        bootd = self.site.start_bootd(config)
        if self.way == "direct":
            wait_for(lambda: self.site.server.joined("lan"), what="bootd joins ff02::1:2")
        return bootd

    def machine(self, name, **how):
        machine = Machine(self.site, name, self.bridge, **how)
        wait_for(machine.is_link_local_ready, what="a link-local address")
        return machine

    def change_server(self):
        """The server goes; one with another DUID and the same key comes. Once everybody is bound."""
        for client in self.clients.values():
            wait_for(client.machine.address, what=lambda: f"an address: {client.process.tail()}")
        self.bootd.stop()
        self.changed = self.exchanges.mark()
        self.bootd = self._start_bootd(f'server-duid = "{OTHER_SERVER}"\n' + self.config)

    def stable_address(self, machine):
        """What bootd computes for the machine, whether or not it has asked already."""
        return self.site.ask("bootd", "explain", f"mac={machine.mac}", f"subnet={SUBNET}")["address"]

    def await_answer(self, client, kind, limit=10.0, since=0):
        wait_for(
            lambda: self.exchanges.answered(client.machine, kind, since),
            limit,
            lambda: f"{client.name}: type {kind} is answered; it said:\n{client.process.tail(30)}",
        )


@pytest.fixture(scope="module")
def populations(request, _namespaces):
    """Both sites: everything that takes long begins here."""
    both = make_lab(request)
    labs = {way: Lab(both.directory / way) for way in WAYS}
    for lab in labs.values():
        lab.directory.mkdir()
        both.closing.callback(_close, lab)
    made = {way: Population(lab, way) for way, lab in labs.items()}
    made["direct"].change_server()
    return made


def _close(lab):
    complaints = lab.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(params=WAYS)
def population(request, populations):
    return populations[request.param]


def name_of(parameter):
    return getattr(parameter, "name", parameter)


@pytest.fixture(params=CLIENTS, ids=name_of)
def kind(request):
    _skip_where_missing(request.param)
    return request.param


@pytest.fixture
def client(population, kind):
    return population.clients[kind]


def _skip_where_missing(kind):
    reason = why_missing(kind)
    if reason:
        pytest.skip(f"{kind.program} is not there: {reason}")


# --- the first half minute ----------------------------------------------------------


def test_gets_its_stable_address_and_dns(population, client):
    machine = client.machine
    wait_for(machine.address, what=lambda: f"an address: {client.process.tail(30)}")
    assert population.exchanges.answered(machine, SOLICIT)
    assert population.exchanges.answered(machine, REQUEST)
    assert list(machine.addresses()) == [population.stable_address(machine)]
    wait_for(lambda: client.was_told(DNS), what="DNS servers")


def test_gets_information_without_an_address(population, kind):
    stateless = kind(population.machine(f"{kind.name}-i"))
    stateless.ask_information()
    wait_for(
        lambda: stateless.was_told(DNS),
        what=lambda: f"DNS servers: {stateless.process.tail(30)}",
    )
    assert population.exchanges.answered(stateless.machine, INFORMATION_REQUEST)
    assert not population.exchanges.answered(stateless.machine, SOLICIT)
    assert not stateless.machine.addresses()


def test_declines_a_duplicate_and_gets_another(population):
    """Of these clients, only dhclient: see machine.py."""
    _skip_where_missing(Dhclient)
    machine = population.machine("declines", dad=True)
    taken = population.stable_address(machine)
    squatter = population.machine("squatter").namespace
    squatter.address("eth0", f"{taken}/64")
    client = Dhclient(machine)
    client.start()
    wait_for(machine.address, what=lambda: f"an address: {client.process.tail(30)}")
    assert population.exchanges.answered(machine, DECLINE)
    assert machine.address() not in (None, taken)
    assert machine.address() == population.stable_address(machine)


@pytest.mark.parametrize(("rate", "seconds"), [(400, 3)])
def test_load_without_a_drop(population, rate, seconds):
    if missing_programs("perfdhcp"):
        pytest.skip("perfdhcp is not installed: apt-get install kea-admin")
    load = population.machine("load")
    argv = ["perfdhcp", "-6", "-r", rate, "-p", seconds, "-R", 10 * rate, "-W", 500000]
    done = load.run(*argv, "-l", "eth0", "all", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    sent = [int(n) for n in re.findall(r"^sent packets: (\d+)", done.stdout, re.MULTILINE)]
    assert re.findall(r"^drops: (\d+)", done.stdout, re.MULTILINE) == ["0", "0"]
    # Solicits and Requests. The rate is a wish: a busy machine sends fewer.
    assert len(sent) == 2 and min(sent) > rate * seconds / 4


# --- lifetimes ------------------------------------------------------------------------


def test_renews(populations, kind):
    here = populations["relayed"]
    client = here.clients[kind]
    before = client.machine.address()
    here.await_answer(client, RENEW, limit=RENEW_S + 10)
    assert list(client.machine.addresses()) == [before]


@pytest.mark.parametrize("kind", [c for c in CLIENTS if c.confirm], ids=name_of, indirect=True)
def test_confirms(populations, kind):
    """The link goes and comes back, or the client is killed and started again."""
    here = populations["relayed"]
    client = here.clients[kind]
    since = here.exchanges.mark()
    client.confirm()
    here.await_answer(client, CONFIRM, since=since)
    wait_for(client.machine.address, what="its address")
    assert list(client.machine.addresses()) == [here.stable_address(client.machine)]
    assert not here.exchanges.answered(client.machine, SOLICIT, since)


def test_rebinds_to_another_server(populations, kind):
    here = populations["direct"]
    client = here.clients[kind]
    before = client.machine.address()
    # On a busy machine it may have renewed before the server changed.
    here.await_answer(client, REBIND, limit=RENEW_S + REBIND_S + 15, since=here.changed)
    assert not here.exchanges.answered(client.machine, RENEW, since=here.changed)
    assert list(client.machine.addresses()) == [before] == [here.stable_address(client.machine)]


# Without dibbler where the server changed: it releases to the one that it had before.
@pytest.mark.parametrize(
    ("population", "kind"),
    [
        (way, c)
        for way in WAYS
        for c in CLIENTS
        if c.releases and (way, c) != ("direct", Dibbler)
    ],
    ids=name_of,
    indirect=True,
)
def test_releases(population, client):
    machine = client.machine
    client.release()
    population.await_answer(client, RELEASE)
    wait_for(lambda: not machine.addresses(), what="the address is gone")
    leases = population.site.ask("bootd", "leases")["leases"]
    states = [row["state"] for row in leases if row["machine"] == machine.mac]
    assert states == [], "the address of a system is free at once (RFC 9915 section 18.3.7)"
