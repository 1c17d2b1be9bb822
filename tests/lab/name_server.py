# SPDX-License-Identifier: ISC
"""A name server of a few lines: it answers for the names that a test gives it, in a thread.

    names = NameServer(site.server, SERVER)
    names.records["dhcp.example.net"] = ["2001:db8:100::69"]
    site.start_relayd(config=..., resolv_conf=names.resolv_conf())
"""

import threading

from scapy.layers.dns import DNS, DNSRR

NXDOMAIN = 3
AAAA = 28
FOREVER = 10**6


class NameServer:
    """records   name: addresses, or NXDOMAIN, or None to keep silent; others do not exist"""

    def __init__(self, namespace, address, ttl=FOREVER):
        self.address = address
        self.lab = namespace.lab
        self.ttl = ttl
        self.records = {}
        self.asked = []
        self.sock = namespace.udp_socket(address, 53)
        self.sock.settimeout(0.05)
        self.ending = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.lab.closing.callback(self._end)

    def resolv_conf(self):
        text = f"nameserver {self.address}\noptions timeout:1 attempts:1\n"
        return self.lab.file("resolv.conf", text)

    def _end(self):
        self.ending = True
        self.thread.join()

    def _serve(self):
        while not self.ending:
            try:
                data, sender = self.sock.recvfrom(2000)
            except TimeoutError:
                continue
            answer = self.answer(DNS(data))
            if answer:
                for datagram in (*self.junk(bytes(answer)), bytes(answer)):
                    self.sock.sendto(datagram, sender)

    def junk(self, answer):
        """What is sent before an answer."""
        return ()

    def answer(self, query):
        """The answer; the question stands in it as it was asked, upper and lower case."""
        asked = query.qd.qname
        name = asked.decode().rstrip(".").lower()
        self.asked.append((name, query.qd.qtype))
        found = self.records.get(name, NXDOMAIN)
        if found is None:
            return None
        answer = DNS(id=query.id, qr=1, aa=1, rd=1, ra=1, qd=query.qd)
        if found == NXDOMAIN:
            answer.rcode = NXDOMAIN
            return answer
        for address in found if query.qd.qtype == AAAA else ():
            row = DNSRR(rrname=asked, type="AAAA", ttl=self.ttl, rdata=address)
            answer.an = answer.an / row if answer.an else row
        answer.ancount = len(found)
        return answer
