# SPDX-License-Identifier: ISC
"""The life of the relay: start, dropping privileges, restart, reload, and errors at start."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from scapy.layers.dhcp6 import DHCP6OptClientLinkLayerAddr, DHCP6OptRelayMsg

from lab.bench import CLIENT_MAC, Bench, control
from lab.netns import run, wait_for
from lab.topology import SERVER, program


def test_the_relay_works_after_it_dropped_its_privileges(site):
    text = f'interfaces = {{"lan*"}}\nuser = "nobody"\nserver "{SERVER}" {{}}\n'
    relayd = site.start_relayd(config=text)
    # `ip netns exec` becomes the program that it runs
    relayd.wait_for_line("notice: ready: ")
    status = Path(f"/proc/{relayd.pid}/status").read_text()
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    for kind in ("CapEff", "CapPrm", "CapBnd", "CapAmb"):
        assert f"{kind}:\t0000000000000000" in status
    assert "NoNewPrivs:\t1" in status
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC
    site.add_client_link(2)
    wait_for(lambda: site.router.joined("lan2"))
    bench.wire = site.clients.wire("br-2")
    assert bench.expect_relayed(bench.solicit()).linkaddr == "2001:db8:2::1"
    assert control(site, "reload") == {"reloaded": True, "warnings": ""}
    bench.expect_relayed(bench.solicit())


def test_ambient_capabilities_are_dropped_after_the_start(site):
    """As the unit starts it with User=: not root, and yet with capabilities to open sockets."""
    relayd = site.start_relayd(as_user="nobody")
    relayd.wait_for_line("notice: ready: ")
    status = Path(f"/proc/{relayd.pid}/status").read_text()
    assert "Uid:\t65534\t65534\t65534\t65534" in status
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert f"{kind}:\t0000000000000000" in status
    bench = Bench(site)
    relayed = bench.expect_relayed(bench.solicit())
    assert relayed[DHCP6OptClientLinkLayerAddr].clladdr == CLIENT_MAC


# As systemd with a .socket unit: opens the port, starts the relay on it, and again when it ends.
HOLDER = """
import os, signal, socket, sys
port = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
port.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
port.bind(("::", 547))
ending = False
def start():
    pid = os.fork()
    if pid == 0:
        os.dup2(port.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execv(sys.argv[1], sys.argv[1:])
    print("started", pid, flush=True)
    return pid
def end(*_):
    global ending
    ending = True
    os.kill(child, signal.SIGTERM)
signal.signal(signal.SIGTERM, end)
child = start()
while True:
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if ending or status != 0:
        sys.exit(status)
    child = start()
"""


def test_a_restart_on_a_passed_socket_loses_no_message(site):
    argv = (program("netboot6-relayd"), "-f", "--control", site.lab.directory / "relayd.sock",
            "-i", "lan*", "-s", SERVER)
    holder = site.router.popen("holder", sys.executable, "-c", HOLDER, *argv, ours=True)
    holder.wait_for_line("notice: ready: ")
    bench = Bench(site)
    sent = set()
    starts = 1
    for number in range(400):
        message = bench.solicit()
        sent.add(message.trid)
        bench.send(message)
        if number % 50 == 25:
            wait_for(lambda: holder.text().count("notice: ready: ") == starts)
            os.kill(int(re.findall(r"started (\d+)", holder.text())[-1]), signal.SIGTERM)
            starts += 1
    while sent:
        relayed, _ = bench.at_server()
        sent.remove(relayed[DHCP6OptRelayMsg].message.trid)
    assert holder.text().count("notice: ready: ") == starts == 9


def test_a_reload_changes_the_served_links_and_a_bad_file_changes_nothing(site):
    config = site.lab.directory / "relayd.conf"
    relayd = site.start_relayd(config=f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    config.write_text('interfaces = {"lan*"}\nserver "nonsense" {}\n')
    done = run(program("netboot6/netboot6"), "--control", site.lab.directory / "relayd.sock",
               "relay", "reload", check=False)
    assert done.returncode == 1
    assert f"{config}:2: " in done.stderr
    bench.expect_relayed(bench.solicit())
    config.write_text(f'interfaces = {{"other*"}}\nserver "{SERVER}" {{}}\n')
    control(site, "reload")
    assert not site.router.joined("lan1")
    config.write_text(f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n')
    relayd.send_signal(1)
    wait_for(lambda: site.router.joined("lan1"))
    bench.expect_relayed(bench.solicit())


@pytest.mark.parametrize("config, line, said", [
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nwidth = 3\n', 3, "width"),
    ('interfaces = {"lan*"}\nserver "::" {}\n', 2, "not the address of a host"),
    ('interfaces = {"a/b"}\nserver "2001:db8::1" {}\n', 1, "name or pattern"),
    ('interfaces = {"lan*"}\nsource = "fe80::1"\nserver "2001:db8::1" {}\n', 2, "global"),
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nwithout-address = perhaps\n', 3, "drop or"),
    ('interfaces = {"lan*"}\nserver "2001:db8::1" {}\nremote-id = "%q"\n', 3, "%h"),
    ('interfaces = {"lan*"}\n', 0, "no server"),
    ('server "2001:db8::1" {}\n', 0, "no client-facing link"),
])
def test_check_reports_the_line_of_an_error(tmp_path, config, line, said):
    path = tmp_path / "relayd.conf"
    path.write_text(config)
    done = run(program("netboot6-relayd"), "-t", "-c", path, check=False)
    assert done.returncode == 78
    place = f"{path}:{line}: " if line else f"{path}: "
    assert place in done.stderr and said in done.stderr


def test_another_program_on_the_port_is_named_as_the_reason(site):
    taken = site.router.udp_socket("::", 547)
    done = site.router.run(program("netboot6-relayd"), "-f", "-i", "lan*", "-s", SERVER, check=False)
    assert done.returncode == 1
    assert f"port 547 is in use by {Path('/proc/self/comm').read_text().strip()} " in done.stderr
    assert f"(process {os.getpid()})" in done.stderr
    taken.close()


def test_the_host_name_is_read_again_at_a_reload(site):
    config = site.lab.file("relayd.conf", f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        interface-id = "%h:%i"
        remote-id = "%h"
        enterprise-number = 32473
    """)
    sock = site.lab.directory / "relayd.sock"
    relayd = site.router.popen(
        "relayd", "unshare", "--uts", "sh", "-c", 'hostname old-name && exec "$@"', "sh",
        program("netboot6-relayd"), "-f", "-c", config, "--control", sock, ours=True)
    relayd.wait_for_line("ready: ")
    bench = Bench(site)
    bench.send(bench.solicit())
    assert b"\x7e\xd9old-name" in bytes(bench.at_server()[0])
    run("nsenter", "-t", relayd.pid, "--uts", "hostname", "new")
    site.ask("relayd", "reload")
    bench.send(bench.solicit())
    relayed = bytes(bench.at_server()[0])
    assert b"\x7e\xd9new" in relayed and b"new:lan1" in relayed


def test_a_control_path_that_is_a_file_is_refused(site):
    """And the file is left as it is."""
    data = site.lab.file("data", "not a socket\n")
    config = site.lab.file("relayd.conf", f"""
        interfaces = {{"lan*"}}
        server "{SERVER}" {{}}
        control = "{data}"
    """)
    done = site.router.run(program("netboot6-relayd"), "-t", "-c", config, check=False)
    assert done.returncode == 78
    assert f'control: "{data}" is not a socket' in done.stderr
    assert data.read_text() == "not a socket\n"
