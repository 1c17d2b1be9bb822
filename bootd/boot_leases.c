/* SPDX-License-Identifier: ISC */
/* Open, read, say how many; and what to do where that cannot be. */
#include "bootd/boot_leases.h"

#include <errno.h>
#include <string.h>

#include "daemon/file.h"
#include "daemon/log.h"
#include "daemon/loop.h"

static const char *advice(int rc)
{
	switch (rc) {
	case -EBADMSG:
	case -EPROTONOSUPPORT:
		return ": put a good copy in its place; without it machines may be given addresses "
		       "that others have";
	case -ENOSPC:
		return ": it has more leases than there is room for";
	default:
		return "";
	}
}

static int complain(const char *name, int rc, const char *why)
{
	log_error("leases %s: %s%s", name, why, advice(rc));
	return rc;
}

/* --- what a shared store tells --------------------------------------------------- */

/* The leases are told to the exchange by the time that it is now. */
static struct exchange *exchange_now(void *arg, uint64_t *now_ms)
{
	struct boot_server *server = arg;

	*now_ms = loop_now_ms();
	lease_journal_set_time(&server->exchange.leases, *now_ms, loop_unix_ms());
	return &server->exchange;
}

static void committed(void *arg, int rc, const bool *refused)
{
	struct boot_server *server = arg;
	uint64_t now_ms;

	exchange_now(arg, &now_ms);
	dhcp_service_committed(server->dhcp, rc, refused);
}

static void learn(void *arg, const struct lease *lease)
{
	static struct log_limit limit;
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);
	int rc = lease_journal_apply(&exchange->leases, &exchange->bindings, lease, now_ms);

	if (rc < 0)
		log_limited(&limit, LOG_LEVEL_WARNING,
			"leases %s: there is no room to know of them all (%s): machines may wait "
			"longer for an address that is free",
			exchange->leases.store->name, strerror(-rc));
}

static void forget(void *arg, const struct in6_addr *address)
{
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);

	lease_journal_forget(&exchange->leases, &exchange->bindings, address, now_ms);
}

static void reading_begins(void *arg)
{
	uint64_t now_ms;

	lease_journal_begin_reading(&exchange_now(arg, &now_ms)->leases);
}

static void reading_ends(void *arg)
{
	uint64_t now_ms;
	struct exchange *exchange = exchange_now(arg, &now_ms);

	lease_journal_end_reading(&exchange->leases, &exchange->bindings, now_ms);
}

/* --- opening --------------------------------------------------------------------- */

static int load(struct exchange *exchange, uint64_t now_ms)
{
	struct lease_journal *book = &exchange->leases;
	int rc;

	lease_journal_set_time(book, now_ms, loop_unix_ms());
	rc = lease_journal_load(book, &exchange->bindings, now_ms);
	if (rc < 0) {
		complain(book->store->name, rc,
			*lease_journal_error(book) ? lease_journal_error(book) : strerror(-rc));
		lease_journal_fini(book);
		return rc;
	}
	if (!book->store->is_shared)
		log_notice("leases %s: %zu are in force", book->store->name,
			binding_table_leases(&exchange->bindings));
	return 0;
}

/* The log does not show the location: it may contain a password. */
static int open_store(struct boot_server *server, const char *location, struct lease_store **store)
{
	const struct lease_driver *driver = lease_driver_of(location);
	const char *name = driver->is_file ? location : driver->name;
	char why[LEASE_STORE_WHY];
	int rc = driver->is_file ? file_make_directory_of(location, 0755) : 0;

	if (rc < 0)
		return complain(name, rc, strerror(-rc));
	server->lease_owner = (struct lease_store_owner){
		server, committed, learn, forget, reading_begins, reading_ends};
	rc = driver->open(location, server->loop, &server->lease_owner, store, why);
	return rc < 0 ? complain(name, rc, why) : 0;
}

int boot_leases_open(struct boot_server *server, const struct boot_config *config)
{
	struct exchange *exchange = &server->exchange;
	struct lease_store **store = &exchange->leases.store;
	int rc;

	if (*store || !boot_config_has(config, SUBNET_POOL))
		return 0;
	rc = open_store(server, config->leases, store);
	return rc < 0 ? rc : load(exchange, loop_now_ms());
}
