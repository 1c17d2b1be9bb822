# SPDX-License-Identifier: ISC
"""bootd's life: how it reads its files, starts, gives up its privileges and reloads, and what
stops it.
"""

import os
import re
import signal
import subprocess

import pytest

from lab.boot_client import (
    CONF,
    MAC,
    X64_UEFI,
    Relay,
    address,
    arch,
    control,
    solicit,
    url,
    uuid_duid,
)
from lab.netns import wait_for
from lab.topology import SERVER, program

UEFI = 'boot "uefi" { arch = {x64-uefi}  url = "tftp://[2001:db8:100::69]/snponly.efi" }\n'


# --- reload --------------------------------------------------------------------------


def test_a_reload_applies_all_or_nothing(site, bootd, through):
    site.lab.file("bootd.conf", bootd.config.replace("snponly.efi", "other.efi"))
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("bootd.conf: reloaded")
    assert url(through.ask(solicit(arch(X64_UEFI)))).endswith("/other.efi")
    site.lab.file("bootd.conf", "subnet nonsense {}")
    answer = control(bootd, "reload")
    assert "bootd.conf:1:" in answer["error"]
    assert url(through.ask(solicit(arch(X64_UEFI)))).endswith("/other.efi")


def test_host_files_take_effect_at_once(site):
    """Also without privileges. An error is reported with its line, and changes nothing."""
    hosts = site.lab.directory / "hosts.d"
    hosts.mkdir()
    hosts.chmod(0o755)
    text = CONF.format(root=site.lab.directory, control=site.lab.directory / "bootd.sock", state=site.lab.directory)
    text = f'user = "nobody"\nhosts-directory = "{hosts}"\ngroup "web" {{ set = {{"image=web"}} }}\n' + text
    text += 'boot "web" { group = "web" url = "tftp://[2001:db8:100::69]/${image}/${host}.efi" }\n'
    text = text.replace(UEFI, "") + UEFI
    bootd = site.start_bootd(text)
    bootd.control = site.lab.directory / "bootd.sock"
    bootd.wait_for_line("ready: ")
    through = Relay(site)

    def put(name, content):
        whole = hosts / f".{name}"
        whole.write_text(content)
        whole.chmod(0o644)
        whole.rename(hosts / name)

    def offer():
        message = through.ask(solicit(arch(X64_UEFI)))
        return address(message), url(message)

    def shown():
        return control(bootd, "status")["hosts-directory"]

    before = offer()
    assert before[1].endswith("/snponly.efi")
    put("w1.conf", f'host "w1" {{ mac = "{MAC}" address = "2001:db8:1::77" group = "web" }}\n')
    bootd.wait_for_line("1 changed files read")
    assert offer() == ("2001:db8:1::77", "tftp://[2001:db8:100::69]/web/w1.efi")
    put("w1.conf", f'host "w1" {{\n  mac = "{MAC}"\n  address = "none"\n}}\n')
    bootd.wait_for_line(f'error: {hosts}/w1.conf:3: address: "none"')
    assert offer()[0] == "2001:db8:1::77"
    assert [text.split(": ")[0] for text in shown()["refused"]] == [f"{hosts}/w1.conf:3"]
    put("w2.conf", f'host "w2" {{ mac = "{MAC}" }}\n')
    bootd.wait_for_line(f"error: {hosts}/w2.conf:1: ")
    assert offer()[0] == "2001:db8:1::77"
    (hosts / "w1.conf").unlink()
    bootd.wait_for_line("2 changed files read, 1 of them deleted")
    assert control(bootd, f"explain mac={MAC} arch=x64-uefi")["host"] == "w2"
    assert shown() == {"path": str(hosts), "files": 1, "hosts": 1, "refused": []}
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("bootd.conf: reloaded")
    site.lab.file("bootd.conf", text.replace(str(hosts), "/nonexistent"))
    assert "/nonexistent" in control(bootd, "reload")["error"]
    assert control(bootd, f"explain mac={MAC} arch=x64-uefi")["host"] == "w2"


# --- addresses that are not there yet ---------------------------------------------------


def test_starts_before_its_addresses_are_there(site):
    """A VIP of a standby router, and an address under duplicate address detection."""
    vip, root = "2001:db8:100::80", site.lab.directory / "root"
    root.mkdir()
    (root / "hello").write_text("hello")
    text = CONF.format(root=root, control=site.lab.directory / "bootd.sock", state=site.lab.directory)
    text = text.replace('http { listen = "[::]:80" }', f'http {{ listen = "[{vip}]:80" }} http {{ listen = "[::1]:8080" }}')
    text = text.replace('tftp { listen = "[::]:69" }', f'tftp {{ listen = "[{vip}]:69" }}')
    bootd = site.start_bootd(text, ports=(("udp", 547), ("tcp", 80), ("tcp", 8080)))
    bootd.control = site.lab.directory / "bootd.sock"
    bootd.wait_for_line(f"http .{vip}.:80: the address is not assigned")
    bootd.wait_for_line("ready: ")

    def assigned():
        rows = control(bootd, "status")["listeners"]
        return {(row["service"], row["address"], row["port"]): row["assigned"] for row in rows}

    assert assigned()[("http", vip, 80)] is False and assigned()[("http", "::1", 8080)] is True
    site.server.address("core", f"{vip}/128", dad=True)
    wait_for(lambda: assigned()[("tftp", vip, 69)], what="the address is assigned")
    fetch = site.server.run("curl", "-sgf", f"http://[{vip}]/hello")
    assert fetch.stdout == "hello"
    assert site.server.run("curl", "-sgf", "http://[::1]:8080/hello").stdout == "hello"
    bootd.wait_for_line(f"tftp .{vip}.:69: the address is assigned: serving", limit=30)
    site.server.ip("addr", "del", f"{vip}/128", "dev", "core")
    bootd.wait_for_line(f"tftp .{vip}.:69: the address was removed", limit=30)
    assert bootd.running


def test_reload_shows_its_warnings(site, bootd):
    """On the terminal of whoever reloads; a failure is an exit status, as for systemctl reload."""

    def reload(text):
        site.lab.file("bootd.conf", text)
        argv = (program("netboot6/netboot6"), "--control", str(bootd.control), "boot", "reload")
        return subprocess.run(argv, capture_output=True, text=True)

    done = reload(bootd.config.replace('subnet "2001:db8:1::/64" {}', ""))
    assert done.returncode == 0
    assert done.stdout.startswith("reloaded\n") and "warning: there is no subnet" in done.stdout
    done = reload(bootd.config + f'boot "gone" {{ arch = {{x64-http}} url = "http://[{SERVER}]/gone.efi" }}\n')
    assert done.returncode == 0 and "warning: " in done.stdout and "gone.efi" in done.stdout
    done = reload(bootd.config + "preference = perhaps\n")
    assert done.returncode == 1 and done.stdout == ""
    assert "bootd.conf:" in done.stderr and "preference" in done.stderr
    done = reload(bootd.config)
    assert done.returncode == 0
    assert "root/uki.efi, cannot be served: no such file" in done.stdout
    for name in ("uki.efi", "snponly.efi"):
        (site.lab.directory / "root" / name).write_bytes(b"MZ")
    for name in ("uki.efi", "snponly.efi"):
        (bootd.root / name).write_bytes(b"MZ")
    done = reload(bootd.config)
    assert (done.returncode, done.stdout) == (0, "reloaded\n")


# --- privileges ----------------------------------------------------------------------


def test_keeps_working_as_nobody(site):
    """Privileges are given up; what reload and new links need is still there."""
    key, duid = site.lab.directory / "state/bootd.key", site.lab.directory / "bootd.duid"
    text = CONF.format(root=site.lab.directory, control="", state=site.lab.directory)
    text = text.replace('key = "a key for the laboratory"', f'key-file = "{key}"')
    bootd = site.start_bootd('user = "nobody"\nlisten = {"lan"}\n' + text)
    bootd.wait_for_line("ready: ")
    wait_for(lambda: status_of(bootd)["Uid"].split()[0] == "65534", what="it becomes nobody")
    assert int(status_of(bootd)["CapEff"], 16) == 0
    assert (key.stat().st_mode & 0o777, key.stat().st_size) == (0o600, 32)
    assert duid.stat().st_size == 18
    through = Relay(site)
    before = address(through.ask(solicit()))
    bootd.popen.send_signal(signal.SIGHUP)
    bootd.wait_for_line("bootd.conf: reloaded")
    site.lab.veth(site.server, "lan", site.clients, "own")
    wait_for(lambda: site.server.joined("lan"), what="bootd joins ff02::1:2")
    assert address(through.ask(solicit(client=uuid_duid(9)))) == before
    bootd.stop()
    site.start_bootd(text)
    assert address(through.ask(solicit())) == before  # the same key was read again


def test_ambient_capabilities_are_dropped_after_the_start(site):
    text = CONF.format(root=site.lab.directory, control="", state=site.lab.directory)
    bootd = site.start_bootd(text, as_user="nobody")
    bootd.wait_for_line("ready: ")
    status = status_of(bootd)
    assert status["Uid"].split() == ["65534"] * 4
    for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert address(Relay(site).ask(solicit()))


def status_of(process):
    """/proc/PID/status; `ip netns exec` becomes the program, so its PID is the daemon's."""
    text = open(f"/proc/{process.pid}/status").read()
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


# --- the command line ----------------------------------------------------------------


def bootd_t(tmp_path, text):
    path = tmp_path / "bootd.conf"
    path.write_text(text)
    argv = [program("netboot6-bootd"), "-t", "-c", path]
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('subnet "2001:db8::1/64" {}', "expected a prefix"),
        ('subnet "2001:db8::/64" { addresses = pool }', "has only one of addresses = pool and pool"),
        ('boot "x" { arch = {x64-uefi} url = "http://[2001:db8::1]/x.efi" }', "only tftp://"),
        ('boot "x" { arch = {x86-64} url = "tftp://[2001:db8::1]/x.efi" }', "an architecture"),
        ('host "x" { mac = "52:54" }', "a MAC address"),
        ('listen = {"eth0"', "never closed"),
        ('lifetime = "1s"', "between 1m and 365d"),
    ],
)
def test_bad_file_is_refused_with_its_line(tmp_path, line, said):
    status, text = bootd_t(tmp_path, f"# one\n\n{line}\n")
    assert status == 78 and re.search(said, text)
    assert re.search(r"bootd\.conf:[34]: ", text)


def test_good_file_passes(tmp_path):
    text = CONF.format(root=tmp_path, control="", state=tmp_path)
    assert bootd_t(tmp_path, text) == (0, "")
    assert os.listdir(tmp_path) == ["bootd.conf"]  # it makes nothing


def test_check_reads_host_files(tmp_path):
    hosts = tmp_path / "hosts.d"
    hosts.mkdir()
    (hosts / "a.conf").write_text('\nhost "a" {}\n')
    done = bootd_t(tmp_path, f'subnet "2001:db8::/64" {{}}\nhosts-directory = "{hosts}"\n')
    assert done[0] == 78
    assert f"{hosts}/a.conf:2: host" in done[1]
    (hosts / "a.conf").write_text('host "a" { mac = "52:54:00:12:34:56" }\n')
    text = (tmp_path / "bootd.conf").read_text()
    assert bootd_t(tmp_path, text)[0] == 0
    rc, said = bootd_t(tmp_path, text.replace("hosts.d", "host.d"))
    assert rc == 0 and 'host.d" cannot be read: No such file or directory; expected' in said


@pytest.mark.parametrize(("what", "port"), [("dhcp", 547), ("tftp", 69)])
def test_the_owner_of_the_port_is_named(site, what, port):
    site.server.udp_socket("::", port)
    directory = site.lab.directory
    (directory / "root").mkdir()
    text = CONF.format(root=directory / "root", control="", state=directory)
    path = site.lab.file("bootd.conf", text)
    done = site.server.run(program("netboot6-bootd"), "-f", "-c", path, check=False)
    assert done.returncode == 1
    assert re.search(rf"{what} \[::\]:{port}: the port is in use by \S+ \(process", done.stderr)
    assert f"(process {os.getpid()})" in done.stderr
