# SPDX-License-Identifier: ISC
"""Client links that are made ports of a bridge or a bond, where their messages then come in."""

import pytest

from firmware.router_site import VLANS, TrunkBench, vlan_prefix
from lab.netns import wait_for

pytestmark = pytest.mark.in_guest

LINK = "vlan10"


def test_a_vlan_that_becomes_a_port_of_a_bridge(router_site):
    router = router_site.a
    router.start_relayd('"vlan*", "br-*"')
    router.add_vlan(10)
    router.await_state(LINK)
    bench = TrunkBench(router_site)
    bench.expect_from(10)
    kind = ("type", "bridge", "stp_state", 0, "forward_delay", 0)
    router.namespace.ip("link", "add", "name", "br-prov", "group", VLANS, "up", *kind)
    router.namespace.ip("link", "set", LINK, "master", "br-prov")
    assert "bridge" in router.await_state(LINK, "port")["reason"]
    router.namespace.address("br-prov", f"{vlan_prefix(10)}b/64")
    router.await_state("br-prov")
    bench.expect_from(10, link="br-prov", host="b")  # once: as the next one shows
    bench.expect_from(10, link="br-prov", host="b")
    router.namespace.ip("link", "set", LINK, "nomaster")
    router.await_state(LINK)
    bench.expect_from(10)


def test_a_bridge_that_matches_no_pattern_is_not_served(router_site):
    router = router_site.a
    router.start_relayd()
    router.add_vlan(10)
    router.add_vlan(20)
    router.await_state("vlan20")
    router.namespace.ip("link", "add", "name", "br-prov", "group", VLANS, "up", "type", "bridge")
    router.namespace.ip("link", "set", LINK, "master", "br-prov")
    router.namespace.address("br-prov", f"{vlan_prefix(10)}b/64")
    router.await_state(LINK, "port")
    bench = TrunkBench(router_site)
    bench.send(bench.solicit(), vlan=10)
    bench.expect_from(20)


def test_a_vlan_on_a_bond_outlives_its_ports(router_site):
    router, clients = router_site.a, router_site.clients
    for number in (1, 2):
        cable = f"to-a{number}"
        router_site.lab.veth(clients, cable, router.namespace, f"port{number}")
        clients.ip("link", "set", cable, "group", VLANS)  # deleted with the VLANs
        clients.bridge_port("trunk", cable)
    router.start_relayd('"vlan*", "port*"')
    mode = ("type", "bond", "mode", "active-backup", "miimon", 50)
    router.namespace.ip("link", "add", "name", "bond0", "group", VLANS, "up", *mode)
    for port in ("port1", "port2"):
        router.namespace.ip("link", "set", port, "down")
        router.namespace.ip("link", "set", port, "master", "bond0")
        router.await_state(port, "port")
    router.add_vlan(10, below="bond0")
    router.await_state(LINK)
    bench = TrunkBench(router_site)
    for port in ("port1", "port2", "port1"):
        router.namespace.ip("link", "set", "bond0", "type", "bond", "active_slave", port)
        bench.expect_from(10)
        bench.expect_from(10)
    clients.ip("link", "set", "to-a1", "down")  # the active one's cable
    active = "/sys/class/net/bond0/bonding/active_slave"
    wait_for(lambda: router.namespace.run("cat", active).stdout.strip() == "port2")
    bench.expect_from(10)
