# SPDX-License-Identifier: ISC
"""bootd's live page, as a browser asks for it: the page, the state, the events."""

import base64
import hashlib
import http.client
import json
import re
import socket
from urllib.parse import quote

import pytest

from lab.boot_client import MAC, X64_UEFI, Relay, arch, relay, request_of, solicit
from lab.netns import wait_for
from lab.process import PATIENCE

PAGE = ("::1", 8069)
CONF = """\
page {}
http {}
root = "%s"
subnet "2001:db8:1::/64" {}
boot "uefi" { arch = {x64-uefi}  url = "tftp://[2001:db8:100::69]/x.efi" }
"""


class Reader:
    """An EventSource: a connection to /events, and what came on it."""

    def __init__(self, site, last_event_id=None, receive_buffer=None):
        with site.server.entered():
            self.sock = socket.socket(socket.AF_INET6)
        site.lab.closing.callback(self.sock.close)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(10 * PATIENCE)
        self.sock.connect(PAGE)
        resume = f"Last-Event-ID: {last_event_id}\r\n" if last_event_id else ""
        self.sock.sendall(f"GET /events HTTP/1.1\r\nHost: [::1]:8069\r\n{resume}\r\n".encode())
        self.response = http.client.HTTPResponse(self.sock)

    def begin(self):
        self.response.begin()
        assert self.response.status == 200
        assert self.response.getheader("Content-Type") == "text/event-stream"
        return self

    def next(self):
        """{"event":, "data":, "id":} of the next event; comments are passed over."""
        event = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if not line and "data" in event:
                event["data"] = json.loads(event["data"])
                return event
            if line and not line.startswith(":"):
                name, value = line.split(": ", 1)
                event[name] = value

    def expect(self, name):
        """The next event of this name; counters come when they like."""
        while True:
            event = self.next()
            if event["event"] != "counters" or name == "counters":
                assert event["event"] == name, event
                return event

    def expect_after(self, do, name):
        """Do it, then read until that event: how many of machines came before it."""
        do()
        seen = 0
        while (event := self.next())["event"] != name:
            seen += event["event"] == "machine"
        return seen


@pytest.fixture
def page(site):
    """bootd with its page; page.get(path) asks it, page.through is a relay."""
    site.start_bootd(CONF % site.lab.directory, ports=(("udp", 547), ("tcp", 8069), ("tcp", 80)))
    site.through = Relay(site)

    def get(path, method="GET", at=PAGE):
        connection = http.client.HTTPConnection(*at, timeout=10 * PATIENCE)
        with site.server.entered():
            connection.connect()
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response, body

    site.get = get
    return site


def machines(site):
    response, body = site.get("/machines")
    assert response.status == 200 and response.getheader("Cache-Control") == "no-store"
    return json.loads(body)


def test_page_carries_all_it_needs(page):
    """Its style and script are allowed by their hashes and nothing else is; no text becomes HTML."""
    response, html = page.get("/")
    assert response.status == 200 and response.getheader("Content-Type").startswith("text/html")
    policy = response.getheader("Content-Security-Policy")
    assert policy.startswith("default-src 'none';") and "unsafe" not in policy
    for tag in ("style", "script"):
        inside = re.search(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"(src|href)=.(https?:)?//", html)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|style=", html)


def test_the_page_is_not_served_to_machines(page):
    for path in ("/", "/machines", "/events"):
        assert page.get(path, at=("::1", 80))[0].status in (403, 404)
    assert page.get("/bootd.conf")[0].status == 404
    assert page.get("/events", method="POST")[0].status == 405
    assert page.get("/machine?id=nonsense")[0].status == 400
    assert page.get("/machine?id=52:54:00:00:00:01")[0].status == 404


def test_each_step_is_an_event(page):
    reader = Reader(page).begin()
    start = reader.expect("resync")
    before = machines(page)
    assert before["boots"] == [] and before["last-event"] == start["data"]["id"] == start["id"]
    assert before["silent-after"] == 30 and "fetches nothing" in str(before["stages"])
    advertise = page.through.ask(solicit(arch(X64_UEFI)))
    asks = reader.expect("machine")
    assert (asks["data"]["machine"], asks["data"]["stage"]) == (MAC, "firmware asks")
    assert asks["data"]["last-result"].startswith("Advertise 2001:db8:1:")
    page.through.ask(request_of(advertise, arch(X64_UEFI)))
    has_address = reader.expect("machine")
    assert has_address["data"]["stage"] == "firmware addressed"
    assert reader.expect("counters")["data"]["asked"] == 2
    # The state is no older than the events, and one machine's has all steps.
    state = wait_for(
        lambda: [s for s in [machines(page)] if s["last-event"] == has_address["id"]],
        what="the list is built again",
    )[0]
    assert [row["stage"] for row in state["boots"]] == ["firmware addressed"]
    story = json.loads(page.get(f"/machine?id={quote(MAC)}")[1])
    assert [step["step"] for step in story["steps"]] == ["x64-uefi Solicit", "x64-uefi Request"]


def test_a_reader_that_reconnects_misses_nothing(page):
    stays, leaves = Reader(page).begin(), Reader(page).begin()
    stays.expect("resync"), leaves.expect("resync")
    page.through.ask(solicit(arch(X64_UEFI)))
    seen = leaves.expect("machine")["id"]
    leaves.sock.close()
    leaves.response.close()
    for number in range(3):
        page.through.ask(solicit(arch(X64_UEFI)), mac=f"52:54:00:00:00:0{number}")
    back = Reader(page, last_event_id=seen).begin()
    missed = [back.expect("machine")["data"]["machine"][-1] for _ in range(3)]
    assert missed == ["0", "1", "2"]
    for nonsense in ("1", "x-y", seen.replace("-", "-9"), "0" * 16 + "-1"):
        assert Reader(page, last_event_id=nonsense).begin().expect("resync")


def storm(page, machines):
    """As many machines at once; their answers are not read."""
    own = bytes.fromhex(MAC.replace(":", ""))
    datagram = bytes(relay(solicit(arch(X64_UEFI))))
    for number in range(machines):
        page.through.socket.sendto(
            datagram.replace(own, b"\x02\0\0\0" + number.to_bytes(2, "big")), ("2001:db8:100::69", 547)
        )
    page.through.socket.close()
    page.through = Relay(page)


def test_storm_and_slow_reader(page):
    """More events than fit into a second become one "resync"; a reader that reads nothing is disconnected, and delays no other."""
    page.server.sysctl("net.ipv4.tcp_wmem", "4096 4096 8192")
    quick = Reader(page).begin()
    slow = Reader(page, receive_buffer=4096)
    wait_for(lambda: page.ask("bootd", "status")["page"]["readers"] == 2, what="both read")
    quick.expect("resync")
    before = quick.expect_after(lambda: storm(page, 3000), "resync")
    assert 500 <= before < 3000
    for _ in range(9):  # until more waits for the slow one than may
        quick.expect_after(lambda: storm(page, 2000), "resync")
        stats = page.ask("bootd", "status")["page"]
        if stats["cut"]:
            break
    assert stats["cut"] == 1 and stats["readers"] == 1
    slow.sock.close()
    page.through.ask(solicit(arch(X64_UEFI)))
    while quick.next()["data"].get("machine") != MAC:
        pass
    shown = machines(page)  # it says how many it leaves out
    assert len(shown["boots"]) == 2000 < shown["of"]


