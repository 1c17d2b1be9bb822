# SPDX-License-Identifier: ISC
"""What labs and firmware boots are made of.

process.py    wait_for(); a program in the background: its log, its end
netns.py      Namespace, Lab: namespaces, links, addresses, captures; all gone at the end
wire.py       Wire: frames in and out of a link, as scapy packets
topology.py   Site: client links, a router, a server; relayd and bootd on them
machine.py    Machine: one card on a link, with a DHCPv6 client that others wrote
conftest.py   the pytest fixtures `lab` and `site`

A test asks for a fixture and tells its story:

    def test_solicit_reaches_the_server(site):
        relayd = site.start_relayd()
        server = site.server.wire("core")
        ...
        relayd.wait_for_line("lan1: ready")

Run them as root with `make check-lab` or `make check-firmware`, or by hand:

    NB6_BUILD=/path/to/build /usr/bin/python3 -m pytest tests/lab/test_x.py

A test that fails keeps its directory (logs, configs, captures) and says where.
NB6_KEEP=1 keeps all of them; NB6_PATIENCE=3 makes every limit three times as long.
"""
