# SPDX-License-Identifier: ISC
"""The paths to the servers: routes that change, source addresses, and the choice of servers."""

from scapy.layers.dhcp6 import (
    DHCP6_RelayForward,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptRelayMsg,
    DUID_LL,
)

from lab.bench import Bench, control
from lab.netns import wait_for
from lab.topology import SERVER


# --- routes --------------------------------------------------------------------------


def test_the_route_to_the_server_moves_and_the_next_message_follows(bench):
    site = bench.site
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    bench.expect_relayed(bench.solicit())
    # the old uplink and its address are gone; the server is behind the other one now
    site.router.ip("-6", "addr", "del", "2001:db8:100::1/64", "dev", "core")
    site.router.ip("-6", "route", "replace", "2001:db8:100::/64", "via", "2001:db8:200::69")
    bench.send(bench.solicit())
    _, sender = bench.at_server()
    assert sender[0] == "2001:db8:200::1"
    server = control(site, "servers")["servers"][0]
    assert (server["uplink"], server["source"]) == ("up2", "2001:db8:200::1")
    assert server["next-hop"] == "2001:db8:200::69"


def test_each_change_of_the_path_to_the_server_is_reported(site):
    relayd = site.start_relayd()
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    moves = (
        (("add", f"{SERVER}/128", "via", "2001:db8:200::69"), "up2"),
        (("del", f"{SERVER}/128"), "core"),
        (("add", f"{SERVER}/128", "via", "2001:db8:200::69", "metric", "10"), "up2"),
        (("add", f"{SERVER}/128", "dev", "core", "metric", "5"), "core"),
    )
    for number, (route, uplink) in enumerate(moves):
        since = relayd.mark()
        site.router.ip("-6", "route", *route)
        relayd.wait_for_line(rf"server {SERVER}: uplink {uplink},", since=since)
        server = control(site, "servers")["servers"][0]
        assert (server["uplink"], server["shifts"]) == (uplink, number + 1)
    site.router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    relayd.wait_for_line("no path: No route to host")
    assert control(site, "servers")["servers"][0]["reachable"] is False


def test_nexthop_objects_change_the_path(site):
    relayd = site.start_relayd()
    site.lab.veth(site.router, "up2", site.server, "up2")
    site.router.address("up2", "2001:db8:200::1/64")
    site.server.address("up2", "2001:db8:200::69/64")
    site.router.sysctl("net.ipv4.nexthop_compat_mode", 0)
    site.router.ip("nexthop", "add", "id", "7", "via", SERVER, "dev", "core")
    site.router.ip("-6", "route", "add", f"{SERVER}/128", "nhid", "7")
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    since = relayd.mark()
    site.router.ip("nexthop", "replace", "id", "7", "via", "2001:db8:200::69", "dev", "up2")
    relayd.wait_for_line(rf"server {SERVER}: uplink up2,", since=since)
    bench.expect_relayed(bench.solicit())


def test_remote_id_and_a_pinned_source(site):
    site.router.address("lo", "2001:db8:ffff::1/128")
    site.server.route("2001:db8:ffff::1", "via", "2001:db8:100::1")
    site.start_relayd(config=f"""
        interfaces = {{"lan*", "!lan9"}}
        server "{SERVER}" {{}}
        source = lo
        remote-id = "rack:%i"
        enterprise-number = 32473
    """)
    bench = Bench(site)
    bench.send(bench.solicit())
    relayed, sender = bench.at_server()
    assert sender[0] == "2001:db8:ffff::1"
    assert bytes.fromhex("0025000d00007ed9") + b"rack:lan1" in bytes(relayed)


# --- servers -------------------------------------------------------------------------


def test_two_servers_both_get_a_copy(site):
    site.server.address("core", "2001:db8:100::70/64")
    site.start_relayd(servers=(SERVER, "2001:db8:100::70"))
    bench = Bench(site)
    other = site.server.udp_socket("2001:db8:100::70", 547)
    other.settimeout(10)
    bench.send(bench.solicit())
    first, _ = bench.at_server()
    assert bytes(first) == other.recvfrom(65535)[0]


def test_forward_hash_gives_each_client_one_server(site):
    site.server.address("core", "2001:db8:100::70/64")
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        server "2001:db8:100::70" {{}}
        forward = hash
    """)
    bench = Bench(site)
    other = site.server.udp_socket("2001:db8:100::70", 547)
    for number in range(64):
        duid = DHCP6OptClientId(duid=DUID_LL(lladdr=f"02:00:00:00:01:{number:02x}"))
        for _ in range(2):
            bench.send(DHCP6_Solicit(trid=number) / duid)
    wait_for(lambda: control(site, "status")["counters"]["forwarded"] == 128)
    seen = {}
    for sock in (bench.server, other):
        sock.setblocking(False)
        while True:
            try:
                data, _ = sock.recvfrom(65535)
            except BlockingIOError:
                break
            number = DHCP6_RelayForward(data)[DHCP6OptRelayMsg].message.trid
            seen.setdefault(number, []).append(sock)
    assert len(seen) == 64
    assert all(len(got) == 2 and got[0] is got[1] for got in seen.values())
    assert {sock for got in seen.values() for sock in got} == {bench.server, other}
