# SPDX-License-Identifier: ISC
"""Settings of single links: the VLANs of each tenant go to the tenant's servers, in one daemon."""

import pytest
from scapy.layers.dhcp6 import DHCP6_RelayForward, DHCP6_Reply, DHCP6OptIfaceId, DHCP6OptRelayMsg

from lab.bench import CLIENT, CLIENT_MAC, Bench, dhcp_to, link_state
from lab.netns import wait_for
from lab.test_servers import OTHER, await_server, servers
from lab.topology import SERVER, Site, program

SOURCE = "2001:db8:ffff::1"


@pytest.fixture
def tenants(lab):
    """lan1 and lan2 of one tenant, lan3 of another, lan4 of nobody; a server for each tenant."""
    site = Site(lab, client_links=4)
    site.router.address("lo", f"{SOURCE}/128")
    site.server.address("core", f"{OTHER}/64")
    site.server.route(f"{SOURCE}/128", "via", "2001:db8:100::1")
    for number in site.links:
        site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", f"lan{number}")
    return site


class Tenants:
    """A client on each link and both servers."""

    def __init__(self, site):
        self.site = site
        self.bench = {n: Bench(site, n) if n == 1 else None for n in (1,)}
        self.first = self.bench[1]
        self.sock = {SERVER: self.first.server, OTHER: site.server.udp_socket(OTHER, 547)}
        for sock in self.sock.values():
            sock.settimeout(10)
        self.wire = {1: self.first.wire}
        for number in (2, 3, 4):
            self.wire[number] = site.clients.wire(f"br-{number}")

    def relay(self, number, server):
        """A Solicit on lanN comes to this server and no other; returns it and its source."""
        message = self.first.solicit()
        packet = self.first.frame(CLIENT_MAC, "33:33:00:01:00:02") / self.first.packet(message)
        self.wire[number].send(packet)
        data, sender = self.sock[server].recvfrom(65535)
        relayed = DHCP6_RelayForward(data)
        assert bytes(relayed[DHCP6OptRelayMsg].message) == bytes(message)
        for address, sock in self.sock.items():
            if address != server:
                sock.setblocking(False)
                with pytest.raises(BlockingIOError):
                    sock.recv(65535)
                sock.settimeout(10)
        return relayed, sender

    def answer(self, number, server, relayed, sender):
        reply = self.first.reply(relayed, DHCP6_Reply(trid=self.first.xid))
        self.sock[server].sendto(bytes(reply), sender)
        self.wire[number].expect(dhcp_to(CLIENT))


def test_links_of_a_tenant_go_to_its_server_by_its_source(tenants):
    site = tenants
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        server "{OTHER}" {{}}
        servers = {{"{SERVER}"}}
        remote-id = "default"
        enterprise-number = 32473
        link "lan3" {{
            servers = {{"{OTHER}"}}
            source = "{SOURCE}"
            interface-id = "blue/%i"
            remote-id = "blue"
        }}
        link "lan2" {{ source = lo }}
    """)
    bench = Tenants(site)
    expected = {
        1: (SERVER, "2001:db8:100::1", b"lan1", b"default"),
        2: (SERVER, SOURCE, b"lan2", b"default"),
        3: (OTHER, SOURCE, b"blue/lan3", b"blue"),
        4: (SERVER, "2001:db8:100::1", b"lan4", b"default"),
    }
    for number, (server, source, interface_id, remote_id) in expected.items():
        relayed, sender = bench.relay(number, server)
        assert sender[0] == source
        assert relayed[DHCP6OptIfaceId].ifaceid == interface_id
        assert b"\x7e\xd9" + remote_id in bytes(relayed)
        bench.answer(number, server, relayed, sender)
    # One row for each server and source, each with its own messages and replies.
    rows = {(row["server"], row["source"]): (row["forwarded"], row["replies"])
            for row in servers(site)}
    assert rows == {
        (SERVER, "2001:db8:100::1"): (2, 2), (SERVER, SOURCE): (1, 1), (OTHER, SOURCE): (1, 1)}
    # A reload moves a link to the other tenant, at once and with its counters.
    site.lab.file("relayd.conf", f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        server "{OTHER}" {{}}
        link "lan*" {{ servers = {{"{OTHER}"}} }}
    """)
    site.ask("relayd", "reload")
    relayed, sender = bench.relay(1, OTHER)
    bench.answer(1, OTHER, relayed, sender)
    assert link_state(site, "lan1")["counters"]["forwarded"] == 2


def test_a_source_that_one_tenant_lacks_stops_only_that_tenant(tenants):
    site = tenants
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        link "lan3" {{ source = "2001:db8:ffff::99" }}
    """)
    bench = Tenants(site)
    await_server(site, server=SERVER, state="no-source")
    bench.wire[3].send(bench.first.frame(CLIENT_MAC, "33:33:00:01:00:02")
                       / bench.first.packet(bench.first.solicit()))
    wait_for(lambda: link_state(site, "lan3")["counters"]["dropped"] == {"no-source": 1})
    bench.relay(1, SERVER)


def test_while_address_may_be_the_end_of_an_address(tenants):
    """One section for all VLANs, whose virtual addresses end alike."""
    site = tenants
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        link "lan*" {{ while-address = "::f" }}
    """)
    bench = Tenants(site)
    for number in (1, 2):
        name = f"lan{number}"
        assert link_state(site, name)["state"] == "standby"
        site.router.address(name, f"2001:db8:{number}::f/64")
        wait_for(lambda: link_state(site, name)["state"] == "ready")
        bench.relay(number, SERVER)
    assert link_state(site, "lan3")["state"] == "standby"
    assert link_state(site, "lan3")["reason"] == "::f is not assigned on this router: standby"
    site.router.ip("-6", "addr", "del", "2001:db8:1::f/64", "dev", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "standby")
    # An address that only contains it is another one.
    site.router.address("lan1", "2001:db8:1::f:f/64")
    bench.relay(2, SERVER)
    assert link_state(site, "lan1")["state"] == "standby"


def test_two_instances_on_one_host(tenants):
    """Each with links, a source port and a control socket of its own: neither takes the other's."""
    site = tenants
    for number, (link, server) in enumerate((("lan1", SERVER), ("lan3", OTHER)), 1):
        config = site.lab.file(f"instance{number}.conf", f"""
            interfaces = {{"{link}"}}
            server "{server}" {{}}
            source-port = {1547 + number}
            control = "{site.lab.directory}/instance{number}.sock"
        """)
        relayd = site.router.popen(f"instance{number}", program("netboot6-relayd"), "-f", "-c",
                                   config, ours=True)
        relayd.wait_for_line("notice: ready: ")
    bench = Tenants(site)
    for number, server, port in ((1, SERVER, 1548), (3, OTHER, 1549)):
        relayed, sender = bench.relay(number, server)
        assert sender[1] == port
        assert relayed[DHCP6OptIfaceId].ifaceid == f"lan{number}".encode()
        bench.answer(number, server, relayed, sender)
