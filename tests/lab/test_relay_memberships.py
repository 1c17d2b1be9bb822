# SPDX-License-Identifier: ISC
"""The relay keeps receiving whatever drops its memberships of ff02::1:2, and its state is true.

The kernel drops a link's memberships, without an event, when it destroys the link's IPv6: if the
MTU falls below 1280, or if the link leaves the network namespace.
"""

import os
import signal
import sys

import pytest

from lab.bench import Bench, control, link_state
from lab.netns import link_local, wait_for
from lab.test_relay_life import HOLDER
from lab.topology import SERVER, Site, program


def low_mtu(site):
    """`ip link set lan1 mtu 1200; ip link set lan1 mtu 1500`, and the address again."""
    site.router.ip("link", "set", "lan1", "mtu", "1200")
    site.router.ip("link", "set", "lan1", "mtu", "1500")
    site.router.ip("-6", "addr", "replace", "2001:db8:1::1/64", "dev", "lan1", "nodad")


def disable_ipv6(site):
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 1)
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 0)
    site.router.ip("-6", "addr", "replace", "2001:db8:1::1/64", "dev", "lan1", "nodad")


def leave_namespace(site):
    """The link moves to another namespace and returns with its ifindex."""
    other = site.server.full_name
    site.router.ip("link", "set", "lan1", "netns", other)
    site.server.ip("link", "set", "lan1", "netns", site.router.full_name)
    site.router.ip("link", "set", "lan1", "up")
    site.router.ip("-6", "addr", "replace", "2001:db8:1::1/64", "dev", "lan1", "nodad")


REBUILDS = [low_mtu, disable_ipv6, leave_namespace]


def relayd_pid(site):
    return next(p.pid for p in site.lab.processes if p.name == "relayd")


def expect_served(bench):
    """Joined, ready, and a message is relayed."""
    site = bench.site
    wait_for(lambda: site.router.joined("lan1"))
    wait_for(lambda: link_state(site, "lan1")["state"] == "ready")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"


@pytest.mark.parametrize("rebuild", REBUILDS)
def test_a_link_whose_ipv6_was_rebuilt_is_joined_again(bench, rebuild):
    expect_served(bench)
    rebuild(bench.site)
    expect_served(bench)


@pytest.mark.parametrize("rebuild", REBUILDS)
def test_a_rebuild_whose_events_were_lost_is_repaired(bench, rebuild):
    """The relay is stopped meanwhile, and its event socket overruns before the rebuild."""
    site = bench.site
    expect_served(bench)
    site.lab.veth(site.router, "junk", site.router, "junk-peer")
    lines = "".join(f"link set dev junk mtu {1400 + n % 90}\n" for n in range(9000))
    os.kill(relayd_pid(site), signal.SIGSTOP)
    site.router.ip("-batch", site.lab.file("storm.batch", lines))
    rebuild(site)
    os.kill(relayd_pid(site), signal.SIGCONT)
    wait_for(lambda: control(site, "status")["netlink"]["overruns"] > 0)
    expect_served(bench)


def test_a_repair_is_counted(bench):
    site = bench.site
    os.kill(relayd_pid(site), signal.SIGSTOP)
    low_mtu(site)
    os.kill(relayd_pid(site), signal.SIGCONT)
    expect_served(bench)
    assert control(site, "status")["membership-repairs"] == 1
    metrics = site.ask("relayd", "metrics")
    assert "netboot6_relay_membership_repairs_total 1" in str(metrics)


def test_disable_ipv6_keeps_the_membership(bench):
    """Measured: unlike a low MTU it costs no membership, so there is nothing to repair."""
    site = bench.site
    expect_served(bench)
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 1)
    wait_for(lambda: "IPv6 is disabled" in link_state(site, "lan1")["reason"])
    assert site.router.joined("lan1")
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 0)
    site.router.ip("-6", "addr", "replace", "2001:db8:1::1/64", "dev", "lan1", "nodad")
    expect_served(bench)
    assert control(site, "status")["membership-repairs"] == 0


def test_a_bridge_whose_mtu_follows_a_tunnel_port_is_joined_again(lab):
    site = Site(lab, client_links=0)
    site.router.bridge("lan1")
    site.clients.bridge("br-1")
    lab.veth(site.clients, "port-1", site.router, "port-1")
    site.clients.bridge_port("br-1", "port-1")
    site.router.bridge_port("lan1", "port-1")
    site.router.address("lan1", "2001:db8:1::1/64")
    site.links.append(1)
    site.start_relayd(interfaces="lan1")
    bench = Bench(site)
    expect_served(bench)
    lab.veth(site.router, "tunnel", site.router, "tunnel-peer")
    site.router.ip("link", "set", "tunnel", "mtu", "1230")
    site.router.ip("link", "set", "tunnel", "master", "lan1", "up")
    wait_for(lambda: "1280" in link_state(site, "lan1").get("reason", ""))
    site.router.ip("link", "del", "tunnel")
    site.router.ip("-6", "addr", "replace", "2001:db8:1::1/64", "dev", "lan1", "nodad")
    expect_served(bench)


def test_a_membership_that_a_passed_socket_lost_is_joined_after_a_restart(site):
    argv = (program("netboot6-relayd"), "-f", "--control", site.lab.directory / "relayd.sock",
            "-i", "lan*", "-s", SERVER)
    holder = site.router.popen("holder", sys.executable, "-c", HOLDER, *argv, ours=True)
    holder.wait_for_line("ready: ")
    bench = Bench(site)
    expect_served(bench)
    pid = int(holder.text().rsplit("started ", 1)[1].split()[0])
    os.kill(pid, signal.SIGSTOP)
    low_mtu(site)
    os.kill(pid, signal.SIGTERM)
    os.kill(pid, signal.SIGCONT)
    wait_for(lambda: holder.text().count("ready: ") == 2)
    expect_served(bench)


# --- states --------------------------------------------------------------------------


def test_the_state_names_what_is_wrong_with_ipv6(bench):
    site = bench.site
    site.router.ip("link", "set", "lan1", "mtu", "1200")
    wait_for(lambda: link_state(site, "lan1")["reason"].startswith("MTU 1200 is below 1280"))
    assert link_state(site, "lan1")["state"] == "down"
    site.router.ip("link", "set", "lan1", "mtu", "1500")
    wait_for(lambda: site.router.has_address(link_local(site.router.mac("lan1")), "lan1"))
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 1)
    wait_for(lambda: link_state(site, "lan1")["reason"].startswith("IPv6 is disabled on the link"))
    assert link_state(site, "lan1")["state"] == "down"
    site.router.sysctl("net.ipv6.conf.lan1.disable_ipv6", 0)
    site.router.address("lan1", "2001:db8:1::1/64")
    expect_served(bench)


def test_a_link_without_a_link_local_address_is_not_ready(bench):
    site = bench.site
    own = link_local(site.router.mac("lan1"))
    site.router.ip("-6", "addr", "del", f"{own}/64", "dev", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "no address")
    assert "no link-local address" in link_state(site, "lan1")["reason"]
    site.router.address("lan1", "fe80::1/64")
    expect_served(bench)


def test_a_duplicate_link_local_address_is_named(bench):
    site = bench.site
    own = link_local(site.router.mac("lan1"))
    site.router.ip("-6", "addr", "del", f"{own}/64", "dev", "lan1")
    site.router.sysctl("net.ipv6.conf.lan1.accept_dad", 1)
    site.clients.ip("-6", "addr", "add", "fe80::dad/64", "dev", "br-1", "nodad")
    site.router.ip("-6", "addr", "add", "fe80::dad/64", "dev", "lan1")
    wait_for(lambda: link_state(site, "lan1")["reason"] == "fe80::dad is a duplicate on the link")
    assert link_state(site, "lan1")["state"] == "no address"
