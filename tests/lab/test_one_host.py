# SPDX-License-Identifier: ISC
"""relayd and bootd on one host, as README describes it; and a second copy of either, which is
refused."""

import pytest
from scapy.layers.dhcp6 import (
    DHCP6_Advertise,
    DHCP6_Reply,
    DHCP6_Request,
    DHCP6_Solicit,
    DHCP6OptClientId,
    DHCP6OptIA_NA,
    DHCP6OptIAAddress,
    DHCP6OptServerId,
    DUID_LL,
)

from lab.bench import CLIENT, CLIENT_MAC, Bench, dhcp_to
from lab.topology import CORE_ROUTER, SERVER, program

OTHER = "2001:db8:100::70"


def relayd_conf(site, name="relayd", port=1547):
    return site.lab.file(f"{name}.conf", f"""
        interfaces = {{"lan*"}}
        server "{CORE_ROUTER}" {{}}
        server "{SERVER}" {{}}
        source-port = {port}
        control = "{site.lab.directory}/relayd.sock"
    """)


def bootd_conf(site, name="bootd", address=CORE_ROUTER, control=None):
    directory = site.lab.directory
    return site.lab.file(f"{name}.conf", f"""
        dhcp-listen = "[{address}]:547"
        key = "a key for the laboratory"
        server-duid-file = "{directory}/{name}.duid"
        control = "{control or directory / f'{name}.sock'}"
        subnet "2001:db8:1::/64" {{}}
    """)


def start(site, daemon, config):
    name = f"{daemon}-{len(site.lab.processes)}"  # each start has a log of its own
    started = site.router.popen(name, program(f"netboot6-{daemon}"), "-f", "-c", config, ours=True)
    started.wait_for_line("notice: ready: ")
    return started


def exchange(bench):
    """The client gets an address of the bootd beside the relay, by four messages."""
    client = DHCP6OptClientId(duid=DUID_LL(lladdr=CLIENT_MAC))
    bench.send(DHCP6_Solicit(trid=1) / client / DHCP6OptIA_NA(iaid=1))
    advertise = bench.wire.expect(dhcp_to(CLIENT))
    assert DHCP6_Advertise in advertise
    server = DHCP6OptServerId(duid=advertise[DHCP6OptServerId].duid)
    offered = advertise[DHCP6OptIAAddress].addr
    asked = DHCP6OptIA_NA(iaid=1, ianaopts=[DHCP6OptIAAddress(addr=offered)])
    bench.send(DHCP6_Request(trid=2) / client / server / asked)
    reply = bench.wire.expect(dhcp_to(CLIENT))
    assert DHCP6_Reply in reply and reply[DHCP6OptIAAddress].addr == offered
    return offered


@pytest.mark.parametrize("order", [("relayd", "bootd"), ("bootd", "relayd")])
def test_relay_and_server_share_port_547(site, order):
    """Whichever starts first; each can be restarted beside the other; other servers are reached."""
    configs = {"relayd": relayd_conf(site), "bootd": bootd_conf(site)}
    running = {daemon: start(site, daemon, configs[daemon]) for daemon in order}
    bench = Bench(site)
    offered = exchange(bench)
    assert b"\x00\x4f\x00\x08\x00\x01" + bytes.fromhex(CLIENT_MAC.replace(":", "")) in bench.server.recv(65535)
    [machine] = site.ask("bootd", "list")["boots"]
    assert (machine["machine"], machine["mac-from"]) == (CLIENT_MAC, "option-79")
    for daemon in order:
        running[daemon].stop()
        running[daemon] = start(site, daemon, configs[daemon])
        assert exchange(bench) == offered


def test_a_second_server_on_the_same_address_is_refused(site):
    """Else the kernel gives all messages to the one that started last. The message names the server,
    not the relay that has the same port on all addresses."""
    start(site, "relayd", relayd_conf(site))
    first = start(site, "bootd", bootd_conf(site))
    bench = Bench(site)
    offered = exchange(bench)
    argv = (program("netboot6-bootd"), "-f", "-c", bootd_conf(site, "second"))
    done = site.router.run(*argv, check=False)
    assert done.returncode == 1
    assert (f"dhcp [{CORE_ROUTER}]:547: the port is in use by netboot6-bootd (process {first.pid}): "
            "stop that first") in done.stderr
    assert exchange(bench) == offered
    # Another address of the host is free.
    site.router.address("core", f"{OTHER}/64")
    start(site, "bootd", bootd_conf(site, "third", OTHER))


@pytest.mark.parametrize("daemon", ["relayd", "bootd"])
def test_a_second_daemon_on_the_same_control_socket_is_refused(site, daemon):
    sock = site.lab.directory / f"{daemon}.sock"
    site.router.address("core", f"{OTHER}/64")
    if daemon == "relayd":
        first, second = relayd_conf(site), relayd_conf(site, "second", 1548)
    else:
        first, second = bootd_conf(site), bootd_conf(site, "second", OTHER, sock)
    start(site, daemon, first)
    done = site.router.run(program(f"netboot6-{daemon}"), "-f", "-c", second, check=False)
    assert done.returncode == 1
    assert f"control: another daemon answers on {sock} already: stop it" in done.stderr
    assert "error" not in site.ask(daemon, "status")
