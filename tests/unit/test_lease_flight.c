/* SPDX-License-Identifier: ISC */
/*
 * A lease store that several servers share, as the exchange sees it: commits that end later,
 * or nobody knows how; addresses that it refuses since another server was first; what the
 * others do. The store here is a table in memory that arbitrates as lease_store.h says.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bootd/dhcp/pending.h"
#include "tests/unit/bootd_bench.h"

#define SUBNET(range)                                                                              \
	"subnet \"2001:db8:1::/64\" { addresses = pool lifetime = \"10m\" pool = \"" range "\" "   \
	"}\n"
#define TWO SUBNET("2001:db8:1::10-2001:db8:1::11")
#define MANY SUBNET("2001:db8:1::1000-2001:db8:1::1fff")

enum { LIFETIME_S = 600, ROWS = 16, OTHER = 0x77 };

static struct bench bench;
static struct {
	struct lease_store head;
	struct lease row[ROWS];
	size_t rows;
	struct lease put[ROWS]; /* of the transaction; a subnet.len of 0 marks a removal */
	size_t puts;
	struct lease flying[ROWS]; /* of the commit in flight */
	size_t flights;
	bool refuses; /* all puts, and teaches nothing */
} db;

static int64_t unix_s(void)
{
	return (BENCH_UNIX_MS + (int64_t)bench.now_ms) / 1000;
}

/* --- the store ------------------------------------------------------------------------- */

static int db_load(struct lease_store *store, int64_t now_unix_s, lease_take_fn *take, void *arg)
{
	(void)store;
	(void)now_unix_s;
	(void)take;
	(void)arg;
	return 0;
}

static int db_put(struct lease_store *store, const struct lease *lease)
{
	(void)store;
	db.put[db.puts++] = *lease;
	return 0;
}

static int db_remove(
	struct lease_store *store, const struct in6_addr *address, const struct machine *machine)
{
	(void)store;
	(void)machine;
	db.put[db.puts++] = (struct lease){.address = *address};
	return 0;
}

static int db_commit(struct lease_store *store)
{
	(void)store;
	if (!db.head.is_away) {
		memcpy(db.flying, db.put, sizeof(db.flying));
		db.flights = db.puts;
		db.puts = 0;
		return -EINPROGRESS;
	}
	db.puts = 0;
	return -ENOTCONN;
}

static const char *db_last_error(const struct lease_store *store)
{
	(void)store;
	return "";
}

static void db_close(struct lease_store *store)
{
	(void)store;
}

static void delete_row(const struct in6_addr *address)
{
	for (size_t i = 0; i < db.rows; i++)
		if (IN6_ARE_ADDR_EQUAL(&db.row[i].address, address))
			db.row[i--] = db.row[--db.rows];
}

/* What stands against it, or NULL. A store of one server takes what it is given. */
static const struct lease *against(const struct lease *put)
{
	for (size_t i = 0; i < db.rows && put->subnet.len > 0 && db.head.is_shared; i++) {
		const struct lease *row = &db.row[i];
		bool same_machine = machine_equal(&row->machine, &put->machine);

		if (row->expires_unix_s > unix_s() &&
			IN6_ARE_ADDR_EQUAL(&row->address, &put->address) != same_machine)
			return row;
	}
	return NULL;
}

static void write_row(const struct lease *put)
{
	delete_row(&put->address);
	if (put->subnet.len > 0)
		db.row[db.rows++] = *put;
}

/* The transaction ends; rc < 0 reports a failure to the server, whether it was stored or not. */
static void land(int rc, bool is_done)
{
	bool refused[ROWS] = {false};

	for (size_t i = 0; i < db.flights && is_done; i++) {
		const struct lease *row = against(&db.flying[i]);

		refused[i] = row || db.refuses;
		if (!refused[i])
			write_row(&db.flying[i]);
		else if (row && rc == 0)
			lease_journal_apply(&bench.exchange.leases, &bench.exchange.bindings, row,
				bench.now_ms);
	}
	db.flights = 0;
	exchange_committed(&bench.exchange, rc, refused, bench.now_ms);
}

/* --- machines -------------------------------------------------------------------------- */

static void be_machine(uint8_t number)
{
	bench.mac[5] = number;
	assert_int_equal(dhcp6_duid_parse("000300015254001234ff", &bench.duid), 0);
	bench.duid.octets[9] = number;
}

static struct bench_message message_of(uint8_t machine, uint8_t type, const struct in6_addr *has)
{
	struct bench_message message = {0};
	struct wire_out out = wire_out_of(message.octets, sizeof(message.octets));

	be_machine(machine);
	bench_message(&bench, type);
	if (type != DHCP6_SOLICIT && type != DHCP6_REBIND)
		bench_put_server_id(&bench);
	bench_put_ia(&bench, 1, has);
	dhcp6_put_relay_header(&out, DHCP6_RELAY_FORW, 0, &bench.link, &bench.peer);
	dhcp6_put_linklayer(&out, 1, bench.mac, sizeof(bench.mac));
	dhcp6_put_option(&out, DHCP6_OPT_RELAY_MSG, bench.ask, bench.out.len);
	message.len = out.len;
	return message;
}

static void demand(enum exchange_drop drop, enum exchange_drop expected)
{
	assert_int_equal(drop, expected);
}

static void commit(void)
{
	assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), -EINPROGRESS);
}

/* A Request that goes through at once. */
static struct in6_addr get_address(uint8_t machine)
{
	struct bench_message request = message_of(machine, DHCP6_REQUEST, NULL);

	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_ANSWERED);
	assert_true(bench.has_address);
	assert_int_equal(bench.valid_s, LIFETIME_S);
	return bench.address;
}

static struct lease lease_of(uint8_t machine, const char *address)
{
	uint8_t mac[DHCP6_MAC_LEN] = {0x52, 0x54, 0x00, 0x12, 0x34, machine};
	struct lease lease = {.machine = machine_of_mac(mac),
		.subnet = bench.config->subnet[0].prefix,
		.since_unix_s = unix_s(),
		.expires_unix_s = unix_s() + LIFETIME_S};

	inet_pton(AF_INET6, address, &lease.address);
	return lease;
}

static void learn(const struct lease *lease)
{
	lease_journal_apply(&bench.exchange.leases, &bench.exchange.bindings, lease, bench.now_ms);
}

static struct binding *holder(const struct in6_addr *address)
{
	return binding_table_find_address(&bench.exchange.bindings, address);
}

static void same(struct in6_addr a, struct in6_addr b)
{
	assert_string_equal(bench_text(&a), bench_text(&b));
}

static void begin(const char *conf)
{
	static const struct lease_driver driver = {.load = db_load,
		.put = db_put,
		.remove = db_remove,
		.commit = db_commit,
		.last_error = db_last_error,
		.close = db_close};
	static const struct lease_store_owner owner;

	memset(&db, 0, sizeof(db));
	db.head = (struct lease_store){
		.driver = &driver, .name = "db", .owner = &owner, .is_shared = true, .margin_s = 5};
	bench_start(&bench, conf);
	bench.exchange.leases.store = &db.head;
	bench.now_ms = 1000;
	lease_journal_set_time(&bench.exchange.leases, bench.now_ms, BENCH_UNIX_MS + 1000);
}

static int end(void **state)
{
	(void)state;
	bench_stop(&bench);
	return 0;
}

/* --- commits that take their time ---------------------------------------------------------- */

static void test_answered_once_committed(void **state)
{
	struct bench_message request, other, solicit;

	(void)state;
	begin(MANY);
	request = message_of(1, DHCP6_REQUEST, NULL);
	other = message_of(2, DHCP6_REQUEST, NULL);
	solicit = message_of(3, DHCP6_SOLICIT, NULL);
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	/* what needs the store is deferred, unchanged; what does not is answered */
	demand(bench_handle(&bench, &other, 0), EXCHANGE_RETRY);
	assert_int_equal(db.flights, 1);
	assert_int_equal(db.puts, 0);
	assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), 0);
	demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
	bench.now_ms += 2000;
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_ANSWERED);
	assert_int_equal(bench.valid_s, LIFETIME_S); /* the margin is for that */
	demand(bench_handle(&bench, &other, 1), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &other), EXCHANGE_ANSWERED);
	assert_int_equal(db.rows, 2);
	assert_int_equal(bench.exchange.counters.received[DHCP6_REQUEST], 2);
	assert_int_equal(bench.exchange.counters.sent[DHCP6_REPLY], 2);
	assert_int_equal(bench.exchange.counters.relayed, 3);
}

static void test_release_and_decline_are_deferred(void **state)
{
	struct bench_message request, release, decline;
	struct in6_addr one, two;

	(void)state;
	begin(MANY);
	one = get_address(1);
	two = get_address(2);
	request = message_of(3, DHCP6_REQUEST, NULL);
	release = message_of(1, DHCP6_RELEASE, &one);
	decline = message_of(2, DHCP6_DECLINE, &two);
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	demand(bench_handle(&bench, &release, 0), EXCHANGE_RETRY);
	demand(bench_handle(&bench, &decline, 0), EXCHANGE_RETRY);
	assert_int_equal(holder(&one)->state, BINDING_BOUND);
	assert_int_equal(holder(&two)->state, BINDING_BOUND);
	land(0, true);
	/* neither is acknowledged before it is stored */
	demand(bench_handle(&bench, &release, 1), EXCHANGE_PENDING);
	demand(bench_handle(&bench, &decline, 1), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &release), EXCHANGE_ANSWERED);
	demand(bench_complete(&bench, &decline), EXCHANGE_ANSWERED);
	assert_int_equal(bench.status, DHCP6_STATUS_SUCCESS);
	assert_null(holder(&one)); /* a system's address is free at once */
	assert_int_equal(holder(&two)->state, BINDING_DECLINED);
	assert_int_equal(db.rows, 2);
}

/* A store that collects takes the next transaction while one is committed, machine by machine. */
static void test_collected_during_a_commit(void **state)
{
	struct bench_message one, two, again, release;
	struct in6_addr address, fourth;

	(void)state;
	begin(MANY);
	db.head.collects = true;
	address = get_address(3);
	fourth = get_address(4);
	one = message_of(1, DHCP6_REQUEST, NULL);
	two = message_of(2, DHCP6_REQUEST, NULL);
	release = message_of(3, DHCP6_RELEASE, &address);
	demand(bench_handle(&bench, &one, 0), EXCHANGE_PENDING);
	commit();
	/* others go on; what is being committed must not change */
	demand(bench_handle(&bench, &two, 0), EXCHANGE_PENDING);
	demand(bench_handle(&bench, &release, 0), EXCHANGE_PENDING);
	again = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &again, 0), EXCHANGE_RETRY);
	assert_int_equal(db.flights, 1);
	assert_int_equal(db.puts, 2);
	/* an operator's removal goes with the others */
	assert_int_equal(lease_journal_remove(&bench.exchange.leases, &bench.exchange.bindings,
				 holder(&one.request.decision.address.address)),
		-EBUSY);
	assert_int_equal(lease_journal_remove(
				 &bench.exchange.leases, &bench.exchange.bindings, holder(&fourth)),
		-EINPROGRESS);
	land(0, true);
	demand(bench_complete(&bench, &one), EXCHANGE_ANSWERED);
	assert_int_equal(bench.valid_s, LIFETIME_S);
	/* nobody has promised what is not committed */
	assert_int_equal(
		lease_journal_stored_s(holder(&two.request.decision.address.address), bench.now_ms),
		0);
	demand(bench_handle(&bench, &again, 1), EXCHANGE_PENDING);
	commit();
	assert_int_equal(db.flights, 4);
	/* this one fails: the machine that had a lease keeps it, the other has none */
	land(-EIO, false);
	demand(bench_complete(&bench, &two), DROP_NOT_STORED);
	demand(bench_complete(&bench, &again), EXCHANGE_ANSWERED);
	assert_in_range(bench.valid_s, LIFETIME_S - 5, LIFETIME_S);
	/* whether the removal was done is not known: nothing is promised of it */
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 3);
	assert_int_equal(lease_journal_stored_s(holder(&fourth), bench.now_ms), 0);
}

/* A server is lost in the middle of a commit: it may be done or not, no promise is made. */
static void test_unknown_outcome(void **state)
{
	struct bench_message renew, request, solicit;
	struct in6_addr one;

	(void)state;
	for (int is_done = 0; is_done <= 1; is_done++) {
		begin(MANY);
		one = get_address(1);
		bench.now_ms += 200 * 1000;
		renew = message_of(1, DHCP6_RENEW, &one);
		request = message_of(2, DHCP6_REQUEST, NULL);
		demand(bench_handle(&bench, &renew, 0), EXCHANGE_PENDING);
		demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
		commit();
		land(-ECONNRESET, is_done);
		demand(bench_complete(&bench, &renew), EXCHANGE_ANSWERED);
		same(bench.address, one);
		assert_in_range(bench.valid_s, LIFETIME_S - 200, LIFETIME_S - 200 + 5);
		demand(bench_complete(&bench, &request), DROP_NOT_STORED);
		assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
		db.head.is_away = true;
		demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
		assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), -ENOTCONN);
		demand(bench_complete(&bench, &request), DROP_NOT_STORED);
		/* nothing is offered that cannot be kept; what is stored is */
		solicit = message_of(3, DHCP6_SOLICIT, NULL);
		demand(bench_handle(&bench, &solicit, 0), DROP_NOT_STORED);
		solicit = message_of(1, DHCP6_SOLICIT, NULL);
		demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
		/* it is there again: what was done is the machine's own */
		db.head.is_away = false;
		get_address(2);
		assert_int_equal(db.rows, 2);
		bench_stop(&bench);
	}
	begin(MANY);
}

static void test_operator_deletes(void **state)
{
	struct bench_message renew;
	struct in6_addr one;

	(void)state;
	begin(MANY);
	one = get_address(1);
	assert_int_equal(lease_journal_remove(
				 &bench.exchange.leases, &bench.exchange.bindings, holder(&one)),
		-EINPROGRESS);
	assert_int_equal(lease_journal_remove(
				 &bench.exchange.leases, &bench.exchange.bindings, holder(&one)),
		-EBUSY);
	land(0, true);
	assert_null(holder(&one));
	assert_int_equal(db.rows, 0);
	/* perhaps deleted, perhaps another's by now: it cannot be promised out of memory */
	one = get_address(1);
	assert_int_equal(lease_journal_remove(
				 &bench.exchange.leases, &bench.exchange.bindings, holder(&one)),
		-EINPROGRESS);
	land(-ECONNRESET, true);
	db.head.is_away = true;
	renew = message_of(1, DHCP6_RENEW, &one);
	demand(bench_handle(&bench, &renew, 0), EXCHANGE_PENDING);
	assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), -ENOTCONN);
	demand(bench_complete(&bench, &renew), DROP_NOT_STORED);
}

/* --- other servers ------------------------------------------------------------------------- */

static void test_address_of_another_machine(void **state)
{
	struct bench_message solicit, request;
	struct lease other;
	struct in6_addr offered;

	(void)state;
	begin(TWO);
	solicit = message_of(1, DHCP6_SOLICIT, NULL);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
	offered = bench.address;
	other = lease_of(OTHER, bench_text(&offered));
	db.row[db.rows++] = other;
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	land(0, true);
	assert_true(binding_is_of(holder(&offered), &other.machine));
	demand(bench_complete(&bench, &request), EXCHANGE_RETRY);
	demand(bench_handle(&bench, &request, 1), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_ANSWERED);
	assert_string_not_equal(bench_text(&bench.address), bench_text(&offered));
	assert_int_equal(bench.exchange.leases.refused, 1);
	/* on the other server it has expired: it is free again */
	bench.now_ms += (LIFETIME_S + 10) * 1000;
	binding_table_expire(&bench.exchange.bindings, bench.now_ms);
	get_address(1);
	get_address(2);
}

/* What another server has given to a machine, it keeps here. */
static void test_machine_of_another_server(void **state)
{
	struct lease given;
	struct bench_message renew;

	(void)state;
	begin(MANY);
	given = lease_of(1, "2001:db8:1::1abc");
	given.expires_unix_s -= 200;
	db.row[db.rows++] = given;
	renew = message_of(1, DHCP6_REBIND, &given.address);
	demand(bench_handle(&bench, &renew, 0), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &renew), EXCHANGE_RETRY);
	demand(bench_handle(&bench, &renew, 1), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &renew), EXCHANGE_ANSWERED);
	same(bench.address, given.address);
	assert_int_equal(bench.valid_s, LIFETIME_S);
	assert_int_equal(db.rows, 1);
}

/* Its lease is outside of the pool by now: the old one goes where the new one comes. */
static void test_machine_that_has_to_move(void **state)
{
	struct lease given;
	struct bench_message request;

	(void)state;
	begin(MANY);
	given = lease_of(1, "2001:db8:1::2abc");
	db.row[db.rows++] = given;
	learn(&given);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	assert_int_equal(db.flights, 2);
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_ANSWERED);
	assert_int_equal(db.rows, 1);
	same(db.row[0].address, bench.address);
}

/*
 * It stays unknown whether it has moved, however often that is tried: no other machine gets the old
 * address, and nothing is promised.
 */
static void test_move_of_unknown_outcome(void **state)
{
	struct lease given;
	struct bench_message request;

	(void)state;
	for (int is_shared = 0; is_shared <= 1; is_shared++) {
		begin(MANY);
		db.head.is_shared = is_shared;
		db.head.collects = true;
		given = lease_of(1, "2001:db8:1::2abc");
		db.row[db.rows++] = given;
		learn(&given);
		for (int i = 0; i < 3; i++) {
			request = message_of(1, DHCP6_REQUEST, NULL);
			demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
			commit();
			land(-ECONNRESET, false);
			demand(bench_complete(&bench, &request), DROP_NOT_STORED);
			assert_non_null(holder(&given.address));
			assert_true(binding_is_of(holder(&given.address), &given.machine));
			assert_true(holder(&given.address)->is_lease);
			assert_int_equal(
				lease_journal_stored_s(holder(&given.address), bench.now_ms), 0);
		}
		get_address(1);
		assert_int_equal(db.rows, 1);
		assert_null(holder(&given.address));
		bench_stop(&bench);
	}
	begin(MANY);
}

/* Another machine has got the old address meanwhile: it is the first one's again, also on disk. */
static void test_move_back_from_another_machine(void **state)
{
	struct bench_message request, other;
	struct lease given;

	(void)state;
	begin(SUBNET("2001:db8:1::10-2001:db8:1::10"));
	db.head.is_shared = false;
	db.head.collects = true;
	given = lease_of(1, "2001:db8:1::10");
	db.row[db.rows++] = given;
	learn(&given);
	bench_reload(&bench, MANY);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	bench_reload(&bench, SUBNET("2001:db8:1::10-2001:db8:1::10"));
	other = message_of(2, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &other, 0), EXCHANGE_PENDING);
	assert_false(binding_is_of(holder(&given.address), &given.machine));
	land(-EIO, false);
	assert_true(binding_is_of(holder(&given.address), &given.machine));
	commit();
	land(0, true);
	demand(bench_complete(&bench, &other), DROP_NOT_STORED);
	assert_int_equal(db.rows, 1);
	assert_true(machine_equal(&db.row[0].machine, &given.machine));
	assert_int_equal(lease_journal_stored_s(holder(&given.address), bench.now_ms),
		LIFETIME_S + db.head.margin_s);
}

static void test_retries_are_limited(void **state)
{
	struct bench_message request;
	unsigned tries = 0;
	enum exchange_drop drop;

	(void)state;
	begin(MANY);
	db.refuses = true;
	request = message_of(1, DHCP6_REQUEST, NULL);
	do {
		demand(bench_handle(&bench, &request, tries), EXCHANGE_PENDING);
		commit();
		land(0, true);
		drop = bench_complete(&bench, &request);
		tries++;
	} while (drop == EXCHANGE_RETRY);
	demand(drop, DROP_NOT_STORED);
	assert_int_equal(tries, EXCHANGE_RETRIES_MAX + 1);
	assert_int_equal(bench.exchange.counters.received[DHCP6_REQUEST], 1);
}

static void test_learnt_and_forgotten(void **state)
{
	struct lease one, two, rests;
	struct bench_message solicit;

	(void)state;
	begin(TWO);
	one = lease_of(1, "2001:db8:1::10");
	two = lease_of(2, "2001:db8:1::11");
	rests = lease_of(3, "2001:db8:1::11");
	rests.state = LEASE_DECLINED;
	learn(&one);
	learn(&two);
	solicit = message_of(4, DHCP6_SOLICIT, NULL);
	demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
	assert_false(bench.has_address);
	lease_journal_forget(
		&bench.exchange.leases, &bench.exchange.bindings, &two.address, bench.now_ms);
	demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
	same(bench.address, two.address);
	/* the same again, and twice, is one that rests */
	learn(&rests);
	learn(&rests);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	demand(bench_handle(&bench, &solicit, 0), EXCHANGE_ANSWERED);
	assert_false(bench.has_address);
	/* one that has expired counts for nothing */
	rests.expires_unix_s = unix_s() - 1;
	learn(&rests);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
}

/* After a while without the store all leases are read again: those that are not there are gone. */
static void test_read_again(void **state)
{
	struct lease one, two;
	struct in6_addr mine;

	(void)state;
	begin(MANY);
	one = lease_of(1, "2001:db8:1::1001");
	two = lease_of(2, "2001:db8:1::1002");
	lease_journal_begin_reading(&bench.exchange.leases);
	learn(&one);
	learn(&two);
	lease_journal_end_reading(&bench.exchange.leases, &bench.exchange.bindings, bench.now_ms);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	lease_journal_begin_reading(&bench.exchange.leases);
	mine = get_address(3); /* while it is read: behind what was read already */
	learn(&one);
	lease_journal_end_reading(&bench.exchange.leases, &bench.exchange.bindings, bench.now_ms);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	assert_true(holder(&one.address)->is_lease && holder(&mine)->is_lease);
	assert_false(holder(&two.address)->is_lease);
}

/* The configuration has changed since: host and rule of the decision may be freed by now. */
static void test_config_swapped_meanwhile(void **state)
{
	struct bench_message request;

	(void)state;
	begin(MANY);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &request, 0), EXCHANGE_PENDING);
	commit();
	assert_int_equal(exchange_set_config(&bench.exchange, bench.config), 0);
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_RETRY);
	demand(bench_handle(&bench, &request, 1), EXCHANGE_PENDING);
	commit();
	land(0, true);
	demand(bench_complete(&bench, &request), EXCHANGE_ANSWERED);
	assert_int_equal(bench.valid_s, LIFETIME_S);
}

/* --- requests that are copied out of their batch ------------------------------------------- */

/* The batch's memory is overwritten: the copy answers, and reports the same client. */
static void test_copied_request(void **state)
{
	struct pending_memory memory = {.max = 1 << 20};
	struct udp_datagram datagram = {0};
	struct arrived arrived = {0};
	struct bench_message message;
	struct pending *pending;

	(void)state;
	begin(MANY);
	message = message_of(1, DHCP6_REQUEST, NULL);
	demand(bench_handle(&bench, &message, 0), EXCHANGE_PENDING);
	commit();
	arrived.arrival = bench.arrival;
	datagram.data = message.octets;
	datagram.len = message.len;
	pending = pending_of_request(&memory, &datagram, &arrived, &message.request);
	assert_non_null(pending);
	memset(&message, 0xaa, sizeof(message));
	land(0, true);
	demand(exchange_complete(pending->request, bench.now_ms), EXCHANGE_ANSWERED);
	assert_int_equal(bench.told, 1);
	assert_int_equal(bench.mac_source, CLIENT_MAC_RELAY);
	assert_int_equal(dhcp6_peek_type(&(struct wire_in){pending->request->answer.out.buf,
				 pending->request->answer.out.buf + 1, false}),
		DHCP6_RELAY_REPL);
	pending_free(&memory, pending);
	assert_int_equal(memory.octets, 0);
	pending_memory_fini(&memory);
}

static void test_pending_memory_is_limited(void **state)
{
	struct pending_memory memory = {.max = 8192};
	struct udp_datagram datagram = {.data = (const uint8_t *)"0123456789", .len = 10};
	struct arrived arrived = {0};
	struct pending_list list = {0};
	struct pending *one;
	unsigned count = 0, popped = 0;

	(void)state;
	begin(MANY);
	while ((one = pending_new(&memory, &datagram, &arrived, count))) {
		pending_append(&list, one);
		count++;
	}
	assert_int_equal(list.count, count);
	assert_in_range(count, 8, 8192 / (sizeof(*one) + 10));
	/* first in, first out; one that is freed makes room for one */
	one = pending_pop(&list);
	assert_int_equal(one->retries, popped++);
	assert_memory_equal(one->datagram.data, "0123456789", 10);
	pending_free(&memory, one);
	one = pending_new(&memory, &datagram, &arrived, 0);
	assert_non_null(one);
	assert_null(pending_new(&memory, &datagram, &arrived, 0));
	pending_free(&memory, one);
	while ((one = pending_pop(&list))) {
		assert_int_equal(one->retries, popped++);
		pending_free(&memory, one);
	}
	assert_int_equal(memory.octets, 0);
	assert_int_equal(list.count, 0);
	pending_memory_fini(&memory);
}

#define FLIGHT_TEST(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLIGHT_TEST(test_answered_once_committed),
		FLIGHT_TEST(test_release_and_decline_are_deferred),
		FLIGHT_TEST(test_collected_during_a_commit),
		FLIGHT_TEST(test_unknown_outcome),
		FLIGHT_TEST(test_operator_deletes),
		FLIGHT_TEST(test_address_of_another_machine),
		FLIGHT_TEST(test_machine_of_another_server),
		FLIGHT_TEST(test_machine_that_has_to_move),
		FLIGHT_TEST(test_move_of_unknown_outcome),
		FLIGHT_TEST(test_move_back_from_another_machine),
		FLIGHT_TEST(test_retries_are_limited),
		FLIGHT_TEST(test_learnt_and_forgotten),
		FLIGHT_TEST(test_read_again),
		FLIGHT_TEST(test_config_swapped_meanwhile),
		FLIGHT_TEST(test_copied_request),
		FLIGHT_TEST(test_pending_memory_is_limited),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
