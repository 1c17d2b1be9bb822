# SPDX-License-Identifier: ISC
"""Two bootds that share pools in a PostgreSQL.

          relay ──── one ────┐
            │                 ├── database
            └─────── two ────┘

The relay sends to both; each has a link of its own to the database, which can be cut. The
database, the bootds and their links are killed and cut while many machines ask: no address is
ever promised to two of them, and each promise is in the database.

NB6_SEED repeats a run, NB6_ROUNDS=100 makes it a long one.
"""

import csv
import json
import os
import random
import signal
import threading
import time
from ipaddress import ip_address, ip_network

import pytest

from lab.boot_client import control
from lab.lease_load import RENEW, Load, mac_text
from lab.netns import run, wait_for
from lab.postgresql import AS_USER, Database, cluster  # noqa: F401 (a fixture)
from lab.process import PATIENCE
from lab.topology import program

NAMES = ("one", "two")
MARGIN = 5  # for so much longer a lease is stored than was promised
ROUNDS = int(os.environ.get("NB6_ROUNDS", "4"))  # of killing; more for a long run
SEED = int(os.environ.get("NB6_SEED", "0")) or random.randrange(1, 1 << 20)

CONF = """\
control = "{directory}/{name}.sock"
key = "a key for the laboratory"
server-duid-file = "{directory}/{name}.duid"
leases = "postgresql://{host}/postgres{more}"
lifetime = "5m"
subnet "2001:db8:1::/64" {{ addresses = pool  pool = "2001:db8:1::1000-2001:db8:1::{last}" }}
subnet "2001:db8:2::/64" {{}}
"""


class Server:
    """One bootd, with its link to the relay and to the database."""

    def __init__(self, shared, number, name):
        lab = shared.lab
        self.shared, self.number, self.name = shared, number, name
        self.namespace = lab.namespace(name)
        self.address = f"2001:db8:a{number}::69"
        self.host = f"2001:db8:d{number}::5"
        lab.veth(self.namespace, "core", shared.relay, name)
        self.namespace.address("core", f"{self.address}/64")
        shared.relay.address(name, f"2001:db8:a{number}::1/64")
        self.namespace.route("default", "via", f"2001:db8:a{number}::1")
        lab.veth(self.namespace, "store", shared.data, name)
        self.namespace.address("store", f"2001:db8:d{number}::2/64")
        shared.data.address(name, f"{self.host}/64")
        self.control = lab.directory / f"{name}.sock"
        self.process = None

    def start(self, last="10ff", host=None, more=""):
        host = host or f"netboot6@[{self.host}]"
        text = CONF.format(
            directory=self.shared.lab.directory, name=self.name, host=host, last=last, more=more
        )
        path = self.shared.lab.file(f"{self.name}.conf", text)
        self.start_again(path)

    def start_again(self, path=None):
        path = path or self.shared.lab.directory / f"{self.name}.conf"
        argv = (program("netboot6-bootd"), "-f", "-c", path)
        self.process = self.namespace.popen(self.name, *argv, ours=True)
        wait_for(self.answers, 10, lambda: f"bootd answers; it said:\n{self.process.tail()}")

    def answers(self):
        """Its control socket is there, and listens, which it does a moment later."""
        try:
            return self.control.exists() and self.store()
        except ConnectionRefusedError:
            return False

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.popen.wait()
        self.shared.lab.processes.remove(self.process)
        self.control.unlink()

    def cut(self, is_cut=True):
        """The cable to the database is pulled at the database's end, so that nothing tells us."""
        self.shared.data.ip("link", "set", self.name, "down" if is_cut else "up")
        if not is_cut:
            self.shared.data.ip(
                "-6", "address", "replace", f"{self.host}/64", "dev", self.name, "nodad"
            )

    def store(self):
        return control(self, "status")["leases"]

    def is_ready(self):
        return self.store()["state"] == "ready"

    def leases(self):
        return {
            lease["address"]: lease["machine"]
            for lease in control(self, "leases")["leases"]
            if lease["lease"]
        }

    def endpoint(self):
        return [(self.address, 547)]


class Shared:
    def __init__(self, lab, cluster):
        self.lab = lab
        self.relay, self.data = lab.namespace("relay"), lab.namespace("data")
        self.one, self.two = (Server(self, n, name) for n, name in enumerate(NAMES))
        self.servers = (self.one, self.two)
        self.database = Database(lab, self.data, cluster)
        self.random = random.Random(SEED)
        print(f"NB6_SEED={SEED}")

    def start(self, **options):
        self.database.start()
        for server in self.servers:
            server.start(**options)
        self.wait_until_ready()
        self.load = Load(self.relay, [server.address for server in self.servers])

    def wait_until_ready(self, servers=None):
        for server in servers or self.servers:
            wait_for(server.is_ready, 20, lambda: f"{server.name}: {server.process.tail()}")

    def rows(self):
        """{machine: address} of the table, with what is left in seconds."""
        sql = (
            "SELECT machine, host(address), extract(epoch FROM expires - clock_timestamp())"
            " FROM netboot6.lease WHERE state = 'bound'"
        )
        return {machine: (address, float(left)) for machine, address, left in self.database.query(sql)}

    def check_promises(self):
        """Each is in the database, for at least so long; and an address is promised once."""
        wait_for(self.database.answers, 20, "the database answers")
        rows, now = self.rows(), time.monotonic()
        for number, (address, until) in self.load.promise.items():
            row = rows.get(mac_text(number))
            assert row, f"{address} was promised to {mac_text(number)}, and is not stored"
            assert row[0] == address, f"{mac_text(number)}: promised {address}, stored {row[0]}"
            assert row[1] >= until - now, f"{address}: promised for longer than it is stored"
        given = [address for address, _ in self.load.promise.values()]
        assert len(set(given)) == len(given)

    def mixed(self, numbers):
        """Each machine asks one of the servers, or both."""
        some = [self.one.endpoint(), self.two.endpoint(), None]
        return [self.load.solicit(number, self.random.choice(some)) for number in numbers]


@pytest.fixture
def shared(lab, cluster):  # noqa: F811
    return Shared(lab, cluster)


# --- side by side ------------------------------------------------------------------------------


def test_two_servers_one_pool(shared):
    """More machines than addresses, all at once, at either server: each address is had once."""
    shared.start(last="103f")
    shared.load.run(shared.mixed(range(80)), tries=6)
    assert len(shared.load.promise) == 64
    shared.check_promises()
    assert len(shared.rows()) == 64
    wait_for(lambda: shared.one.leases() == shared.two.leases(), 10, "both know all leases")


def test_machine_keeps_its_address_at_the_other_server(shared):
    shared.start()
    load = shared.load
    load.run(load.solicit(number, shared.one.endpoint()) for number in range(20))
    before = {number: address for number, (address, _) in load.promise.items()}
    wait_for(lambda: len(shared.two.leases()) == 20, 10, "two knows them")
    load.run(load.again(number, servers=shared.two.endpoint()) for number in range(20))
    assert {number: address for number, (address, _) in load.promise.items()} == before
    shared.check_promises()
    assert {row[0] for row in shared.database.query("SELECT server FROM netboot6.lease")} != {""}
    # what an operator deletes at one server is gone at the other, by SQL as well
    run(program("netboot6/netboot6"), "--control", shared.two.control, "boot", "release", before[3])
    wait_for(lambda: before[3] not in shared.one.leases(), 10, "one knows it")
    shared.database.query(f"DELETE FROM netboot6.lease WHERE address = '{before[4]}'")
    wait_for(lambda: before[4] not in shared.one.leases(), 10, "one knows it")


ENDLESS = """\
INSERT INTO netboot6.lease SELECT '2001:db8:1::1000'::inet + n, '2001:db8:1::/64',
 '52:54:01:00:00:0' || n, '00030001525401000000', 1, 'bound', '-infinity', 'infinity', 'by hand'
 FROM generate_series(0, 2) n
"""


def test_row_that_lasts_for_ever(shared):
    """An operator keeps three of four addresses: they are held, and the fourth is given."""
    shared.database.start()
    shared.one.start(last="1003")
    shared.wait_until_ready([shared.one])
    shared.database.query(ENDLESS)
    wait_for(lambda: len(shared.one.leases()) == 3, 10, "one knows them")
    shared.two.start(last="1003")
    shared.wait_until_ready()
    assert shared.two.leases() == shared.one.leases()
    shared.load = Load(shared.relay, [server.address for server in shared.servers])
    shared.load.run(shared.mixed(range(8)), tries=4)
    assert [address for address, _ in shared.load.promise.values()] == ["2001:db8:1::1003"]


OTHER_TRANSACTION = """\
BEGIN; SELECT pg_advisory_xact_lock(6858254);
INSERT INTO netboot6.lease VALUES ('2001:db8:1::2000', '2001:db8:1::/64', '52:54:01:00:00:01',
 '00030001525401000000', 1, 'bound', now(), now() + '1 hour', 'slow');
SELECT pg_sleep(8); COMMIT
"""


def test_transactions_run_side_by_side(shared):
    """A server far away takes seconds for its commit, and nobody waits for it."""
    shared.start()
    slow = threading.Thread(target=shared.database.query, args=(OTHER_TRANSACTION,))
    slow.start()
    busy = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"
    wait_for(lambda: shared.database.query(busy) != [["0"]], 10, "the other transaction")
    shared.load.run(shared.mixed(range(60)), tries=8)
    assert slow.is_alive()
    assert len(shared.load.promise) == 60
    shared.check_promises()
    slow.join()


FILL = """\
INSERT INTO netboot6.lease SELECT '2001:db8:1::1000'::inet + n, '2001:db8:1::/64',
 '52:54:01:00:' || lpad(to_hex(n / 256), 2, '0') || ':' || lpad(to_hex(n % 256), 2, '0'),
 '0003000152540100' || lpad(to_hex(n), 4, '0'), n, CASE n % 5 WHEN 0 THEN 'released' ELSE 'bound' END,
 now(), now() + '1 hour', 'by hand' FROM generate_series(0, 3999) n
"""


def test_operator_lists_and_exports(shared):
    """Thousands of leases, in pages; read at the start by one server, reported to the other."""
    shared.database.start()
    shared.one.start(last="2fff")
    shared.wait_until_ready([shared.one])
    shared.database.query(FILL)
    shared.two.start(last="2fff")
    shared.wait_until_ready([shared.two])
    for server in shared.servers:
        wait_for(lambda: server.store()["in-force"] == 4000, 10, "all leases are known")

        def netboot6(*words, check=True):
            command = program("netboot6/netboot6")
            return run(command, "--control", server.control, "boot", "leases", *words, check=check)

        heading, *rows = list(csv.reader(netboot6("--csv").stdout.splitlines()))
        assert heading[:4] == ["address", "machine", "mac-from", "state"]
        assert len({row[0] for row in rows}) == len(rows) == 4000
        everything = json.loads(netboot6("--json").stdout)
        assert {lease["address"] for lease in everything["leases"]} == {row[0] for row in rows}
        released = list(csv.reader(netboot6("--csv", "--state", "released").stdout.splitlines()))
        assert len(released) == 801
        [one] = json.loads(netboot6("--json", "--address", "2001:db8:1::1001").stdout)["leases"]
        assert (one["machine"], one["state"]) == ("52:54:01:00:00:01", "bound")
        for word, count in (
            ("--mac=52:54:01:00:0f:01", 1),
            ("--subnet=2001:db8:1::1100/120", 256),
            ("--pool=2001:db8:1::/64", 4000),
            ("--subnet=2001:db8:2::/64", 0),
        ):
            assert len(json.loads(netboot6("--json", word).stdout)["leases"]) == count
        assert netboot6("--mac=52:54:01:00:0f:01").stdout.count("bound") == 1
        refused = netboot6("--state", "lost", check=False)
        assert refused.returncode == 1 and 'state: "lost" is not valid' in refused.stderr
        assert len(control(server, "leases")["leases"]) <= 1000


# --- what fails in the middle --------------------------------------------------------------------


def storm(shared, numbers, meanwhile):
    """Machines ask for the first time, and others renew, while something happens."""
    load = shared.load
    renewals = [load.again(number) for number in load.promise]
    exchanges = shared.mixed(numbers) + renewals
    shared.random.shuffle(exchanges)
    load.run(exchanges, limit=60, meanwhile=meanwhile)
    shared.check_promises()


def once_at(count, action):
    """`meanwhile` of a load: the action, once so many exchanges are done."""
    left = [action]

    def meanwhile(done):
        if done >= count and left:
            left.pop()()

    return meanwhile


def test_database_is_killed_under_load(shared):
    """Its processes at once, as a machine that crashes, or a quick restart; again and again."""
    shared.start(last="1fff")
    for round_ in range(ROUNDS):
        how = shared.random.choice([signal.SIGKILL, signal.SIGQUIT, signal.SIGINT])

        def restart():
            shared.database.stop(how)
            shared.database.start(wait=False)

        numbers = range(round_ * 40, round_ * 40 + 40)
        storm(shared, numbers, once_at(shared.random.randrange(40), restart))
        shared.wait_until_ready()
    assert len(shared.load.promise) == 40 * ROUNDS


def test_bootd_is_killed_under_load(shared):
    shared.start(last="1fff")
    for round_ in range(ROUNDS):
        victim = shared.random.choice(shared.servers)

        def restart():
            victim.kill()
            victim.start_again()

        numbers = range(round_ * 30, round_ * 30 + 30)
        storm(shared, numbers, once_at(shared.random.randrange(30), restart))
    assert len(shared.load.promise) == 30 * ROUNDS


def test_one_server_is_cut_off(shared):
    """It goes on with what it knows, for as long as that is stored; the other takes what is new."""
    shared.start(more="?tcp_user_timeout=1000")
    load, one, two = shared.load, shared.one, shared.two
    load.run(load.solicit(number, one.endpoint()) for number in range(10))
    until = {number: promise[1] for number, promise in load.promise.items()}
    one.cut()
    # nothing new comes from it, and is not waited for either: the other gives the same pool
    load.run(load.solicit(number) for number in range(10, 40))
    wait_for(lambda: one.store()["state"] == "away", 15, "it sees that it is cut off")
    one.process.wait_for_line(r"the database is not reachable: .*no new leases until it is")
    load.run(load.again(number, servers=one.endpoint()) for number in range(10))
    for number in range(10):
        assert load.promise[number][1] <= until[number] + MARGIN + 1
    shared.check_promises()
    load.run([load.solicit(99, one.endpoint())], tries=2)
    assert 99 not in load.promise
    # a stable subnet is still served
    stable = Load(shared.relay.lab.namespace("elsewhere"), [one.address], link="2001:db8:2::1")
    stable.socket = load.socket
    stable.run([stable.solicit(500)])
    assert ip_address(stable.promise[500][0]) in ip_network("2001:db8:2::/64")
    one.cut(False)
    shared.wait_until_ready([one])
    one.process.wait_for_line("the database is back, 40 are in force")
    load.run([load.solicit(99, one.endpoint())])
    load.run(load.again(number, servers=one.endpoint()) for number in range(40))
    shared.check_promises()
    assert not shared.two.process.text().count("database is not reachable")


def test_starts_without_the_database(shared):
    """Stable addresses at once, pools as soon as there is a database; it is asked for quietly."""
    one = shared.one
    one.start()
    wait_for(lambda: one.store()["state"] == "away", 10, "it has tried")
    load = Load(shared.relay, [one.address], link="2001:db8:2::1")
    load.run([load.solicit(1)])
    pool = Load(shared.relay.lab.namespace("elsewhere"), [one.address])
    pool.socket = load.socket
    pool.run([pool.solicit(2)], tries=3)
    assert pool.promise == {}
    assert one.store()["last-error"]
    shared.database.start()
    shared.wait_until_ready([one])
    pool.run([pool.solicit(2)])
    shared.load = pool
    shared.check_promises()
    assert one.process.text().count("database is not reachable") == 1


def test_reload_under_load(shared):
    """While commits are under way and requests wait for them."""
    shared.start()
    load, reloads = shared.load, [0]
    load.retransmit_s = 1.0 * PATIENCE

    def reload(done):
        for server in shared.servers:
            server.process.send_signal(signal.SIGHUP)
        reloads[0] += 1

    storm(shared, range(150), reload)
    storm(shared, [], reload)
    assert len(load.promise) == 150 and reloads[0] > 5 and load.most_tries <= 2
    assert control(shared.one, "status")["reloads"] > 0


# --- fail-over -----------------------------------------------------------------------------------


def test_fail_over_to_a_synchronous_standby(shared):
    """The first database is killed under load and never comes back: nothing that was promised is lost."""
    first = shared.database
    first.settings = {"wal_level": "replica", "max_wal_senders": 4}
    first.start()
    second = Database(shared.lab, shared.data, (None, first.binaries, first.env), "standby")
    copy = (first.binaries / "pg_basebackup", "-h", first.directory, "-U", "netboot6", "-R")
    where = ("-D", second.data, "-c", "fast", "-X", "stream", "--no-sync")
    run(*AS_USER, *copy, *where, env={**os.environ, **first.env}, cwd="/")
    second.settings = {
        "port": 5433,
        "primary_conninfo": f"host={first.directory} user=netboot6 application_name=standby",
    }
    second.port = 5433
    second.start()
    first.query("ALTER SYSTEM SET synchronous_standby_names = 'standby'")
    first.query("SELECT pg_reload_conf()")
    in_step = "SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"
    wait_for(lambda: first.query(in_step), 20, "the standby is synchronous")
    for server in shared.servers:
        server.start(host=f"netboot6@[{server.host}]:5432,[{server.host}]:5433")
    shared.wait_until_ready()
    shared.load = Load(shared.relay, [server.address for server in shared.servers])

    def fail_over():
        first.stop(signal.SIGKILL)
        second.query("SELECT pg_promote(false)")
        shared.database = second

    storm(shared, range(100), once_at(30, fail_over))
    assert shared.database is second and len(shared.load.promise) == 100
    shared.wait_until_ready()
    storm(shared, range(100, 120), lambda done: None)


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("CREATE SCHEMA netboot6; CREATE TABLE netboot6.version AS SELECT 99 AS schema",
         "schema has version 99"),
        ("REVOKE CREATE ON DATABASE postgres FROM PUBLIC; CREATE ROLE other LOGIN",
         "permission denied"),
    ],
)  # fmt: skip
def test_database_that_cannot_be_used(shared, sql, said):
    shared.database.start()
    shared.database.query(sql)
    host = "netboot6@[2001:db8:d0::5]"
    shared.one.start(host=host.replace("netboot6@", "other@") if "ROLE" in sql else host)
    shared.one.process.wait_for_line(said)
    assert said in shared.one.store()["last-error"]
