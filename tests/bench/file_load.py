# SPDX-License-Identifier: ISC
"""Load for a file server, and the DHCPv6 latency that machines see meanwhile; run in the clients' namespace.

file_load.py SECONDS http CLIENTS URL-HOST PATH      downloads again and again, each on a new connection
file_load.py SECONDS tftp CLIENTS WINDOW HOST PATH   likewise, blksize 1428
file_load.py SECONDS solicit HOST                    one Solicit every 5 ms, round trips in microseconds
"""

import json
import select
import socket
import struct
import sys
import time

CLIENTS = "2001:db8:100:1::"  # each client has an address of its own below this


def http(until, clients, host, path):
    octets, sockets, buffer = 0, {}, bytearray(1 << 20)
    poll = select.epoll()

    def begin():
        s = socket.create_connection((host, 80), source_address=(f"{CLIENTS}{len(sockets) + 1:x}", 0))
        s.sendall(f"GET /{path} HTTP/1.1\r\nHost: [{host}]\r\nConnection: close\r\n\r\n".encode())
        s.setblocking(False)
        sockets[s.fileno()] = s
        poll.register(s, select.EPOLLIN)

    for _ in range(clients):
        begin()
    while time.monotonic() < until:
        for fd, _ in poll.poll(1):
            n = sockets[fd].recv_into(buffer)
            octets += n
            if n == 0:
                sockets.pop(fd).close()
                begin()
    return {"octets": octets}


def tftp(until, clients, window, host, path):
    octets, done, sockets = 0, 0, {}
    poll = select.epoll()
    asked = b"\0\1" + path.encode() + b"\0octet\0blksize\0" + b"1428\0windowsize\0%d\0" % window

    def begin():
        s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.setblocking(False)
        s.bind((f"{CLIENTS}{len(sockets) + 1:x}", 0))
        s.sendto(asked, (host, 69))
        sockets[s.fileno()] = [s, 0]
        poll.register(s, select.EPOLLIN)

    for _ in range(clients):
        begin()
    while time.monotonic() < until:
        for fd, _ in poll.poll(1):
            entry = sockets[fd]
            s, block = entry
            try:
                while True:
                    data, peer = s.recvfrom(2048)
                    code, number = struct.unpack("!HH", data[:4])
                    if code == 6:
                        s.sendto(b"\0\4\0\0", peer)
                    elif code == 3 and number == (block + 1) % 65536:
                        block, octets = block + 1, octets + len(data) - 4
                        if block % window == 0 or len(data) < 1432:
                            s.sendto(b"\0\4" + struct.pack("!H", number), peer)
                        if len(data) < 1432:
                            done += 1
                            sockets.pop(fd)
                            s.close()
                            begin()
                            break
                    elif code == 5:
                        sys.exit(f"TFTP error: {data}")
            except BlockingIOError:
                pass
            entry[1] = block
    return {"octets": octets, "done": done}


def solicit_of(machine):
    client_id = struct.pack("!HHHHIHH", 1, 10, 3, 1, 0x52540000, 0, 0)[:4] + struct.pack("!HHIH", 3, 1, 0x5254, machine & 0xffff)
    ia = struct.pack("!HHIII", 3, 12, 1, 0, 0)
    message = b"\1" + struct.pack("!I", machine)[1:] + client_id + ia + struct.pack("!HHH", 8, 2, 0)
    link = socket.inet_pton(socket.AF_INET6, "2001:db8:1::1")
    peer = socket.inet_pton(socket.AF_INET6, f"fe80::{machine & 0xffff:x}")
    return b"\x0c\0" + link + peer + struct.pack("!HH", 9, len(message)) + message


def solicit(until, host):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind(("::", 547))
    s.settimeout(5)
    took, machine = [], 0
    while time.monotonic() < until:
        machine += 1
        begin = time.monotonic()
        s.sendto(solicit_of(machine), (host, 547))
        s.recv(2048)
        took.append((time.monotonic() - begin) * 1e6)
        time.sleep(0.005)
    took.sort()
    return {"n": len(took), "p50_us": took[len(took) // 2], "p99_us": took[len(took) * 99 // 100], "most_us": took[-1]}


def main():
    until = time.monotonic() + float(sys.argv[1])
    what, rest = sys.argv[2], sys.argv[3:]
    if what == "http":
        found = http(until, int(rest[0]), *rest[1:])
    elif what == "tftp":
        found = tftp(until, int(rest[0]), int(rest[1]), *rest[2:])
    else:
        found = solicit(until, *rest)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
