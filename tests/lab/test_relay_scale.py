# SPDX-License-Identifier: ISC
"""4,094 client links, one for each VLAN number, with the kernel's default limits: all are served."""

from pathlib import Path

import pytest
from scapy.layers.dhcp6 import DHCP6_Reply, DHCP6OptIfaceId

from lab.bench import CLIENT, CLIENT_MAC, Bench
from lab.netns import run, wait_for
from lab.topology import Site, is_sanitized

LINKS = 4094
RSS_MOST_KIB = 16 * 1024


def batch(lab, namespace, name, lines):
    path = lab.file(name, "\n".join(lines) + "\n")
    run("ip", "-6", "-n", namespace.full_name, "-batch", path, timeout=300)


@pytest.fixture
def full_site(lab):
    """lan1 to lan4094, each with its cable to c1 to c4094, where nobody is."""
    site = Site(lab, client_links=0)
    site.clients.sysctl("net.ipv6.conf.default.disable_ipv6", 1)
    numbers = range(1, LINKS + 1)
    end = f"peer name c%d netns {site.clients.full_name}"
    cables = (f"link add lan{n} up type veth {end % n}" for n in numbers)
    batch(lab, site.router, "cables", cables)
    batch(lab, site.clients, "ends", (f"link set c{n} up" for n in numbers))
    addresses = (f"addr add 2001:db8:1:{n:x}::1/64 dev lan{n} nodad noprefixroute" for n in numbers)
    batch(lab, site.router, "addresses", addresses)
    return site


def joined(namespace, group="ff020000000000000000000000010002"):
    return sum(row[2] == group for row in namespace.proc_net("igmp6"))


def test_every_vlan_is_served_in_16_mib(full_site):
    relayd = full_site.start_relayd()
    relayd.wait_for_line(f"ready: {LINKS} of {LINKS} client links ready", limit=30)
    assert joined(full_site.router) == LINKS
    for number in (1, LINKS):
        bench_on(full_site, number)
    if not is_sanitized("netboot6-relayd"):
        status = Path(f"/proc/{relayd.pid}/status").read_text()
        assert int(status.split("VmRSS:")[1].split()[0]) <= RSS_MOST_KIB


def bench_on(site, number):
    """A client on this link sends a Solicit and gets a reply."""
    bench = Bench(site, wire=site.clients.wire(f"c{number}"))
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptIfaceId].ifaceid == f"lan{number}".encode()
    assert relayed.linkaddr == f"2001:db8:1:{number:x}::1"
    site.router.ip("-6", "neigh", "add", CLIENT, "lladdr", CLIENT_MAC, "dev", f"lan{number}")
    bench.send_reply(bench.reply(relayed, DHCP6_Reply(trid=bench.xid)))
    bench.wire.expect(lambda frame: DHCP6_Reply in frame, what="the reply")
    bench.server.close()
