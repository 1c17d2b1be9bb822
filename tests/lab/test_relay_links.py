# SPDX-License-Identifier: ISC
"""The relay follows the kernel without a restart: client links and addresses that appear and vanish."""

import os
import signal

from scapy.layers.dhcp6 import DHCP6_Reply, DHCP6OptIfaceId

from lab.bench import CLIENT, Bench, control, dhcp_to, dropped, link_state
from lab.netns import wait_for
from lab.topology import SERVER, Site


# --- links ---------------------------------------------------------------------------


def test_a_link_that_appears_is_served_at_once(bench):
    site = bench.site
    assert link_state(site, "lan2") is None
    site.add_client_link(2)
    wait_for(lambda: site.router.joined("lan2"))
    bench.wire = site.clients.wire("br-2")
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("2001:db8:2::1", b"lan2")
    assert link_state(site, "lan2")["state"] == "ready"


def test_a_link_that_is_created_again_is_served_again(bench):
    site = bench.site
    bench.expect_relayed(bench.solicit())
    before = link_state(site, "lan1")["ifindex"]
    site.router.ip("link", "del", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "absent")
    site.lab.veth(site.clients, "port-1", site.router, "lan1")
    site.clients.bridge_port("br-1", "port-1")
    site.router.address("lan1", "2001:db8:1::1/64")
    wait_for(lambda: site.router.joined("lan1"))
    bench.expect_relayed(bench.solicit())
    after = link_state(site, "lan1")
    assert after["ifindex"] != before
    assert after["counters"]["received"]["Solicit"] == 2, "counters outlive the link"


def test_a_reply_for_a_removed_link_is_counted(bench):
    site = bench.site
    relayed = bench.expect_relayed(bench.solicit())
    site.router.ip("link", "del", "lan1")
    wait_for(lambda: link_state(site, "lan1")["state"] == "absent")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=1)))
    wait_for(lambda: dropped(site, "link-gone") == 1)


def test_a_renamed_link_is_known_by_its_new_name(bench):
    site = bench.site
    site.router.ip("link", "set", "lan1", "down", "name", "lan-east")
    site.router.ip("link", "set", "lan-east", "up")
    site.router.address("lan-east", "2001:db8:1::1/64")
    wait_for(lambda: (link_state(site, "lan-east") or {}).get("state") == "ready")
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptIfaceId].ifaceid == b"lan-east"
    assert link_state(site, "lan1")["state"] == "absent"
    site.router.ip("link", "set", "lan-east", "down", "name", "other")
    site.router.ip("link", "set", "other", "up")
    wait_for(lambda: not site.router.joined("other"))


def test_a_link_named_in_the_config_is_awaited(lab):
    site = Site(lab, client_links=0)
    site.start_relayd(interfaces="lan7")
    wait_for(lambda: site.router.listens("udp", 547))
    assert link_state(site, "lan7")["state"] == "absent"
    site.add_client_link(7)
    wait_for(lambda: link_state(site, "lan7")["state"] == "ready")
    bench = Bench(site, 7)
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:7::1"


# --- addresses -----------------------------------------------------------------------


def test_the_next_message_after_an_address_moved_carries_the_new_one(bench):
    site, before = bench.site, "2001:db8:1::1"
    for number in range(1, 51):
        after = f"2001:db8:aa:{number:x}::1"
        site.router.address("lan1", f"{after}/64")
        site.router.ip("-6", "addr", "del", f"{before}/64", "dev", "lan1")
        assert bench.expect_relayed(bench.solicit()).linkaddr == after
        before = after


def test_a_message_after_a_storm_of_events_carries_the_new_address(bench):
    site = bench.site
    pid = next(p.pid for p in site.lab.processes if p.name == "relayd")
    bench.expect_relayed(bench.solicit())
    site.lab.veth(site.router, "junk", site.router, "junk-peer")
    lines = "".join(f"link set dev junk mtu {1400 + n % 90}\n" for n in range(2500))
    os.kill(pid, signal.SIGSTOP)
    site.router.ip("-batch", site.lab.file("storm.batch", lines))
    site.router.address("lan1", "2001:db8:1::2/64")
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    bench.send(bench.solicit())
    os.kill(pid, signal.SIGCONT)
    relayed, _ = bench.at_server()
    assert relayed.linkaddr == "2001:db8:1::2"
    assert control(site, "status")["netlink"]["overruns"] == 0


def test_a_link_without_address_is_not_relayed_and_the_reason_is_shown(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "no-address") == 1)
    link = link_state(site, "lan1")
    assert (link["state"], link["reason"]) == ("no address", "no global address on the link")
    site.router.address("lan1", "2001:db8:1::1/64")
    bench.expect_relayed(bench.solicit())


def test_unspecified_link_address_if_configured(site):
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.start_relayd(config='interfaces = {"lan1"}\nwithout-address = unspecified\n'
                             f'server "{SERVER}" {{}}\n')
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("::", b"lan1")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=bench.xid)))
    bench.wire.expect(dhcp_to(CLIENT))
    site.router.address("lan1", "2001:db8:1::1/64")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"


def test_alternative_names_match_patterns(site):
    site.router.ip("link", "property", "add", "dev", "lan1", "altname", "tenant-blue-provisioning")
    site.start_relayd(config=f"""
        interfaces = {{"tenant-*", "shelf7"}}
        server "{SERVER}" {{}}
        link "tenant-blue-*" {{ interface-id = "blue/%i" }}
    """)
    bench = Bench(site)
    assert bench.expect_relayed(bench.solicit())[DHCP6OptIfaceId].ifaceid == b"blue/lan1"
    names = {link["name"] for link in control(site, "links")["links"]}
    assert names == {"lan1", "shelf7"}
    # Another name is added while the daemon runs: it counts at once, and is shown once.
    site.router.ip("link", "property", "add", "dev", "lan1", "altname", "shelf7")
    wait_for(lambda: {link["name"] for link in control(site, "links")["links"]} == {"lan1"})
    # Without any name that matches the link is not served.
    site.router.ip("link", "property", "del", "dev", "lan1", "altname", "tenant-blue-provisioning")
    wait_for(lambda: bench.expect_relayed(bench.solicit())[DHCP6OptIfaceId].ifaceid == b"lan1")
    site.router.ip("link", "property", "del", "dev", "lan1", "altname", "shelf7")
    wait_for(lambda: link_state(site, "shelf7")["state"] == "absent")
    assert link_state(site, "lan1")["state"] == "absent"


def test_a_section_turns_relaying_off(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan1"}}
        server "{SERVER}" {{}}
        link "lan*" {{ relay = false }}
    """)
    bench = Bench(site)
    link = link_state(site, "lan1")
    assert (link["state"], link["reason"]) == ("standby", "relay = false in its section link")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "standby") == 1)
    site.lab.file("relayd.conf", f'interfaces = {{"lan1"}}\nserver "{SERVER}" {{}}\n')
    site.ask("relayd", "reload")
    bench.expect_relayed(bench.solicit())


def test_the_better_address_is_used(bench):
    site = bench.site
    site.router.address("lan1", "2001:db8:1::2/64")  # newer: not taken
    site.router.address("lan1", "2001:db8:1::3/128")  # as VRRP adds them
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"
    site.router.ip("-6", "addr", "change", "2001:db8:1::1/64", "dev", "lan1", "preferred_lft", "0")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::2"
    site.router.ip("-6", "addr", "del", "2001:db8:1::2/64", "dev", "lan1")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::3"
    site.router.ip("-6", "addr", "del", "2001:db8:1::3/128", "dev", "lan1")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"


def test_a_tentative_address_is_not_used_until_it_is_preferred(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.router.sysctl("net.ipv6.conf.lan1.accept_dad", 1)
    site.router.sysctl("net.ipv6.conf.lan1.dad_transmits", 3)
    site.router.address("lan1", "2001:db8:1::1/64", dad=True)
    link = link_state(site, "lan1")
    assert link["state"] == "tentative" and "2001:db8:1::1" in link["reason"]
    wait_for(lambda: link_state(site, "lan1")["state"] == "ready", 20)
    bench.expect_relayed(bench.solicit())


def test_the_link_address_does_not_depend_on_the_order_of_events(bench):
    """An older, a lower, and a unique local address; a restart reads all of them again."""
    site = bench.site
    site.router.address("lan1", "2001:db8:1::/64")
    site.router.address("lan1", "2001:db8:1::ffff/64")
    site.router.address("lan1", "fd00::1/64")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"
    relayd = next(p for p in site.lab.processes if p.name == "relayd")
    relayd.stop()
    site.lab.processes.remove(relayd)
    site.start_relayd()
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:1::1"


def test_two_links_with_one_address_and_no_interface_id_are_named(lab):
    site = Site(lab, client_links=2)
    config = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\ninterface-id = none\n'
    relayd = site.start_relayd(config=config)
    assert "the same link-address" not in relayd.text()
    site.router.ip("-6", "addr", "del", "2001:db8:2::1/64", "dev", "lan2")
    site.router.address("lan2", "2001:db8:1::1/64")
    relayd.wait_for_line("lan1 and lan2 have the same link-address 2001:db8:1::1")


# --- VRRP ----------------------------------------------------------------------------


def test_addresses_of_a_vrrp_macvlan_count_and_nothing_is_relayed_twice(bench):
    site = bench.site
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    site.router.ip("link", "add", "lan1v", "link", "lan1", "address", "00:00:5e:00:02:01",
                   "type", "macvlan", "mode", "private")
    site.router.ip("link", "set", "lan1v", "up")
    site.router.address("lan1v", "2001:db8:1::f/64")
    wait_for(lambda: link_state(site, "lan1")["state"] == "ready")
    relayed = bench.expect_relayed(bench.solicit())
    assert (relayed.linkaddr, relayed[DHCP6OptIfaceId].ifaceid) == ("2001:db8:1::f", b"lan1")
    bench.expect_nothing_before(bench.solicit())
    site.router.ip("-6", "addr", "del", "2001:db8:1::f/64", "dev", "lan1v")
    wait_for(lambda: link_state(site, "lan1")["state"] == "no address")


def test_relaying_follows_the_vrrp_address(site):
    site.start_relayd(config=f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        link "lan*" {{ while-address = "2001:db8:1::f" }}
    """)
    bench = Bench(site)
    for _ in range(3):
        bench.send(bench.solicit())
        wait_for(lambda: dropped(site, "standby") > 0)
        link = link_state(site, "lan1")
        assert link["state"] == "standby" and "2001:db8:1::f" in link["reason"]
        site.router.address("lan1", "2001:db8:1::f/128", "preferred_lft", "0")
        bench.expect_relayed(bench.solicit())
        site.router.ip("-6", "addr", "del", "2001:db8:1::f/128", "dev", "lan1")
    before = dropped(site, "standby")
    bench.send(bench.solicit())
    wait_for(lambda: dropped(site, "standby") == before + 1)
