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

#include "bootd/dhcp/waiting.h"
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
	if (!db.head.is_away)
		return -EINPROGRESS;
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

/* What stands against it, or NULL. */
static const struct lease *against(const struct lease *put)
{
	for (size_t i = 0; i < db.rows && put->subnet.len > 0; i++) {
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

/* The transaction ends; with rc < 0 the server is told so, done or not. */
static void land(int rc, bool is_done)
{
	bool refused[ROWS] = {false};

	for (size_t i = 0; i < db.puts && is_done; i++) {
		const struct lease *row = against(&db.put[i]);

		refused[i] = row || db.refuses;
		if (!refused[i])
			write_row(&db.put[i]);
		else if (row && rc == 0)
			lease_journal_apply(&bench.exchange.leases, &bench.exchange.bindings, row,
				bench.now_ms);
	}
	db.puts = 0;
	exchange_land(&bench.exchange, rc, refused, bench.now_ms);
}

/* --- machines -------------------------------------------------------------------------- */

struct message {
	uint8_t octets[1024];
	size_t len;
};

static void be_machine(uint8_t number)
{
	bench.mac[5] = number;
	assert_int_equal(dhcp6_duid_parse("000300015254001234ff", &bench.duid), 0);
	bench.duid.octets[9] = number;
}

static struct message message_of(uint8_t machine, uint8_t type, const struct in6_addr *has)
{
	struct message message;
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

static enum exchange_drop hand_in(
	const struct message *message, bench_answer_fn *answer, unsigned put_off)
{
	bench.arrival.put_off = put_off;
	return bench_hand_in(&bench, answer, message->octets, message->len);
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
	struct message request = message_of(machine, DHCP6_REQUEST, NULL);

	demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	land(0, true);
	demand(hand_in(&request, exchange_settle, 0), EXCHANGE_ANSWERED);
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

	memset(&db, 0, sizeof(db));
	db.head = (struct lease_store){.driver = &driver, .name = "db", .margin_s = 5};
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
	struct message request, other, solicit;

	(void)state;
	begin(MANY);
	request = message_of(1, DHCP6_REQUEST, NULL);
	other = message_of(2, DHCP6_REQUEST, NULL);
	solicit = message_of(3, DHCP6_SOLICIT, NULL);
	demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	/* what needs the store is put off, unchanged; what does not is answered */
	demand(hand_in(&other, exchange_handle, 0), EXCHANGE_LATER);
	assert_int_equal(db.puts, 1);
	assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), 0);
	demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
	bench.now_ms += 2000;
	land(0, true);
	demand(hand_in(&request, exchange_settle, 0), EXCHANGE_ANSWERED);
	assert_int_equal(bench.valid_s, LIFETIME_S); /* the margin is for that */
	demand(hand_in(&other, exchange_handle, 1), EXCHANGE_WAITS);
	commit();
	land(0, true);
	demand(hand_in(&other, exchange_settle, 1), EXCHANGE_ANSWERED);
	assert_int_equal(db.rows, 2);
	assert_int_equal(bench.exchange.counters.received[DHCP6_REQUEST], 2);
	assert_int_equal(bench.exchange.counters.sent[DHCP6_REPLY], 2);
	assert_int_equal(bench.exchange.counters.relayed, 3);
}

static void test_release_and_decline_are_put_off(void **state)
{
	struct message request, release, decline;
	struct in6_addr one, two;

	(void)state;
	begin(MANY);
	one = get_address(1);
	two = get_address(2);
	request = message_of(3, DHCP6_REQUEST, NULL);
	release = message_of(1, DHCP6_RELEASE, &one);
	decline = message_of(2, DHCP6_DECLINE, &two);
	demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	demand(hand_in(&release, exchange_handle, 0), EXCHANGE_LATER);
	demand(hand_in(&decline, exchange_handle, 0), EXCHANGE_LATER);
	assert_int_equal(holder(&one)->state, BINDING_BOUND);
	assert_int_equal(holder(&two)->state, BINDING_BOUND);
	land(0, true);
	demand(hand_in(&release, exchange_handle, 1), EXCHANGE_ANSWERED);
	demand(hand_in(&decline, exchange_handle, 1), EXCHANGE_ANSWERED);
	commit();
	land(0, true);
	assert_int_equal(holder(&one)->state, BINDING_RELEASED);
	assert_int_equal(holder(&two)->state, BINDING_DECLINED);
	assert_int_equal(db.rows, 3);
}

/* A server is lost in the middle of a commit: it may be done or not, no promise is made. */
static void test_unknown_outcome(void **state)
{
	struct message renew, request, solicit;
	struct in6_addr one;

	(void)state;
	for (int is_done = 0; is_done <= 1; is_done++) {
		begin(MANY);
		one = get_address(1);
		bench.now_ms += 200 * 1000;
		renew = message_of(1, DHCP6_RENEW, &one);
		request = message_of(2, DHCP6_REQUEST, NULL);
		demand(hand_in(&renew, exchange_handle, 0), EXCHANGE_WAITS);
		demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
		commit();
		land(-ECONNRESET, is_done);
		demand(hand_in(&renew, exchange_settle, 0), EXCHANGE_ANSWERED);
		same(bench.address, one);
		assert_in_range(bench.valid_s, LIFETIME_S - 200, LIFETIME_S - 200 + 5);
		demand(hand_in(&request, exchange_settle, 0), DROP_NOT_STORED);
		assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
		db.head.is_away = true;
		demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
		assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), -ENOTCONN);
		demand(hand_in(&request, exchange_settle, 0), DROP_NOT_STORED);
		/* nothing is offered that cannot be kept; what is stored is */
		solicit = message_of(3, DHCP6_SOLICIT, NULL);
		demand(hand_in(&solicit, exchange_handle, 0), DROP_NOT_STORED);
		solicit = message_of(1, DHCP6_SOLICIT, NULL);
		demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
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
	struct message renew;
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
	demand(hand_in(&renew, exchange_handle, 0), EXCHANGE_WAITS);
	assert_int_equal(exchange_commit(&bench.exchange, bench.now_ms), -ENOTCONN);
	demand(hand_in(&renew, exchange_settle, 0), DROP_NOT_STORED);
}

/* --- other servers ------------------------------------------------------------------------- */

static void test_address_of_another_machine(void **state)
{
	struct message solicit, request;
	struct lease other;
	struct in6_addr offered;

	(void)state;
	begin(TWO);
	solicit = message_of(1, DHCP6_SOLICIT, NULL);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
	offered = bench.address;
	other = lease_of(OTHER, bench_text(&offered));
	db.row[db.rows++] = other;
	demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	land(0, true);
	assert_true(binding_is_of(holder(&offered), &other.machine));
	demand(hand_in(&request, exchange_settle, 0), EXCHANGE_LATER);
	demand(hand_in(&request, exchange_handle, 1), EXCHANGE_WAITS);
	commit();
	land(0, true);
	demand(hand_in(&request, exchange_settle, 1), EXCHANGE_ANSWERED);
	assert_string_not_equal(bench_text(&bench.address), bench_text(&offered));
	assert_int_equal(bench.exchange.leases.refused, 1);
	/* over there it has expired: it is to be had again */
	bench.now_ms += (LIFETIME_S + 10) * 1000;
	binding_table_expire(&bench.exchange.bindings, bench.now_ms);
	get_address(1);
	get_address(2);
}

/* What another server has given to a machine, it keeps here. */
static void test_machine_of_another_server(void **state)
{
	struct lease given;
	struct message renew;

	(void)state;
	begin(MANY);
	given = lease_of(1, "2001:db8:1::1abc");
	given.expires_unix_s -= 200;
	db.row[db.rows++] = given;
	renew = message_of(1, DHCP6_REBIND, &given.address);
	demand(hand_in(&renew, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	land(0, true);
	demand(hand_in(&renew, exchange_settle, 0), EXCHANGE_LATER);
	demand(hand_in(&renew, exchange_handle, 1), EXCHANGE_WAITS);
	commit();
	land(0, true);
	demand(hand_in(&renew, exchange_settle, 1), EXCHANGE_ANSWERED);
	same(bench.address, given.address);
	assert_int_equal(bench.valid_s, LIFETIME_S);
	assert_int_equal(db.rows, 1);
}

/* Its lease is outside of the pool by now: the old one goes where the new one comes. */
static void test_machine_that_has_to_move(void **state)
{
	struct lease given;
	struct message request;

	(void)state;
	begin(MANY);
	given = lease_of(1, "2001:db8:1::2abc");
	db.row[db.rows++] = given;
	learn(&given);
	request = message_of(1, DHCP6_REQUEST, NULL);
	demand(hand_in(&request, exchange_handle, 0), EXCHANGE_WAITS);
	commit();
	assert_int_equal(db.puts, 2);
	land(0, true);
	demand(hand_in(&request, exchange_settle, 0), EXCHANGE_ANSWERED);
	assert_int_equal(db.rows, 1);
	same(db.row[0].address, bench.address);
}

static void test_tries_have_an_end(void **state)
{
	struct message request;
	unsigned tries = 0;
	enum exchange_drop drop;

	(void)state;
	begin(MANY);
	db.refuses = true;
	request = message_of(1, DHCP6_REQUEST, NULL);
	do {
		demand(hand_in(&request, exchange_handle, tries), EXCHANGE_WAITS);
		commit();
		land(0, true);
		drop = hand_in(&request, exchange_settle, tries++);
	} while (drop == EXCHANGE_LATER);
	demand(drop, DROP_NOT_STORED);
	assert_int_equal(tries, EXCHANGE_TRIES_MOST + 1);
	assert_int_equal(bench.exchange.counters.received[DHCP6_REQUEST], 1);
}

static void test_learnt_and_forgotten(void **state)
{
	struct lease one, two, rests;
	struct message solicit;

	(void)state;
	begin(TWO);
	one = lease_of(1, "2001:db8:1::10");
	two = lease_of(2, "2001:db8:1::11");
	rests = lease_of(3, "2001:db8:1::11");
	rests.state = LEASE_DECLINED;
	learn(&one);
	learn(&two);
	solicit = message_of(4, DHCP6_SOLICIT, NULL);
	demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
	assert_false(bench.has_address);
	lease_journal_forget(
		&bench.exchange.leases, &bench.exchange.bindings, &two.address, bench.now_ms);
	demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
	same(bench.address, two.address);
	/* the same again, and twice, is one that rests */
	learn(&rests);
	learn(&rests);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 2);
	demand(hand_in(&solicit, exchange_handle, 0), EXCHANGE_ANSWERED);
	assert_false(bench.has_address);
	/* one that has expired counts for nothing */
	rests.expires_unix_s = unix_s() - 1;
	learn(&rests);
	assert_int_equal(binding_table_leases(&bench.exchange.bindings), 1);
}

/* After a while without the store all is read anew: what is not there is gone. */
static void test_read_anew(void **state)
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

/* --- the room to wait in ------------------------------------------------------------------- */

static void test_room_has_an_end(void **state)
{
	struct waiting_room room = {.most = 4096};
	struct udp_datagram datagram = {.data = (const uint8_t *)"0123456789", .len = 10};
	struct waiting list = {0};
	struct waiting_one *one;
	unsigned count = 0, taken = 0;

	(void)state;
	begin(MANY);
	while ((one = waiting_new(&room, &datagram))) {
		one->put_off = count++;
		waiting_append(&list, one);
	}
	assert_int_equal(list.count, count);
	assert_in_range(count, 10, 4096 / (sizeof(*one) + 10));
	/* first come, first served; who leaves makes room for one */
	one = waiting_take(&list);
	assert_int_equal(one->put_off, taken++);
	assert_memory_equal(one->datagram.data, "0123456789", 10);
	waiting_free(&room, one);
	one = waiting_new(&room, &datagram);
	assert_non_null(one);
	assert_null(waiting_new(&room, &datagram));
	waiting_free(&room, one);
	while ((one = waiting_take(&list))) {
		assert_int_equal(one->put_off, taken++);
		waiting_free(&room, one);
	}
	assert_int_equal(room.octets, 0);
	assert_int_equal(list.count, 0);
}

#define FLIGHT_TEST(test) cmocka_unit_test_teardown(test, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FLIGHT_TEST(test_answered_once_committed),
		FLIGHT_TEST(test_release_and_decline_are_put_off),
		FLIGHT_TEST(test_unknown_outcome),
		FLIGHT_TEST(test_operator_deletes),
		FLIGHT_TEST(test_address_of_another_machine),
		FLIGHT_TEST(test_machine_of_another_server),
		FLIGHT_TEST(test_machine_that_has_to_move),
		FLIGHT_TEST(test_tries_have_an_end),
		FLIGHT_TEST(test_learnt_and_forgotten),
		FLIGHT_TEST(test_read_anew),
		FLIGHT_TEST(test_room_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
