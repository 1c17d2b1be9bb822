# SPDX-License-Identifier: ISC
"""HTTPS of bootd, as curl and sockets meet it; the certificates are those of `boot tls init`.

    server, 2001:db8:100::69: bootd, and the clients beside it
"""

import contextlib
import json
import shutil
import signal
import socket
import ssl
import time

import pytest

from lab.netns import missing_programs, run
from lab.process import wait_for
from lab.topology import SERVER, is_sanitized, program

MB = 1 << 20
URL = f"https://[{SERVER}]"
CONF = """\
root = "{root}"
http {{ listen = "[::]:80" }}
https {{ {settings} }}
subnet "2001:db8:1::/64" {{}}
boot "x" {{ arch = {{x64-http}} url = "https://[2001:db8:100::69]/hello.txt" }}
"""

pytestmark = pytest.mark.skipif(bool(missing_programs("curl")), reason="programs are missing: curl")


class Https:
    def __init__(self, site):
        self.site = site
        self.directory = site.lab.directory
        self.root = self.directory / "root"
        self.root.mkdir()
        (self.root / "hello.txt").write_text("hello\n")
        self.tls = self.directory / "tls"
        self.make("rsa")
        self.make("ecdsa")

    def make(self, key, *options, name=SERVER):
        run(program("netboot6/netboot6"), "boot", "tls", "init", "--directory", self.tls, "--key", key,
            "--name", name, *options)

    def start(self, keys=("ecdsa", "rsa"), **options):
        self.bootd = self.site.start_bootd(self.conf(keys), ports=(("udp", 547), ("tcp", 443)), **options)
        return self

    def conf(self, keys=("ecdsa", "rsa"), more=""):
        stems = [self.tls / ("server" if key == "rsa" else f"server-{key}") for key in keys]
        lists = (", ".join(f'"{stem}.{suffix}"' for stem in stems) for suffix in ("crt", "key"))
        settings = "certificate = {%s} key = {%s} %s" % (*lists, more)
        return CONF.format(root=self.root, settings=settings)

    def curl(self, *argv, url=f"{URL}/hello.txt", **options):
        return self.site.server.run("curl", "-gsS", "--max-time", "30", "--cacert", self.tls / "ca.crt",
                                    *argv, url, **options)

    def connect(self):
        with self.site.server.entered():
            sock = socket.create_connection((SERVER, 443), 10)
        self.site.lab.closing.callback(sock.close)
        return sock

    def context(self):
        context = ssl.create_default_context(cafile=str(self.tls / "ca.crt"))
        context.check_hostname = False
        return context

    def expiry(self):
        """notAfter of what a client is given now."""
        with self.context().wrap_socket(self.connect()) as client:
            return client.getpeercert()["notAfter"]

    def handshakes(self):
        return self.site.ask("bootd", "tls")["handshakes"]

    def reload(self):
        return self.site.ask("bootd", "reload")


@pytest.fixture
def https(site):
    return Https(site)


def test_curl_gets_a_file_and_parts_of_it(https):
    https.start()
    (https.root / "big").write_bytes(bytes(range(256)) * (8 * MB // 256))
    assert https.curl().stdout == "hello\n"
    assert https.curl("-r", "1-3").stdout == "ell"
    assert "Content-Length: 6" in https.curl("-I").stdout
    https.curl("-o", https.directory / "got", url=f"{URL}/big")
    assert (https.directory / "got").read_bytes() == (https.root / "big").read_bytes()
    https.bootd.wait_for_line(r"HTTPS /big done, 8388608 octets")


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_clients_of_one_type_of_key_only(https, version):
    """An RSA-only client such as iPXE before 2.0, and one that has ECDSA only."""
    https.start()
    for signatures, kind in (("RSA+SHA256:rsa_pss_rsae_sha256", "RSA"), ("ECDSA+SHA256", "ECDSA")):
        done = https.site.server.run(
            "openssl", "s_client", "-connect", f"[{SERVER}]:443", "-CAfile", https.tls / "ca.crt",
            "-tls" + version.replace(".", "_"), "-sigalgs", signatures, "-verify_return_error",
        )  # fmt: skip
        assert f"Peer signature type: {kind}" in done.stdout
        assert "Verify return code: 0" in done.stdout


def test_old_tls_is_refused(https):
    https.start()
    done = https.curl("--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", check=False)
    assert done.returncode == 35
    https.bootd.wait_for_line("handshake with .* failed: the client has neither TLS 1.2 nor TLS 1.3")
    assert https.curl("--tls-max", "1.2").stdout == "hello\n"
    assert https.handshakes() == {"done": 1, "failed": 1, "mistrusted": 0}


def test_a_client_without_our_ca_is_named(https):
    https.start()
    done = https.site.server.run("curl", "-gsS", f"{URL}/hello.txt", check=False)
    assert done.returncode == 60
    https.bootd.wait_for_line("the client refused the certificate: it does not trust its CA")
    assert https.handshakes()["mistrusted"] == 1


def test_plain_http_and_garbage_on_the_port(https):
    https.start()
    assert "this port takes https:// URLs only" in https.curl(url=f"http://[{SERVER}]:443/hello.txt").stdout
    for octets in (b"\0" * 5000, b"SSH-2.0-x\r\n" * 50, b"\x16\x03\x01\xff\xff" + b"x" * 70000, b"\x80"):
        sock = https.connect()
        with contextlib.suppress(OSError):  # also: not connected any more
            sock.sendall(octets)
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(4096):
                pass
    assert https.curl().stdout == "hello\n"
    wait_for(lambda: https.handshakes() == {"done": 1, "failed": 5, "mistrusted": 0},
             what=https.handshakes)


def test_handshakes_that_stall_hold_nobody_up(https):
    """A handshake is a connection of its address, and must end in 20 s, its request included."""
    https.bootd = https.site.start_bootd(https.conf(more="connections-per-client = 5"),
                                         ports=(("udp", 547), ("tcp", 443)))
    stalled = [https.connect() for _ in range(5)]
    stalled[0].sendall(b"\x16\x03\x01\x02\x00")  # the header of a record that never comes
    began = time.monotonic()
    refused = https.curl(check=False)
    assert refused.returncode in (35, 56), refused
    assert https.site.ask("bootd", "status")["files"]["http"]["limited"] >= 1
    for sock in stalled:
        sock.settimeout(40)
        with contextlib.suppress(ConnectionError):
            assert sock.recv(1) == b""
    assert 15 < time.monotonic() - began < 40
    assert https.curl().stdout == "hello\n"


def test_a_client_that_reads_nothing_costs_little_memory(https):
    """A TLS record and the kernel's buffer are all that waits for a slow client."""
    https.bootd = https.site.start_bootd(https.conf(more="connections-per-client = 300"),
                                         ports=(("udp", 547), ("tcp", 443)))
    (https.root / "big").write_bytes(bytes(8 * MB))
    context = https.context()

    def memory():
        status = open(f"/proc/{https.bootd.pid}/status").read()
        return int(status.split("VmRSS:")[1].split()[0]) * 1024

    def read_nothing():
        client = context.wrap_socket(https.connect())
        client.sendall(f"GET /big HTTP/1.1\r\nHost: [{SERVER}]\r\n\r\n".encode())
        return client

    slow = [read_nothing() for _ in range(20)]
    before = memory()
    slow += [read_nothing() for _ in range(200)]
    wait_for(lambda: https.handshakes()["done"] == 220, 20)
    per_client = (memory() - before) / 200
    assert is_sanitized("netboot6-bootd") or per_client < 96 * 1024, per_client
    for client in slow:
        client.close()
    assert https.curl().stdout == "hello\n"


# --- certificates that change -----------------------------------------------------------


def test_new_certificates_while_a_download_runs(https):
    https.start()
    size = 64 * MB
    (https.root / "big").write_bytes(bytes(size))
    client = https.context().wrap_socket(https.connect())
    client.sendall(f"GET /big HTTP/1.1\r\nHost: [{SERVER}]\r\nConnection: close\r\n\r\n".encode())
    got = len(client.recv(16384))
    before = https.expiry()
    https.make("ecdsa", "--days", "77")
    https.make("rsa", "--days", "77")
    assert https.expiry() == before  # not before the reload
    assert "error" not in https.reload()
    assert https.expiry() != before
    while piece := client.recv(MB):
        got += len(piece)
    assert got > size
    https.bootd.wait_for_line(r"HTTPS /big done, 67108864 octets")


def test_a_wrong_certificate_refuses_the_reload(https):
    """All stays: the certificates, and whatever else is in the new file."""
    https.start()
    before = https.expiry()
    shutil.copy(https.tls / "server.key", https.tls / "server-ecdsa.key")
    path = https.directory / "bootd.conf"
    path.write_text(path.read_text() + 'subnet "2001:db8:2::/64" {}\n')
    said = https.reload()["error"]
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if text.startswith("https"))
    assert f"bootd.conf:{line}: key: " in said and "is not the key of the certificate" in said
    assert https.expiry() == before
    assert len(https.site.ask("bootd", "status")["subnets"]) == 1
    https.bootd.send_signal(signal.SIGHUP)
    https.bootd.wait_for_line("reload failed, keeping the running configuration")
    https.make("ecdsa", "--days", "50")
    assert "error" not in https.reload()
    assert https.expiry() != before
    assert len(https.site.ask("bootd", "status")["subnets"]) == 2


def test_an_expired_certificate_is_shown_everywhere(https):
    """An hour from now at most: --days counts from now, and the certificate began a day ago."""
    https.make("rsa", "--days", "1")
    https.start(keys=("rsa",))
    https.bootd.wait_for_line(r"bootd.conf:\d+: warning: certificate: .* expires in [01] day")
    shown = https.site.ask("bootd", "tls")
    assert shown["ok"] and shown["certificates"][0]["days-left"] in (0, 1)
    expiry = shown["certificates"][0]["not-after"]
    name = "netboot6_boot_tls_certificate_expiry_timestamp_seconds"
    metrics = https.site.ask("bootd", "metrics")["metrics"]
    assert f'{name}{{certificate="{https.tls}/server.crt"}} {expiry}\n' in metrics
    assert any("expires in" in row["finding"] for row in https.site.ask("bootd", "doctor")["findings"])
    checked = run(program("netboot6-bootd"), "-t", "-c", https.directory / "bootd.conf")
    assert "expires in" in checked.stdout + checked.stderr


def test_a_certificate_of_another_name_is_a_warning(https):
    https.make("rsa", name="2001:db8:100::70")
    https.start(keys=("rsa",))
    https.bootd.wait_for_line(r"url: boot \"x\": no certificate of https is valid for 2001:db8:100::69")
    assert https.curl(check=False).returncode == 60


def test_a_key_that_the_daemon_cannot_read(https):
    (https.tls / "server.key").chmod(0o600)
    conf = https.directory / "unreadable.conf"
    conf.write_text(https.conf(keys=("rsa",)))
    https.directory.chmod(0o755)
    done = run("setpriv", "--reuid=65534", "--clear-groups", program("netboot6-bootd"), "-t", "-c", conf,
               check=False)
    assert done.returncode == 78
    assert "key: " in done.stderr and "cannot be read: Permission denied" in done.stderr
    assert "chgrp netboot6-bootd and chmod 640" in done.stderr


def test_the_command_shows_what_is_served(https):
    https.start()
    done = run(program("netboot6/netboot6"), "boot", "tls", "check", "--json", "--control",
               https.directory / "bootd.sock")
    shown = json.loads(done.stdout)
    assert [row["key"] for row in shown["certificates"]] == ["ECDSA P-256", "RSA 3072"]
    gets = {row["client"]: row.get("gets") for row in shown["clients"]}
    assert gets["iPXE before 2.0"] == "RSA 3072"
    assert gets["iPXE 2.0 and newer"] == "ECDSA P-256"
    assert gets["GRUB"] is None
