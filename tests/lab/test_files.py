# SPDX-License-Identifier: ISC
"""The TFTP and HTTP servers, as clients of all manners find them.

    client                       server
    [eth0 2001:db8::c] ------- [eth0 2001:db8::1, 2001:db8::2]  file_servers
"""

import contextlib
import filecmp
import os
import socket
import struct
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from lab import topology
from lab.netns import wait_for

BUILD = os.environ.get("NB6_BUILD", ".")
SERVER, OTHER = "2001:db8::1", "2001:db8::2"
URL = f"http://[{SERVER}]"
RRQ, WRQ, DATA, ACK, ERROR, OACK = range(1, 7)
MB = 1000 * 1000


class Files:
    """The two namespaces, a directory that is served, and its server."""

    def __init__(self, lab):
        self.lab = lab
        self.root = lab.directory / "root"
        self.root.mkdir()
        self.client, self.server = lab.namespace("client"), lab.namespace("server")
        lab.veth(self.client, "eth0", self.server, "eth0")
        self.client.address("eth0", "2001:db8::c/64")
        self.server.address("eth0", f"{SERVER}/64")
        self.server.address("eth0", f"{OTHER}/64")
        self.put("hello.txt", b"hello")

    def put(self, name, content):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def random(self, name, size):
        return self.put(name, os.urandom(size))

    def set_traps(self):
        """What must not be served: a secret beside the root, and ways to it."""
        (self.root / "sub").mkdir()
        (self.root.parent / "secret").write_text("secret")
        (self.root / "out").symlink_to("../secret")
        os.mkfifo(self.root / "fifo")

    def start(self, *options, limit_files=None):
        program = f"{BUILD}/tests/lab/file_servers"
        argv = [program, self.root, 69, 80, *options]
        if limit_files:
            argv = ["prlimit", f"--nofile={limit_files}", *argv]
        self.process = self.server.popen("file_servers", *argv, ours=True)
        self.process.wait_for_line("^ready$")
        return self

    def curl(self, *argv, **options):
        return self.client.run("curl", "-gsS", "--max-time", "60", *argv, **options)

    def fetches(self):
        """The lines of the observer, without the peer."""
        lines = [line.split() for line in self.process.text().splitlines()]
        return [
            " ".join(words[:2] + words[3:])
            for words in lines
            if words and words[0] in ("TFTP", "HTTP")
        ]

    def wait_for_fetch(self, text):
        return wait_for(
            lambda: next((line for line in self.fetches() if text in line), None),
            what=lambda: f"a fetch {text!r} in {self.fetches()}",
        )

    def counters(self):
        text = self.curl(f"{URL}/counters").stdout
        return {name: int(value) for name, value in map(str.split, text.splitlines())}

    def connect(self, source=None):
        """A TCP connection to the HTTP server."""
        with self.client.entered():
            sock = socket.socket(socket.AF_INET6)
        self.lab.closing.callback(sock.close)
        sock.settimeout(10)
        if source:
            sock.bind((source, 0))
        sock.connect((SERVER, 80))
        return sock

    def say(self, request):
        """What the server says to a request until it closes the connection.

        The server may answer before the end of the request: the answer is here.
        """
        sock = self.connect()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while data := sock.recv(65536):
                answer += data
        return answer


@pytest.fixture
def files(lab):
    return Files(lab)


# --- TFTP ----------------------------------------------------------------------


class TftpClient:
    """As much of TFTP as it takes to be difficult."""

    def __init__(self, files, address=SERVER):
        self.socket = files.client.udp_socket()
        self.socket.settimeout(5)
        self.to = (address, 69)

    def ask(self, path, mode=b"octet", opcode=RRQ, **options):
        words = [path.encode(), mode]
        for name, value in options.items():
            words += [name.encode(), str(value).encode()]
        self.send(struct.pack("!H", opcode) + b"".join(word + b"\0" for word in words))

    def send(self, packet):
        self.socket.sendto(packet, self.to)

    def receive(self):
        """(opcode, block or code or None, rest) of the next packet."""
        packet, self.sender = self.socket.recvfrom(65536)
        opcode = struct.unpack_from("!H", packet)[0]
        if opcode == OACK:
            return opcode, None, packet[2:]
        return opcode, struct.unpack_from("!H", packet, 2)[0], packet[4:]

    def reply(self, opcode, number, text=b""):
        self.socket.sendto(struct.pack("!HH", opcode, number) + text, self.sender)

    def fetch(self, path, lost=lambda n: False, **options):
        """The file; lost(n) says whether the n-th DATA packet is to be lost."""
        self.ask(path, **options)
        content, block, seen, since_ack = b"", 0, 0, 0
        size, window = 512, 1
        while True:
            opcode, number, rest = self.receive()
            if opcode == ERROR:
                raise AssertionError(rest)
            if opcode == OACK:
                words = rest.split(b"\0")
                terms = dict(zip(words[0::2], words[1::2]))
                size = int(terms.get(b"blksize", 512))
                window = int(terms.get(b"windowsize", 1))
                self.reply(ACK, 0)
                continue
            seen += 1
            if lost(seen):
                continue
            if number == (block + 1) & 0xFFFF:
                block, since_ack = block + 1, since_ack + 1
                content += rest
                if len(rest) < size or since_ack == window:
                    self.reply(ACK, block & 0xFFFF)
                    since_ack = 0
                if len(rest) < size:
                    return content
            elif since_ack:  # a gap in the window: ask for what is missing
                self.reply(ACK, block & 0xFFFF)
                since_ack = 0


def test_tftp_block_numbers_roll_over(files):
    big = files.random("forty.bin", 40 * MB)
    files.start()
    got = files.lab.directory / "got"
    files.curl("--tftp-blksize", "512", "-o", got, f"tftp://[{SERVER}]/forty.bin")
    assert filecmp.cmp(big, got, shallow=False)
    files.curl("--tftp-no-options", "-o", got, f"tftp://[{SERVER}]/forty.bin")
    assert filecmp.cmp(big, got, shallow=False)
    files.wait_for_fetch("TFTP done 40000000 40000000 forty.bin")
    assert files.counters()["tftp-failed"] == 0


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1024, 1428 * 16, 100000])
def test_tftp_sizes(files, size):
    content = files.random("file", size).read_bytes()
    files.start()
    assert TftpClient(files).fetch("file") == content
    assert TftpClient(files).fetch("file", blksize=1428, windowsize=16) == content
    assert TftpClient(files).fetch("/file", tsize=0, blksize=8 if size < 2000 else 512) == content


@pytest.mark.parametrize("window", [1, 4, 16])
def test_tftp_survives_loss(files, window):
    content = files.random("file", 60000).read_bytes()
    files.start()
    client = TftpClient(files)
    got = client.fetch("file", lost=lambda n: n % 13 == 5, blksize=1400, windowsize=window)
    assert got == content
    assert files.counters()["tftp-retransmitted"] > 0
    files.wait_for_fetch("TFTP done 60000 60000 file")


def test_tftp_answers_from_the_address_that_was_asked(files):
    files.start()
    for address in (SERVER, OTHER):
        client = TftpClient(files, address)
        assert client.fetch("hello.txt") == b"hello"
        assert client.sender[0] == address
        assert client.sender[1] != 69
        client.ask("none")
        assert client.receive()[:2] == (ERROR, 1)
        assert client.sender[0] == address


def test_tftp_on_the_link_itself(files):
    files.start()
    address = files.server.ip("-6", "addr", "show", "dev", "eth0", "scope", "link").stdout
    address = address.split("inet6 ")[1].split("/")[0]
    client = TftpClient(files)
    with files.client.entered():
        scope = socket.if_nametoindex("eth0")
    client.to = (address, 69, 0, scope)
    assert client.fetch("hello.txt") == b"hello"


def test_tftp_options_and_the_path(files):
    files.start()
    client = TftpClient(files)
    client.ask("hello.txt", windowsize=4, tsize=0, BLKSIZE=65464, timeout=3, multicast="x")
    assert client.receive()[2] == b"windowsize\x004\0tsize\x005\0blksize\x001428\0timeout\x003\0"
    client.reply(ERROR, 8, b"User aborted the transfer\0")
    files.wait_for_fetch("TFTP probed 0 5 hello.txt")

    files.client.ip("link", "set", "eth0", "mtu", "1280")
    files.server.ip("link", "set", "eth0", "mtu", "1280")
    client = TftpClient(files)
    client.ask("hello.txt", blksize=1428)
    assert client.receive()[2] == b"blksize\x001228\0"
    client.reply(ERROR, 0, b"enough\0")
    files.wait_for_fetch('TFTP failed 0 5 hello.txt | the client stopped it: "enough"')


@pytest.mark.parametrize(
    "path, code",
    [
        ("none", 1),
        ("sub", 1),
        ("/", 1),
        ("../secret", 2),
        ("/../secret", 2),
        ("sub/../../secret", 2),
        ("out", 2),
        ("fifo", 2),
        ("a\nb", 4),
        ("x" * 1500, 4),
        ("%2e%2e/secret", 1),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_tftp_refusals(files, path, code):
    files.set_traps()
    files.start()
    client = TftpClient(files)
    client.ask(path)
    assert client.receive()[:2] == (ERROR, code)


def test_tftp_reads_in_octets_and_never_writes(files):
    files.start()
    client = TftpClient(files)
    client.ask("new", opcode=WRQ)
    assert client.receive()[:2] == (ERROR, 2)
    client.ask("hello.txt", mode=b"netascii")
    assert client.receive()[:2] == (ERROR, 4)
    assert not (files.root / "new").exists()


def test_tftp_ignores_what_is_no_request(files):
    files.start()
    client = TftpClient(files)
    nonsense = [b"", b"\0", b"\0\0", b"\0\3\0\1x", b"\0\4\0\1", b"\0\5\0\1no\0", b"\0\6", b"\xff" * 99]
    for packet in nonsense:
        client.send(packet)
    client.send(b"\0\1hello.txt\0octet")  # this one is a request, and broken
    assert client.receive()[:2] == (ERROR, 4)
    assert files.counters()["tftp-malformed"] == len(nonsense) + 1


def test_tftp_request_that_is_repeated(files):
    files.start()
    client = TftpClient(files)
    client.ask("hello.txt", tsize=0)
    client.ask("hello.txt", tsize=0)
    assert client.receive()[0] == OACK
    first = client.sender
    assert client.receive()[0] == OACK
    assert client.sender == first
    # another request from the same port: the client has started over
    client.ask("hello.txt")
    assert client.receive() == (DATA, 1, b"hello")
    assert client.sender != first
    client.reply(ACK, 1)
    files.wait_for_fetch("TFTP done 5 5 hello.txt")
    assert [line.split()[1] for line in files.fetches()] == ["started", "probed", "started", "done"]
    assert files.counters()["tftp-repeated"] == 1


def test_tftp_limits(files):
    for i in range(4):
        files.put(f"file{i}", b"hello")
    files.start("tftp-transfers-per-client=3")
    clients = [TftpClient(files) for _ in range(4)]
    for i, client in enumerate(clients):
        client.ask(f"file{i}", tsize=0)
        answer = client.receive()
    assert answer[:2] == (ERROR, 0)
    assert files.counters()["tftp-active"] == 3
    clients[0].reply(ERROR, 8)
    wait_for(lambda: files.counters()["tftp-active"] == 2)
    assert clients[3].fetch("hello.txt") == b"hello"
    assert files.counters()["tftp-refused"] == 1


def test_tftp_forged_requests_displace_no_client(files):
    """Requests from addresses that nobody answers from, asking for a timeout of minutes."""
    files.start("tftp-transfers-max=20", "tftp-transfers-per-client=1000")
    forged = TftpClient(files)
    for i in range(20):
        files.put(f"forged{i}", b"x")
    clients = [TftpClient(files) for _ in range(20)]
    for i, client in enumerate(clients):
        client.ask(f"forged{i}", timeout=255)
        assert client.receive()[0] == OACK
    assert files.counters()["tftp-active"] == 20
    forged.ask("hello.txt")
    assert forged.receive()[:2] in ((ERROR, 0), (DATA, 1))  # all are younger than a second, or not
    fresh = TftpClient(files)
    wait_for(lambda: fetches(fresh, "hello.txt"))
    assert files.counters()["tftp-displaced"] >= 1
    # and none of them lives for minutes
    wait_for(lambda: files.counters()["tftp-active"] == 0, limit=30)


def fetches(client, path):
    with contextlib.suppress(AssertionError):
        return client.fetch(path) == b"hello"
    return False


def test_tftp_reset_client_ends_its_earlier_transfer(files):
    content = files.random("file", 100000).read_bytes()
    files.start()
    before = TftpClient(files)
    before.ask("file")
    assert before.receive()[:2] == (DATA, 1)
    before.reply(ACK, 1)
    assert TftpClient(files).fetch("file", blksize=1428) == content
    assert "asked for the file again" in files.wait_for_fetch("TFTP failed")


def test_tftp_from_the_port_of_the_request_alone(files):
    """For firewalls that know no more of TFTP than port 69."""
    content = files.random("file", MB).read_bytes()
    files.start("tftp-single-port=1")
    clients = [TftpClient(files) for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(c.fetch, "file", blksize=1428, windowsize=w) for c, w in zip(clients, (1, 4, 64))]
        assert all(one.result() == content for one in asked)
    assert {client.sender[1] for client in clients} == {69}
    assert clients[0].fetch("file", lost=lambda n: n % 50 == 7, blksize=1428, windowsize=8) == content


def test_tftp_ports_of_a_range(files):
    content = files.random("file", 50000).read_bytes()
    files.start("tftp-first-port=40000", "tftp-last-port=40003")
    ports = set()
    for _ in range(8):
        client = TftpClient(files)
        assert client.fetch("file", windowsize=16) == content
        ports.add(client.sender[1])
    assert ports <= set(range(40000, 40004)) and len(ports) > 1
    # and if all are in use, the client gets an error
    for i in range(5):
        files.put(f"file{i}", b"x")
        client = TftpClient(files)
        client.ask(f"file{i}", tsize=0)
        answer = client.receive()
    assert answer[0] == ERROR


def test_tftp_block_size_of_a_subnet_and_paths_of_windows(site):
    """The cap of the client's subnet, before and after a reload; \\Boot\\BCD is boot/bcd."""
    root = site.lab.directory / "root"
    (root / "boot").mkdir(parents=True)
    (root / "boot/bcd").write_bytes(b"small")
    (root / "Mixed").write_bytes(b"mixed")
    conf = f'''root = "{root}"
tftp {{ listen = "[::]:69" windows-paths = true }}
subnet "2001:db8:100::/64" {{ tftp-block-size = %d }}
'''
    site.start_bootd(conf % 1000, ports=(("udp", 547), ("udp", 69)))
    asker = SimpleNamespace(client=site.router)
    for path, content in (("\\Boot\\BCD", b"small"), ("boot/bcd", b"small"), ("\\Mixed", b"mixed")):
        assert TftpClient(asker, topology.SERVER).fetch(path) == content
    for path in ("\\..\\secret", "mixed", "\\boot\\none"):
        client = TftpClient(asker, topology.SERVER)
        client.ask(path)
        assert client.receive()[0] == ERROR

    def size():
        client = TftpClient(asker, topology.SERVER)
        client.ask("boot/bcd", blksize=1428)
        answer = client.receive()[2]
        client.reply(ERROR, 0, b"enough\0")
        return answer

    assert size() == b"blksize\x001000\0"
    (site.lab.directory / "bootd.conf").write_text((site.lab.directory / "bootd.conf").read_text()
                                                   .replace("= 1000", "= 512"))
    assert "error" not in site.ask("bootd", "reload")
    assert size() == b"blksize\x00512\0"


def test_tftp_client_that_closes_its_port(files):
    files.random("file", 100000)
    files.start()
    client = TftpClient(files)
    client.ask("file")
    assert client.receive()[:2] == (DATA, 1)
    client.reply(ACK, 1)
    client.socket.close()
    line = files.wait_for_fetch("TFTP failed 512 100000 file")
    assert "closed its port (1 of 196 blocks acknowledged)" in line


def test_tftp_many_at_once(files):
    content = files.random("file", MB).read_bytes()
    files.start("tftp-transfers-per-client=100")
    with ThreadPoolExecutor(20) as pool:
        clients = [TftpClient(files) for _ in range(20)]
        asked = [pool.submit(c.fetch, "file", blksize=1428, windowsize=8) for c in clients]
        assert all(one.result() == content for one in asked)


def test_running_transfers_when_the_server_stops(files):
    files.random("file", 50 * MB)
    files.start()
    sock, client = files.connect(), TftpClient(files)
    sock.sendall(get("/file"))
    assert sock.recv(1000)
    client.ask("file")
    assert client.receive()[:2] == (DATA, 1)
    assert files.process.stop() == 0
    failed = [line for line in files.fetches() if "failed" in line]
    assert len(failed) == 2
    assert all("the server was stopped" in line for line in failed)


# --- HTTP ----------------------------------------------------------------------


def head_of(answer):
    """(status, fields) of one answer."""
    head = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    fields = dict(line.split(": ", 1) for line in head[1:])
    return int(head[0].split()[1]), fields


def get(path, *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: [{SERVER}]", "Connection: close", *fields]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def test_http_large_file_whole_and_in_parts(files):
    big = files.random("big.img", 100 * MB)
    files.start()
    got = files.lab.directory / "got"
    files.curl("-o", got, f"{URL}/big.img")
    assert filecmp.cmp(big, got, shallow=False)
    files.wait_for_fetch("HTTP done 100000000 100000000 /big.img")
    # broken off and resumed, over the border of a piece
    got.write_bytes(big.read_bytes()[: 3 * 1024 * 1024 - 7])
    files.curl("-C", "-", "-o", got, f"{URL}/big.img")
    assert filecmp.cmp(big, got, shallow=False)


def test_http_head_has_the_fields_of_get(files):
    files.put("boot.ipxe", b"#!ipxe\necho ${mac} ${address} ${net0/mac}\n")
    files.start()
    for path in ("/hello.txt", "/boot.ipxe?mac=52:54:00:12:34:56", "/none", "/"):
        status, fields = head_of(files.say(get(path)))
        head = files.say(get(path, method="HEAD"))
        assert head.endswith(b"\r\n\r\n")
        assert head_of(head)[0] == status
        assert head_of(head)[1]["Content-Length"] == fields["Content-Length"]
        assert head_of(head)[1]["Content-Type"] == fields["Content-Type"]
    files.wait_for_fetch("HTTP probed 0 5 /hello.txt")


def test_http_script_is_rendered_for_its_client(files):
    files.put("boot.ipxe", b"#!ipxe\necho ${mac} ${address} ${net0/mac}\n")
    files.start()
    done = files.curl(f"{URL}/boot.ipxe?mac=52:54:00:12:34:56")
    assert done.stdout == "#!ipxe\necho 52:54:00:12:34:56 2001:db8::c ${net0/mac}\n"
    for bad in ("mac=5", "mac=52:54:00:12:34:56%0aexit", "mac=%0a", "x=%zz"):
        assert head_of(files.say(get(f"/boot.ipxe?{bad}")))[0] == 400
    # what is no script does not care
    assert files.say(get("/hello.txt?x=%zz")).endswith(b"hello")


@pytest.mark.parametrize(
    "field, status, body",
    [
        ("Range: bytes=1-3", 206, b"ell"),
        ("Range: bytes=-2", 206, b"lo"),
        ("Range: bytes=3-", 206, b"lo"),
        ("Range: bytes=0-99", 206, b"hello"),
        ("Range: bytes=0-0,2-2", 200, b"hello"),
        ("Range: lines=1-2", 200, b"hello"),
        ("Range: bytes=5-", 416, None),
        ("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 304, b""),
        ("If-Modified-Since: Sat, 01 Jan 2000 00:00:00 GMT", 200, b"hello"),
        ("If-Modified-Since: yesterday", 200, b"hello"),
        ("If-Range: Sat, 01 Jan 2000 00:00:00 GMT\r\nRange: bytes=1-3", 200, b"hello"),
        ('If-Match: "another"\r\nRange: bytes=1-3', 412, None),
        ("If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT\r\nRange: bytes=1-3", 412, None),
        ("If-None-Match: *\r\nRange: bytes=1-3", 304, b""),
        ('If-None-Match: "another"\r\nRange: bytes=1-3', 206, b"ell"),
    ],
)
def test_http_ranges_and_conditions(files, field, status, body):
    files.start()
    answer = files.say(get("/hello.txt", field))
    assert head_of(answer)[0] == status
    if body is not None:
        assert answer.partition(b"\r\n\r\n")[2] == body
    if status == 206:
        first = b"hello".index(body)
        wanted = f"bytes {first}-{first + len(body) - 1}/5"
        assert head_of(answer)[1]["Content-Range"] == wanted


def test_http_download_is_never_resumed_in_another_version(files):
    """What curl -C and installers do: the rest of a file, if it is still that file."""
    files.put("image", b"a" * 1000)
    files.start()
    fields = head_of(files.say(get("/image")))[1]
    files.put("image", b"b" * 1000)
    for field in (f"If-Range: {fields['ETag']}", f"If-Match: {fields['ETag']}"):
        answer = files.say(get("/image", field, "Range: bytes=500-"))
        assert head_of(answer)[0] in (200, 412) and b"b" * 1000 in answer + b"b" * 1000 * ("Match" in field)
    now = head_of(files.say(get("/image")))[1]["ETag"]
    answer = files.say(get("/image", f"If-Range: {now}", "Range: bytes=500-"))
    assert head_of(answer)[0] == 206 and answer.endswith(b"b" * 500)


def test_http_fields_of_every_answer(files):
    files.start()
    for path in ("/hello.txt", "/none", "/counters"):
        fields = head_of(files.say(get(path)))[1]
        assert fields["Date"].endswith(" GMT")
        assert fields["Connection"] == "close"
    # HEAD has no body, and leaves the connection as it was
    head = get("/hello.txt", method="HEAD").replace(b"close", b"keep-alive")
    answer = files.say(head + head + get("/hello.txt"))
    assert answer.count(b"HTTP/1.1 200") == 3 and answer.count(b"hello") == 1
    # HTTP/1.0 keeps a connection only if it is asked to
    answer = files.say(b"GET /hello.txt HTTP/1.0\r\n\r\n")
    assert head_of(answer)[1]["Connection"] == "close"
    keeps = b"GET /hello.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
    answer = files.say(keeps + b"GET /hello.txt HTTP/1.0\r\n\r\n")
    assert answer.count(b"Connection: keep-alive") == 1 and answer.count(b"hello") == 2


def test_http_body_that_arrives_late(files):
    files.start()
    sock = files.connect()
    sock.sendall(get("/counters", "Content-Length: 3", "Expect: 100-continue", method="POST"))
    assert sock.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
    for octet in b"abc":
        sock.sendall(bytes([octet]))
    assert b"HTTP/1.1 200 OK" in sock.recv(1000)


def test_http_keeps_a_connection(files):
    files.random("two", 2048)
    files.start()
    done = files.curl(
        "-w", "%{num_connects}", "-o", "/dev/null", f"{URL}/hello.txt", "-o", "/dev/null", f"{URL}/two"
    )
    assert done.stdout == "10"
    # and two requests in one segment are answered one after the other
    answer = files.say(get("/hello.txt").replace(b"close", b"keep-alive") + get("/two"))
    assert answer.count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(
    "request_bytes, status",
    [
        (get("/none"), 404),
        (get("/sub"), 403),
        (get("/"), 403),
        (get("/../secret"), 403),
        (get("/%2e%2e/secret"), 403),
        (get("/sub/%2e%2e/../secret"), 403),
        (get("//../secret"), 403),
        (get("/out"), 403),
        (get("/fifo"), 403),
        (get("/hello.txt%00"), 400),
        (get("/hello.txt%0a"), 400),
        (get("/hello%zz"), 400),
        (get("/" + "x" * 1100), 414),
        (get("/" + "x" * 30000), 414),
        (get("/hello.txt", *(f"X-{i}: {'y' * 1000}" for i in range(20))), 431),
        (get("/hello.txt", method="PUT"), 405),
        (get("/hello.txt", method="POST"), 405),
        (get("/hello.txt", method="DELETE"), 405),
        (get("/counters", method="PUT"), 405),
        (get("/hello.txt", method="BREW"), 501),
        (get("/counters", "Content-Length: 99999", method="POST") + b"x" * 99999, 413),
        (get("/counters", "Content-Length: -1", method="POST"), 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET /hello.txt HTTP/9.9\r\n\r\n", 505),
        (b"GET /hello.txt HTTP/1.1\nHost: a\n\n", 400),
        (b"GET /hello.txt HTTP/1.1\r\n\r\n", 400),
        (b"GET /hello.txt HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (get("/counters", "Transfer-Encoding: chunked", method="POST") + b"0\r\n\r\n", 411),
        (get("/counters", "Content-Length: 1", "Content-Length: 2", method="POST") + b"x", 400),
        (b"GET /hello.txt HTTP/1.1\r\nno colon here\r\n\r\n", 400),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_http_refusals(files, request_bytes, status):
    files.set_traps()
    files.start()
    answer = files.say(request_bytes)
    assert b"secret" not in answer
    assert head_of(answer)[0] == status
    # and it goes on serving
    assert files.say(get("/hello.txt")).endswith(b"hello")


@pytest.mark.parametrize("last_words", [get("/hello.txt"), b"GET\r\n\r\n", b""], ids=repr)
def test_descriptors_of_closed_connections_serve_again(files, last_words):
    content = files.random("file", 5000).read_bytes()
    files.start()
    socks = [files.connect() for _ in range(5)]
    for sock in socks:
        sock.sendall(last_words)
        sock.shutdown(socket.SHUT_WR) if not last_words else None
        while sock.recv(65536):
            pass
    # Sockets and files of the next transfers have the numbers that were theirs.
    clients = [TftpClient(files) for _ in range(5)]
    for client in clients:
        client.ask("file")
        assert client.receive()[:2] == (DATA, 1)
    for client in clients:
        client.reply(ACK, 1)
        opcode, number, data = client.receive()
        assert (opcode, number, data) == (DATA, 2, content[512:1024])


def test_http_names_with_special_characters(files):
    files.put("a dir/Zürich.txt", b"odd")
    (files.root / "link").symlink_to("a dir/Zürich.txt")
    files.start()
    for path in ("/a%20dir/Z%c3%bcrich.txt", "//a%20dir//Z%C3%BCrich.txt", "/x/../link", "/link"):
        expected = b"odd" if "/x/" not in path else b"no such file\n"
        assert files.say(get(path)).partition(b"\r\n\r\n")[2] == expected


def test_http_two_hundred_at_once(files):
    big = files.random("file", 2 * MB).read_bytes()
    files.start("http-connections-max=50", "http-connections-per-client=1000")

    def fetch(sock):
        sock.settimeout(60)
        sock.sendall(get("/file"))
        answer = b"".join(iter(lambda: sock.recv(1 << 20), b""))
        return answer.partition(b"\r\n\r\n")[2] == big

    with ThreadPoolExecutor(200) as pool:
        assert all(pool.map(fetch, [files.connect() for _ in range(200)]))
    wait_for(lambda: sum("HTTP done" in line for line in files.fetches()) == 200)
    assert files.counters()["http-waited"] > 0


def test_http_idle_client_is_disconnected(files):
    files.start("http-idle-ms=500")
    quiet, slow, done = files.connect(), files.connect(), files.connect()
    done.sendall(get("/hello.txt").replace(b"close", b"keep-alive"))
    assert done.recv(1000)
    slow.sendall(b"GET /hello.txt HTTP/1.1\r\n")
    stop = threading.Event()

    def trickle():
        while not stop.wait(0.1):
            try:
                slow.sendall(b"X: y\r\n")
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    # a header line now and then does not keep a connection for ever
    for sock in (quiet, done, slow):
        try:
            while sock.recv(1000):
                pass
        except ConnectionError:
            pass
    stop.set()
    thread.join()
    wait_for(lambda: files.counters()["http-idled"] >= 3)


def test_http_connections_of_one_client_are_limited(files):
    """A thousand slow downloads from one address leave the others their connections."""
    files.random("file", 20 * MB)
    files.start("http-connections-per-client=8")
    crowd = [files.connect() for _ in range(20)]
    for sock in crowd:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(ConnectionError):
            sock.sendall(get("/file"))
    refused = 0
    for sock in crowd:
        with contextlib.suppress(ConnectionError):
            if sock.recv(12) == b"HTTP/1.1 503":
                refused += 1
    assert refused >= 1
    files.client.address("eth0", "2001:db8::d/64")
    other = files.connect("2001:db8::d")
    other.sendall(get("/counters"))
    assert b"http-limited 12\n" in b"".join(iter(lambda: other.recv(65536), b""))


def test_http_idle_connections_make_room(files):
    files.start("http-connections-max=10", "http-connections-per-client=1000")
    crowd = [files.connect() for _ in range(10)]
    wait_for(lambda: b"hello" in files.say(get("/hello.txt")))
    assert files.counters()["http-idled"] >= 1
    for sock in crowd:
        sock.close()


def test_http_slow_client_is_served_and_a_stalled_one_is_not(files):
    files.random("file", 20 * MB)
    files.start("http-idle-ms=500", "http-stall-ms=3000")
    stalled, slow = files.connect(), files.connect()
    for sock in (stalled, slow):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        sock.sendall(get("/file"))
    assert stalled.recv(1)
    got, begin = 0, time.monotonic()
    while data := slow.recv(65536):
        got += len(data)
        if time.monotonic() - begin < 5:  # longer than both limits
            time.sleep(0.05)  # this is the slow client's pace, no wait for a state
    assert got > 20 * MB
    line = files.wait_for_fetch("HTTP failed")
    sent, size = map(int, line.split()[2:4])
    assert 0 < sent < size == 20 * MB
    assert sum("HTTP done" in line for line in files.fetches()) == 1


def test_http_stream_ends_for_a_stalled_reader_only(files):
    """More is added all the time: what counts is that something is taken."""
    files.server.sysctl("net.ipv4.tcp_wmem", "4096 4096 8192")
    files.start("http-idle-ms=300", "http-stall-ms=1000")
    stalled, reads, leaves = (files.connect() for _ in range(3))
    stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
    for sock in (stalled, reads, leaves):
        sock.sendall(get("/stream"))
    assert leaves.recv(100)
    leaves.close()
    files.process.wait_for_line("^stream left$")
    got = 0
    while "stream cut" not in files.process.text():
        got += len(reads.recv(65536))
    assert got > 10000  # most of a second's worth, and it goes on
    assert reads.recv(65536)
    assert files.process.text().count("stream") == 2


def test_http_client_that_hangs_up(files):
    files.random("file", 50 * MB)
    files.start()
    sock = files.connect()
    sock.sendall(get("/file"))
    assert sock.recv(1000)
    sock.close()
    files.wait_for_fetch("HTTP failed")
    wait_for(lambda: files.counters()["http-connections"] == 1)


def test_http_file_cut_short_while_it_is_served(files):
    path = files.random("file", 50 * MB)
    files.start()
    sock = files.connect()
    sock.sendall(get("/file"))
    assert sock.recv(1000)
    os.truncate(path, 1000)
    while True:
        try:
            if not sock.recv(1 << 20):
                break
        except ConnectionError:
            break
    files.wait_for_fetch("HTTP failed")
    assert files.say(get("/hello.txt")).endswith(b"hello")


def test_http_without_descriptors(files):
    files.start("http-idle-ms=1500", limit_files=40)
    crowd = [files.connect() for _ in range(30)]
    # the crowd is idle and is sent away; then there is room again
    wait_for(lambda: files.say(get("/hello.txt")).endswith(b"hello"))
    for sock in crowd:
        sock.close()
    assert files.counters()["http-idled"] > 0
