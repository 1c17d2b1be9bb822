# SPDX-License-Identifier: ISC
"""netboot6 doctor: what is wrong is named, and nothing is named where all is well."""

import json

from lab.bench import Bench
from lab.boot_client import Relay, relay, request_of, solicit
from lab.netns import run
from lab.process import wait_for
from lab.topology import SERVER, program


def doctor(site, daemon, *words):
    """Its exit status, and its findings as (level, about, finding)."""
    control = site.lab.directory / f"{daemon}.sock"
    done = run(program("netboot6/netboot6"), "doctor", "--control", control, *words, "--json", check=False)
    findings = json.loads(done.stdout)["findings"]
    assert all(row["advice"] for row in findings if row["about"] != "boot files")
    return done.returncode, [(row["level"], row["about"], row["finding"]) for row in findings]


def expect(site, daemon, level, about, text):
    """A finding that appears as the daemon learns of its cause."""

    def found():
        return any(
            row[:2] == (level, about) and text in row[2] for row in doctor(site, daemon)[1]
        )

    wait_for(found, what=lambda: f"{level} {about} {text}: {doctor(site, daemon)}")


def test_a_healthy_relay_has_no_finding(site):
    site.start_relayd()
    bench = Bench(site)
    bench.expect_relayed(bench.solicit())
    assert doctor(site, "relayd") == (0, [])
    shown = run(program("netboot6/netboot6"), "doctor", "--control", site.lab.directory / "relayd.sock")
    assert shown.stdout == "no problem found\n"


def test_links_and_servers_of_the_relay(site):
    site.start_relayd()
    site.router.ip("-6", "addr", "del", "2001:db8:1::1/64", "dev", "lan1")
    expect(site, "relayd", "error", "lan1", "no global address on the link")
    site.router.ip("link", "set", "lan1", "down")
    expect(site, "relayd", "warning", "lan1", "down")
    site.router.ip("link", "del", "lan1")
    expect(site, "relayd", "warning", "lan1", "there is no link of this name")
    site.router.ip("-6", "route", "add", "unreachable", f"{SERVER}/128", "metric", "1")
    expect(site, "relayd", "error", SERVER, "No route to host")
    status, findings = doctor(site, "relayd")
    assert status == 4
    levels = [row[0] for row in findings]
    assert levels == sorted(levels, key=["error", "warning", "note"].index), "the worst comes first"


def test_drops_and_a_failed_reload_of_the_relay(site):
    config = f'interfaces = {{"lan*"}}\nserver "{SERVER}" {{}}\n'
    relayd = site.start_relayd(config=config)
    bench = Bench(site)
    bench.send(bytes([12, 0]) + bytes(32) + bytes([0, 9, 0, 4, 1, 1, 2, 3]))
    expect(site, "relayd", "warning", "untrusted-relay", "1 messages were dropped")
    assert doctor(site, "relayd")[0] == 3
    (site.lab.directory / "relayd.conf").write_text("width = 3\n")
    relayd.send_signal(1)
    expect(site, "relayd", "error", "configuration", "the last reload failed")
    (site.lab.directory / "relayd.conf").write_text(config)
    relayd.send_signal(1)
    wait_for(lambda: doctor(site, "relayd")[0] == 3)


def test_the_boot_server(site, bootd, through):
    files = [row for row in doctor(site, "bootd")[1] if row[1] == "boot files"]
    (bootd.root / "snponly.efi").write_bytes(b"MZ")
    assert len([row for row in doctor(site, "bootd")[1] if row[1] == "boot files"]) == len(files) - 1
    (bootd.root / "snponly.efi").write_bytes(b"")
    expect(site, "bootd", "warning", "boot files", "snponly.efi, is empty")
    through.hears_nothing(relay(solicit(), link="2001:db8:77::1"))
    expect(site, "bootd", "error", "no-subnet", "1 messages were dropped")
    path = site.lab.directory / "bootd.conf"
    text = path.read_text()
    path.write_text("width = 3\n")
    bootd.send_signal(1)
    expect(site, "bootd", "error", str(path), "the last reload failed")
    path.write_text(text)
    bootd.send_signal(1)
    wait_for(lambda: not any(row[1] == str(path) for row in doctor(site, "bootd")[1]))


def test_a_full_pool_and_an_address_that_is_not_assigned(site):
    site.start_bootd(
        f"""
        tftp {{ listen = "[2001:db8:ffff::1]" }}
        root = "{site.lab.directory}"
        subnet "2001:db8:1::/64" {{ addresses = pool pool = "2001:db8:1::100-2001:db8:1::100" }}
    """
    )
    through = Relay(site)
    expect(site, "bootd", "warning", "tftp", "2001:db8:ffff::1 is not assigned to this machine")
    assert not any("pool" in row[2] for row in doctor(site, "bootd")[1])
    through.ask(request_of(through.ask(solicit())))
    expect(site, "bootd", "error", "2001:db8:1::/64", "1 of 1 addresses of the pool are in use")


def test_a_daemon_that_does_not_run(site):
    done = run(program("netboot6/netboot6"), "doctor", "--control", site.lab.directory / "x.sock", check=False)
    assert done.returncode == 1 and "no daemon answers" in done.stderr
