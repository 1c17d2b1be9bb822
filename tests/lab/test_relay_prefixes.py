# SPDX-License-Identifier: ISC
"""Prefix delegation through the relay (RFC 8987): the routes that relayd installs and removes.

The client is a Wire on the link, the server is scapy or Kea. What counts is what the kernel of the
router has, by `ip -6 route show proto 147`.
"""

import json
import re
import socket
import time
from pathlib import Path

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Release,
    DHCP6_Reply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIA_PD,
    DHCP6OptIAPrefix,
    DHCP6OptRelayMsg,
    DHCP6OptServerId,
    DUID_LL,
)
from scapy.layers.inet6 import IPv6, UDP, ICMPv6DestUnreach

from lab.bench import CLIENT, CLIENT_MAC, Bench, control, dhcp_to
from lab.netns import missing_programs, run, wait_for
from lab.topology import CORE_ROUTER, SERVER, program

GUARD = 2**32 - 2
PREFIX = "2001:db8:f001::"
NET = f"{PREFIX}/48"


def conf(site, settings="", link='link "lan*" { routes = true }\n'):
    """A relayd.conf whose state file is in the lab's directory."""
    state = site.lab.directory / "state" / "prefixes"
    return (
        f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\nstate = "{state}"\n'
        f"{settings}\n{link}"
    )


def routes(site, table="main"):
    """{prefix: (next hop, link)} of relayd, and the set of its unreachable ones."""
    shown = run("ip", "-n", site.router.full_name, "-6", "-j", "route", "show", "table", table,
                "proto", 147).stdout  # fmt: skip
    real, unreachable = {}, set()
    for route in json.loads(shown or "[]"):
        if route.get("type") == "unreachable":
            assert route["metric"] == GUARD
            unreachable.add(route["dst"])
        else:
            real[route["dst"]] = (route["gateway"], route["dev"])
    return real, unreachable


def await_routes(site, real, unreachable):
    wanted = (real, set(unreachable))
    wait_for(lambda: routes(site) == wanted, what=lambda: f"{wanted}; there are {routes(site)}")


class Router:
    """A customer's router on a client link, and the server that delegates to it."""

    def __init__(self, site, number=1, mac=CLIENT_MAC, address=CLIENT, bench=None):
        self.bench = bench or Bench(site)
        self.site, self.mac, self.address = site, mac, address
        self.wire = site.clients.wire(f"br-{number}")
        self.duid = DUID_LL(lladdr=mac)

    def message(self, kind, *ias):
        self.bench.xid = (self.bench.xid + 1) % (1 << 24)
        message = kind(trid=self.bench.xid) / DHCP6OptClientId(duid=self.duid)
        for iaid, prefixes in ias:
            options = [
                DHCP6OptIAPrefix(prefix=prefix, plen=length, preflft=preferred, validlft=valid)
                for prefix, length, preferred, valid in prefixes
            ]
            message /= DHCP6OptIA_PD(iaid=iaid, T1=0, T2=0, iapdopt=options)
        return message

    def send(self, message):
        self.bench.wire = self.wire
        return self.bench.expect_relayed(message, mac=self.mac, src=self.address)

    def request(self, *ias, kind=DHCP6_Request, reply=DHCP6_Reply, **changes):
        """Ask, and get these prefixes: (IAID, [(prefix, length, preferred, valid)])."""
        relayed = self.send(self.message(kind, *[(iaid, []) for iaid, _ in ias]))
        xid = self.bench.xid
        answer = self.message(reply, *ias)
        answer.trid = xid
        self.bench.send_reply(self.bench.reply(relayed, answer, **changes))
        delivered = self.wire.expect(dhcp_to(self.address), what="the reply")
        assert bytes(delivered[UDP].payload) == bytes(answer)  # octet for octet

    def release(self, *ias):
        self.send(self.message(DHCP6_Release, *ias))


def test_a_delegated_prefix_is_routed_until_it_expires(site):
    site.start_relayd(config=conf(site))
    router = Router(site)
    router.request((7, [(PREFIX, 48, 2, 3)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    # A renewal makes it last; only the valid lifetime ends it (G-8).
    started = time.monotonic()
    router.request((7, [(PREFIX, 48, 1, 5)]))
    await_routes(site, {}, {NET})
    assert time.monotonic() - started > 4.5
    [shown] = control(site, "prefixes")["prefixes"]
    assert (shown["prefix"], shown["state"]) == (NET, "ended")


def test_nothing_is_installed_unless_asked_for(site):
    text = conf(site, link='link "lan2" { routes = true }\n')
    site.add_client_link(2)
    site.start_relayd(config=text)
    bench = Bench(site)
    Router(site, bench=bench).request((7, [(PREFIX, 48, 60, 60)]))
    other = Router(site, 2, "02:00:5e:10:00:02", "fe80::2", bench)
    other.request((7, [("2001:db8:f002::", 48, 60, 60)]))
    net = "2001:db8:f002::/48"
    await_routes(site, {net: ("fe80::2", "lan2")}, {net})


def test_several_prefixes_and_ias(site):
    """G-2, G-3: more than one prefix in an IA_PD, more than one IA_PD, each with its own lifetime."""
    site.start_relayd(config=conf(site))
    router = Router(site)
    router.request(
        (1, [(PREFIX, 48, 60, 60), ("2001:db8:f002::", 56, 1, 2)]),
        (2, [("2001:db8:f003:100::", 64, 60, 60)]),
    )
    hop = (CLIENT, "lan1")
    one, two, three = NET, "2001:db8:f002::/56", "2001:db8:f003:100::/64"
    await_routes(site, {one: hop, two: hop, three: hop}, {one, two, three})
    await_routes(site, {one: hop, three: hop}, {one, two, three})


def test_advertise_and_errors_install_nothing(site):
    from scapy.layers.dhcp6 import DHCP6_Advertise

    site.start_relayd(config=conf(site))
    router = Router(site)
    router.request((1, [(PREFIX, 48, 60, 60)]), kind=DHCP6_Solicit, reply=DHCP6_Advertise)
    router.request((1, [("::", 0, 60, 60), ("fe80::", 64, 60, 60)]))
    router.request((2, [("2001:db8:f002::", 48, 60, 60)]))
    await_routes(site, {"2001:db8:f002::/48": (CLIENT, "lan1")}, {"2001:db8:f002::/48"})


def test_release_and_lifetime_zero(site):
    site.start_relayd(config=conf(site))
    router = Router(site)
    hop = (CLIENT, "lan1")
    nets = [f"2001:db8:f00{n}::/48" for n in (1, 2, 3)]
    ias = [(n, [(f"2001:db8:f00{n}::", 48, 60, 60)]) for n in (1, 2, 3)]
    router.request(*ias)
    await_routes(site, dict.fromkeys(nets, hop), nets)
    router.release((1, [("2001:db8:f001::", 48, 0, 0)]))
    await_routes(site, {nets[1]: hop, nets[2]: hop}, nets)
    router.release((2, []))  # an IA_PD without prefixes: all of it (G-9)
    await_routes(site, {nets[2]: hop}, nets)
    router.request((3, [("2001:db8:f003::", 48, 0, 0)]))
    await_routes(site, {}, nets)
    # The next client that gets one is routed to again.
    other = Router(site, 1, "02:00:5e:10:00:02", "fe80::2", router.bench)
    other.request((1, [(PREFIX, 48, 60, 60)]))
    await_routes(site, {NET: ("fe80::2", "lan1")}, nets)


def test_the_same_duid_on_two_links(site):
    """G-4: clients with one DUID on two links are two clients, with a limit each."""
    site.add_client_link(2)
    site.start_relayd(config=conf(site, "prefixes-per-client = 1\n"))
    bench = Bench(site)
    first = Router(site, 1, bench=bench)
    second = Router(site, 2, bench=bench)
    first.request((1, [(PREFIX, 48, 60, 60)]))
    second.request((1, [("2001:db8:f002::", 48, 60, 60)]))
    first.request((2, [("2001:db8:f003::", 48, 60, 60)]))  # delivered, but over the limit (G-1)
    second.release((1, []))
    net = "2001:db8:f002::/48"
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET, net})
    metrics = control(site, "metrics")["metrics"]
    assert 'netboot6_relay_prefixes_refused_total{reason="client-limit"} 1' in metrics
    assert 'netboot6_relay_prefixes{link="lan1",state="active"} 1' in metrics


def test_the_limit_of_a_link(site):
    site.start_relayd(config=conf(site, link='link "lan1" { routes = true prefixes-per-link = 2 }'))
    bench = Bench(site)
    for n in range(1, 5):
        Router(site, 1, f"02:00:5e:10:00:0{n}", f"fe80::{n}", bench).request(
            (1, [(f"2001:db8:f00{n}::", 48, 60, 60)])
        )
    nets = {f"2001:db8:f00{n}::/48": (f"fe80::{n}", "lan1") for n in (1, 2)}
    await_routes(site, nets, nets)


# --- the kernel's links ---------------------------------------------------------------


def test_the_link_goes_down_and_comes_back(site):
    """The kernel deletes the routes of a link that goes down, and restores none (S-2)."""
    site.start_relayd(config=conf(site))
    Router(site).request((1, [(PREFIX, 48, 600, 600)]))
    there = {NET: (CLIENT, "lan1")}
    await_routes(site, there, {NET})
    site.router.ip("link", "set", "lan1", "down")
    await_routes(site, {}, {NET})
    assert control(site, "prefixes")["prefixes"][0]["state"] == "link-down"
    site.router.ip("link", "set", "lan1", "up")
    await_routes(site, there, {NET})
    # An MTU below 1280 ends IPv6 on the link, and so do its routes.
    site.router.ip("link", "set", "lan1", "mtu", 1200)
    wait_for(lambda: routes(site)[0] == {}, what="the kernel deletes the route")
    site.router.ip("link", "set", "lan1", "mtu", 1500)
    await_routes(site, there, {NET})
    # In one go: both events are read together.
    site.router.run("sh", "-c", "ip link set lan1 down; ip link set lan1 up")
    await_routes(site, there, {NET})
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 1)
    wait_for(lambda: routes(site)[0] == {}, what="the kernel deletes the route")
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 0)
    await_routes(site, there, {NET})


def test_the_link_is_deleted_and_created_again(site):
    site.start_relayd(config=conf(site))
    Router(site).request((1, [(PREFIX, 48, 600, 600)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    site.router.ip("link", "del", "lan1")
    await_routes(site, {}, {NET})
    site.lab.veth(site.clients, "port-1", site.router, "lan1")
    site.clients.bridge_port("br-1", "port-1")
    site.router.address("lan1", "2001:db8:1::1/64")
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})


def test_the_route_of_someone_else_stays(site):
    site.router.ip("-6", "route", "add", NET, "via", "2001:db8:100::69", "metric", 1024)
    relayd = site.start_relayd(config=conf(site))
    Router(site).request((1, [(PREFIX, 48, 600, 600)]))
    relayd.wait_for_line("another program has a route to this delegated prefix")
    await_routes(site, {}, {NET})
    assert control(site, "prefixes")["prefixes"][0]["state"] == "foreign-route"
    shown = site.router.ip("-6", "route", "show", NET).stdout
    assert "via 2001:db8:100::69" in shown
    # When it is gone, ours is installed.
    site.router.ip("-6", "route", "del", NET, "via", "2001:db8:100::69")
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})


# --- loops ----------------------------------------------------------------------------


def _sent_from_upstream(site, destination):
    """What the router does with a datagram from the server into the prefix."""
    site.server.ip("-6", "route", "replace", "2001:db8:f000::/36", "via", CORE_ROUTER)
    wire = site.server.wire("core")
    with site.server.entered(), socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x", (destination, 9))
    frame = wire.expect(
        lambda p: IPv6 in p and (p[IPv6].dst == destination or ICMPv6DestUnreach in p),
        what="the datagram or an error from the router",
    )
    return "error" if ICMPv6DestUnreach in frame else "came back"


def test_no_loop_for_a_prefix_that_has_ended(site):
    """The router's default route leads to the server's side, as an uplink does."""
    site.router.ip("-6", "route", "add", "default", "via", SERVER)
    site.start_relayd(config=conf(site))
    router = Router(site)
    router.request((1, [(PREFIX, 48, 600, 600)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    router.release((1, []))
    await_routes(site, {}, {NET})
    assert _sent_from_upstream(site, f"{PREFIX}1") == "error"
    # A prefix that nobody was given does leave again: that is what a pool is for.
    assert _sent_from_upstream(site, "2001:db8:f009::1") == "came back"


def test_pools(site):
    pools = 'prefix-pools = {"2001:db8:f000::/36"}\n'
    site.router.ip("-6", "route", "add", "default", "via", SERVER)
    site.start_relayd(config=conf(site, pools))
    await_routes(site, {}, {"2001:db8:f000::/36"})
    assert _sent_from_upstream(site, "2001:db8:f009::1") == "error"
    router = Router(site)
    router.request((1, [(PREFIX, 48, 600, 600), ("2001:db8:e001::", 48, 600, 600)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {"2001:db8:f000::/36"})
    metrics = control(site, "metrics")["metrics"]
    assert 'netboot6_relay_prefixes_refused_total{reason="outside-pools"} 1' in metrics
    # A reload that takes the pool away, and then the routes.
    (site.lab.directory / "relayd.conf").write_text(conf(site))
    assert control(site, "reload")["reloaded"]
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    (site.lab.directory / "relayd.conf").write_text(conf(site, link=""))
    assert control(site, "reload")["reloaded"]
    await_routes(site, {}, {})


# --- restarts -------------------------------------------------------------------------


def test_a_restart_keeps_the_routes(site):
    config = conf(site)
    relayd = site.start_relayd(config=config)
    router = Router(site)
    hop = (CLIENT, "lan1")
    router.request((1, [(PREFIX, 48, 600, 600)]), (2, [("2001:db8:f002::", 48, 1, 2)]))
    gone = "2001:db8:f002::/48"
    await_routes(site, {NET: hop, gone: hop}, {NET, gone})
    before = control(site, "prefixes")["prefixes"]
    relayd.stop()
    # What is there while it does not run stays there; what is no delegation's is removed.
    assert routes(site) == ({NET: hop, gone: hop}, {NET, gone})
    site.router.ip("-6", "route", "add", "2001:db8:f009::/48", "via", "fe80::5", "dev", "lan1",
                   "proto", 147)  # fmt: skip
    time.sleep(2.1)  # so that one expires meanwhile
    relayd = site.start_relayd(config=config)
    await_routes(site, {NET: hop}, {NET, gone})
    after = control(site, "prefixes")["prefixes"]
    [one] = [p for p in after if p["prefix"] == NET]
    [same] = [p for p in before if p["prefix"] == NET]
    for key in ("link", "next-hop", "duid", "iaid"):
        assert one[key] == same[key]
    assert abs(one["valid-until"] - same["valid-until"]) <= 1
    # The power fails: the kernel has nothing, the file has it.
    relayd.stop()
    site.router.ip("-6", "route", "flush", "proto", 147)
    with (site.lab.directory / "state" / "prefixes").open("ab") as file:
        file.write(b"active 2001:db8:f00a::/48 lan1 fe80::")  # cut off
    site.start_relayd(config=config)
    await_routes(site, {NET: hop}, {NET, gone})


def test_a_state_file_that_cannot_be_written(site):
    text = conf(site).replace(str(site.lab.directory / "state"), "/proc/nowhere")
    relayd = site.start_relayd(config=text)
    Router(site).request((1, [(PREFIX, 48, 600, 600)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    relayd.wait_for_line("cannot store delegated prefixes")


# --- privileges -----------------------------------------------------------------------


@pytest.mark.parametrize("has_routes", [False, True])
def test_the_privilege_to_change_routes_is_kept_only_when_asked(site, has_routes):
    text = conf(site) if has_routes else conf(site, link="")
    (site.lab.directory / "state").mkdir()
    (site.lab.directory / "state").chmod(0o777)
    relayd = site.start_relayd(config=text, as_user="nobody")
    relayd.wait_for_line("notice: ready: ")
    status = Path(f"/proc/{relayd.pid}/status").read_text()
    mask = {line.split()[0]: int(line.split()[1], 16) for line in status.splitlines()
            if line.startswith("Cap")}  # fmt: skip
    assert mask["CapEff:"] == mask["CapPrm:"] == (1 << 12 if has_routes else 0)
    Router(site).request((1, [(PREFIX, 48, 600, 600)]))
    if has_routes:
        await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
        wait_for(lambda: (site.lab.directory / "state" / "prefixes").exists(), what="state file")
    else:
        assert routes(site) == ({}, set())
        (site.lab.directory / "relayd.conf").write_text(conf(site))
        control(site, "reload")
        relayd.wait_for_line("CAP_NET_ADMIN")


# --- what operators see ---------------------------------------------------------------


def test_what_operators_see(site):
    relayd = site.start_relayd(config=conf(site))
    router = Router(site)
    router.request((7, [(PREFIX, 48, 1800, 3600)]))
    await_routes(site, {NET: (CLIENT, "lan1")}, {NET})
    relayd.wait_for_line(f"lan1: prefix {NET} delegated to client ")
    [shown] = control(site, "prefixes")["prefixes"]
    assert shown["prefix"] == NET
    assert shown["state"] == "installed"
    assert shown["link"] == "lan1"
    assert shown["next-hop"] == CLIENT
    assert shown["duid"] == bytes(router.duid).hex()
    assert shown["iaid"] == 7
    assert abs(shown["valid-until"] - time.time() - 3600) < 10
    assert abs(shown["preferred-until"] - time.time() - 1800) < 10
    command = (program("netboot6/netboot6"), "--control", site.lab.directory / "relayd.sock", "relay")
    text = run(*command, "prefixes").stdout
    assert re.search(rf"^{NET} +installed +lan1 +{CLIENT}", text, re.MULTILINE), text
    # O-2: an operator ends one, and forgets it.
    run(*command, "clear-prefix", NET)
    await_routes(site, {}, {NET})
    run(*command, "clear-prefix", NET)
    await_routes(site, {}, {})
    failed = run(*command, "clear-prefix", NET, check=False)
    assert failed.returncode != 0 and "no delegated prefix" in failed.stderr


def test_many_prefixes_come_in_pages(site):
    settings = "prefixes-per-client = 1000\nprefixes-per-link = 1000\n"
    site.start_relayd(config=conf(site, settings))
    router = Router(site)
    wanted = []
    for part in range(40):  # as many as fit into a datagram
        numbers = range(part * 20 + 1, part * 20 + 21)
        router.request(*[(n, [(f"2001:db8:{n:x}::", 48, 600, 600)]) for n in numbers])
        wanted += [f"2001:db8:{n:x}::/48" for n in numbers]
    wait_for(lambda: len(routes(site)[0]) == 800, what="800 routes")
    shown = [p["prefix"] for p in control(site, "prefixes")["prefixes"]]
    assert sorted(shown) == sorted(wanted)


# --- Kea ------------------------------------------------------------------------------


KEA = """{{"Dhcp6": {{
    "interfaces-config": {{"interfaces": ["core/{server}"]}},
    "lease-database": {{"type": "memfile", "persist": false}},
    "server-id": {{"type": "EN", "enterprise-id": 1, "identifier": "0102030405", "persist": false}},
    "valid-lifetime": 600, "preferred-lifetime": 300,
    "subnet6": [{{
        "id": 1, "subnet": "2001:db8:1::/64", "interface-id": "lan1",
        "pd-pools": [{{"prefix": "2001:db8:f000::", "prefix-len": 36, "delegated-len": 56}}]
    }}],
    "loggers": [{{"name": "kea-dhcp6", "severity": "INFO",
                 "output_options": [{{"output": "stderr"}}]}}]
}}}}"""


@pytest.mark.skipif(bool(missing_programs("kea-dhcp6")), reason="kea-dhcp6-server is not installed")
def test_kea_delegates(site):
    conf_file = site.lab.file("kea.json", KEA.format(server=SERVER))
    env = {"KEA_PIDFILE_DIR": str(site.lab.directory), "KEA_LOCKFILE_DIR": "none"}
    kea = site.server.popen("kea", "kea-dhcp6", "-c", conf_file, env=env)
    kea.wait_for_line("DHCP6_STARTED")
    relayd = site.start_relayd(config=conf(site))
    wire = site.clients.wire("br-1")
    duid = DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
    bench = Bench.__new__(Bench)  # its client only; Kea has the port
    bench.wire = wire

    def ask(message):
        bench.send(message)
        frame = wire.expect(dhcp_to(CLIENT), what=f"Kea's answer; {relayd.tail()}")
        return frame[UDP].payload

    offer = ask(DHCP6_Solicit(trid=1) / duid / DHCP6OptIA_PD(iaid=5))
    chosen = offer[DHCP6OptIA_PD].iapdopt[0]
    server = DHCP6OptServerId(duid=offer[DHCP6OptServerId].duid)
    ask(DHCP6_Request(trid=2) / duid / server / DHCP6OptIA_PD(iaid=5, iapdopt=[chosen]))
    net = f"{chosen.prefix}/{chosen.plen}"
    await_routes(site, {net: (CLIENT, "lan1")}, {net})
    ask(DHCP6_Release(trid=3) / duid / server / DHCP6OptIA_PD(iaid=5, iapdopt=[chosen]))
    await_routes(site, {}, {net})
