# SPDX-License-Identifier: ISC
"""Routing toward the servers as routers really have it: policy rules, source addresses that belong to
several routers, and a server on a link that has clients, too.
"""

import pytest
from scapy.layers.dhcp6 import DHCP6_RelayForward, DHCP6_Reply, DHCP6OptRelayMsg

from lab.bench import CLIENT, Bench, dhcp_to, dropped
from lab.netns import wait_for
from lab.test_servers import Servers, await_server
from lab.topology import SERVER, program

BEHIND = "2001:db8:d::69"  # the server's address behind both uplinks
SOURCE = "2001:db8:ffff::1"


# --- policy routing ---------------------------------------------------------------------


@pytest.fixture
def uplinks(site):
    """The main table leads to the server by core, table 100 by up2. Replies come back by up2."""
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    site.server.address("lo", f"{BEHIND}/128")
    site.router.address("lo", f"{SOURCE}/128")
    site.server.route(f"{SOURCE}/128", "via", "2001:db8:200::1", "dev", "up2")
    site.server.route("2001:db8:100::1/128", "via", "2001:db8:200::1", "dev", "up2")
    site.router.route(f"{BEHIND}/128", "via", SERVER, "dev", "core")
    site.router.route(f"{BEHIND}/128", "via", "2001:db8:200::69", "dev", "up2", "table", "100")
    return site


RULES = {
    "source": (("from", SOURCE), f'source = "{SOURCE}"\n'),
    "auto source": (("from", "2001:db8:100::1"), ""),
    "ports": (("ipproto", "udp", "dport", "547"), ""),
    "source port": (("ipproto", "udp", "sport", "1547"), "source-port = 1547\n"),
    "mark": (("fwmark", "0x10"), "fwmark = 0x10\n"),
    "socket owner": (("uidrange", "0-0"), 'user = "nobody"\n'),
}


@pytest.mark.parametrize("name", RULES)
def test_the_path_is_the_one_that_policy_routing_takes(uplinks, name):
    site = uplinks
    rule, setting = RULES[name]
    site.router.ip("-6", "rule", "add", *rule, "lookup", "100")
    relayd = site.start_relayd(
        config=f'interfaces = {{"lan*"}}\nserver "{BEHIND}" {{}}\n{setting}')
    row = await_server(site, server=BEHIND, reachable=True)
    assert (row["uplink"], row["next-hop"]) == ("up2", "2001:db8:200::69"), relayd.tail()
    bench = Servers(site)
    server = site.server.udp_socket(BEHIND, 547)
    server.settimeout(10)
    message = bench.solicit()
    bench.send(message)
    data, sender = server.recvfrom(65535)
    relayed = DHCP6_RelayForward(data)
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
    assert sender[0] == row["source"]
    server.sendto(bytes(bench.reply(relayed, DHCP6_Reply(trid=bench.xid))), sender)
    bench.wire.expect(dhcp_to(CLIENT))
    assert dropped(site, "reply-from-other-link") == 0
    # Without the rule the path is the other one again, with no packet and no reload.
    site.router.ip("-6", "rule", "del", *rule, "lookup", "100")
    await_server(site, server=BEHIND, uplink="core")


# --- the source address -------------------------------------------------------------------


def expect_source(bench, source):
    bench.send(bench.solicit())
    assert bench.at_server()[1][0] == source


def test_a_unique_loopback_address_goes_before_that_of_a_client_link(site):
    """The uplink has link-local addresses only, and the client link an anycast gateway's."""
    site.server.address("lo", f"{SERVER}/128")
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    neighbour = next(
        row.split("/")[0].split()[-1]
        for row in site.server.ip("-6", "addr", "show", "dev", "core").stdout.splitlines()
        if "fe80" in row)
    site.router.route("default", "via", neighbour, "dev", "core")
    site.server.ip("-6", "addr", "del", f"{SERVER}/64", "dev", "core")
    own = next(
        row.split("/")[0].split()[-1]
        for row in site.router.ip("-6", "addr", "show", "dev", "core").stdout.splitlines()
        if "fe80" in row)
    site.server.ip("-6", "route", "replace", "default", "via", own, "dev", "core")
    relayd = site.start_relayd()
    await_server(site, source="2001:db8:1::1")  # there is no other one
    since = relayd.mark()
    site.router.address("lo", f"{SOURCE}/128")
    relayd.wait_for_line(f"source {SOURCE}, previous uplink core, previous source 2001:db8:1::1",
                         since=since)
    expect_source(Bench(site), SOURCE)


def test_a_virtual_address_with_a_prefix_is_no_source(site):
    """As keepalived assigns it, nearer to the server's address than the router's own."""
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    site.router.ip("-6", "addr", "add", "2001:db8:100::1/64", "dev", "core")
    site.router.ip("-6", "addr", "add", "2001:db8:100::68/64", "dev", "core", "nodad")
    asked = site.router.ip("-6", "route", "get", SERVER).stdout
    assert "src 2001:db8:100::68" in asked, "the kernel would use it"
    site.start_relayd()
    bench = Bench(site)
    await_server(site, source="2001:db8:100::1")
    expect_source(bench, "2001:db8:100::1")
    # It is used if there is no other one.
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    expect_source(bench, "2001:db8:100::68")


def test_nothing_is_sent_while_the_configured_source_is_absent(site):
    site.server.route(f"{SOURCE}/128", "via", "2001:db8:100::1")
    relayd = site.start_relayd(
        config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\nsource = "{SOURCE}"\n')
    row = await_server(site, server=SERVER, reachable=False)
    assert row["reason"] == f"the source address {SOURCE} is not assigned on this router"
    relayd.wait_for_line(f"the source address {SOURCE} is not assigned on this router; messages")
    bench = Bench(site)
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-source") == 1)
    site.router.address("lo", f"{SOURCE}/128")
    await_server(site, server=SERVER, reachable=True, source=SOURCE)
    message = bench.solicit()
    bench.send(message)
    relayed, sender = bench.at_server()
    assert sender[0] == SOURCE
    assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
    # It vanishes again: the kernel would choose another one.
    site.router.ip("-6", "addr", "del", f"{SOURCE}/128", "dev", "lo")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-source") == 2)
    bench.server.setblocking(False)
    with pytest.raises(BlockingIOError):
        bench.server.recv(65535)


def test_a_source_link_may_have_its_address_as_128(site):
    """A dummy link, as many routers have for their loopback address; here it is a veth."""
    site.lab.veth(site.router, "dummy0", site.server, "dummy0")
    site.router.address("dummy0", f"{SOURCE}/128")
    site.server.route(f"{SOURCE}/128", "via", "2001:db8:100::1")
    site.start_relayd(
        config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\nsource = dummy0\n')
    await_server(site, server=SERVER, reachable=True, source=SOURCE)
    expect_source(Bench(site), SOURCE)


# --- a server among the clients ---------------------------------------------------------------

IN_LAN = "2001:db8:1::69"


class LanServer(Servers):
    """A server on br-1, where the clients are."""

    def __init__(self, site):
        super().__init__(site)
        site.clients.address("br-1", f"{IN_LAN}/64")
        site.clients.route("default", "via", "2001:db8:1::1")
        self.sock = site.clients.udp_socket(IN_LAN, 547)
        self.sock.settimeout(10)

    def expect(self):
        message = self.solicit()
        self.send(message)
        data, sender = self.sock.recvfrom(65535)
        relayed = DHCP6_RelayForward(data)
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
        return bytes(self.reply(relayed, DHCP6_Reply(trid=self.xid))), sender


def test_a_server_on_a_client_link_that_its_section_names(site):
    site.add_client_link(2)
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{IN_LAN}" {{ interface = {{"lan1"}} }}
    """)
    bench = LanServer(site)
    row = await_server(site, server=IN_LAN, reachable=True, uplink="lan1")
    assert "reason" not in row
    answer, sender = bench.expect()
    assert sender[0] == "2001:db8:1::1"
    bench.sock.sendto(answer, sender)
    bench.wire.expect(dhcp_to(CLIENT))
    # Not from another port of that address, not from another host, not on another link.
    other_port = site.clients.udp_socket(IN_LAN, 10547)
    other_port.sendto(answer, sender)
    wait_for(lambda: dropped(site, "reply-from-client-link") == 1)
    site.clients.address("br-1", "2001:db8:1::66/64")
    site.clients.udp_socket("2001:db8:1::66", 547).sendto(answer, sender)
    wait_for(lambda: dropped(site, "reply-from-client-link") == 2)
    site.clients.ip("-6", "addr", "del", f"{IN_LAN}/64", "dev", "br-1")
    site.clients.address("br-2", f"{IN_LAN}/128")
    site.clients.address("br-2", "2001:db8:2::66/64")
    bench.sock.sendto(answer, ("2001:db8:2::1", 547))
    wait_for(lambda: dropped(site, "reply-from-client-link") == 3)


@pytest.mark.parametrize("daemon, setting, config", [
    ("relayd", "interfaces", 'interfaces = {{"{link}", "vlan*"}}\nserver "2001:db8::1" {{}}\n'),
    ("relayd", "trusted", 'interfaces = {{"lan*"}}\ntrusted = {{"{link}"}}\nserver "2001:db8::1" {{}}\n'),
    ("relayd", "server: interface",
     'interfaces = {{"lan*"}}\nserver "ff05::1:3" {{ interface = {{"{link}"}} }}\n'),
    ("relayd", "source", 'interfaces = {{"lan*"}}\nserver "2001:db8::1" {{}}\nsource = "{link}"\n'),
    ("relayd", "link",
     'interfaces = {{"lan*"}}\nserver "2001:db8::1" {{}}\nlink "{link}" {{ relay = false }}\n'),
    ("bootd", "listen", 'listen = {{"{link}", "!eth9"}}\nsubnet "2001:db8::/64" {{}}\n'),
    ("bootd", "interface", 'subnet "2001:db8::/64" {{ interface = "{link}" }}\n'),
])
def test_names_of_links_that_do_not_exist_are_warned_of(site, daemon, setting, config):
    """A pattern may match nothing, an exception too; an alternative name is a name."""
    site.router.ip("link", "property", "add", "dev", "core", "altname", "uplink-of-rack7-in-hall-2")
    names = ["core"] if setting == "source" else ["core", "uplink-of-rack7-in-hall-2"]
    for link in ("nosuch", *names):
        path = site.lab.file("check.conf", config.format(link=link))
        done = site.router.run(program(f"netboot6-{daemon}"), "-t", "-c", path, check=False)
        assert done.returncode == 0, done.stderr
        warned = f'{setting}: this host has no link "{link}" now; if the name is right, ' in done.stderr
        assert warned == (link == "nosuch")
        assert ("valid, with 1 warning: " in done.stdout + done.stderr) == warned


@pytest.mark.parametrize("interfaces, server, link, rest", [
    ('"lan*"', IN_LAN, "lan1", f'server "{SERVER}" {{}}'),
    ('"*"', SERVER, "core", ""),
])
def test_a_server_behind_a_client_link_is_warned_of(site, interfaces, server, link, rest):
    config = f'interfaces = {{{interfaces}}}\nserver "{server}" {{}}\n{rest}\n'
    hint = f'set interface = {{"{link}"}} in its section'
    path = site.lab.file("check.conf", config)
    done = site.router.run(program("netboot6-relayd"), "-t", "-c", path, check=False)
    assert done.returncode == 0
    assert f"the route to {server} leaves by the client-facing link {link}" in done.stderr
    assert hint in done.stderr
    relayd = site.start_relayd(config=config)
    relayd.wait_for_line(f"server {server}: its route leaves by the client-facing link {link}")
    assert hint in await_server(site, server=server)["reason"]
    # Its advice helps.
    quoted = f'interface = {{"{link}"}}'
    site.lab.file("relayd.conf", config.replace(f'"{server}" {{}}', f'"{server}" {{ {quoted} }}'))
    site.ask("relayd", "reload")
    assert "reason" not in await_server(site, server=server)
    assert site.router.run(
        program("netboot6-relayd"), "-t", "-c", site.lab.directory / "relayd.conf").stderr == ""
