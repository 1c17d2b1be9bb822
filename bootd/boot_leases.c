/* SPDX-License-Identifier: ISC */
/* Open, read, say how many; and what to do where that cannot be. */
#include "bootd/boot_leases.h"

#include <errno.h>
#include <string.h>

#include "bootd/config/secret_file.h"
#include "bootd/leases/sqlite_store.h"
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

static int complain(const struct boot_config *config, int rc, const char *why)
{
	log_error("leases %s: %s%s", config->leases, why, advice(rc));
	return rc;
}

static int load(struct exchange *exchange, const struct boot_config *config, uint64_t now_ms)
{
	struct lease_book *book = &exchange->leases;
	int rc;

	lease_book_set_time(book, now_ms, loop_unix_ms());
	rc = lease_book_load(book, &exchange->bindings, now_ms);
	if (rc < 0) {
		complain(config, rc,
			*lease_book_error(book) ? lease_book_error(book) : strerror(-rc));
		lease_book_fini(book);
		return rc;
	}
	log_notice("leases %s: %zu are in force", config->leases,
		binding_table_leases(&exchange->bindings));
	return 0;
}

int boot_leases_open(struct boot_server *server, const struct boot_config *config)
{
	struct exchange *exchange = &server->exchange;
	char why[SQLITE_STORE_WHY];
	int rc;

	if (exchange->leases.store || !boot_config_has_pool(config))
		return 0;
	rc = state_directory_make(config->leases);
	if (rc < 0)
		return complain(config, rc, strerror(-rc));
	rc = sqlite_store_open(config->leases, &exchange->leases.store, why);
	return rc < 0 ? complain(config, rc, why) : load(exchange, config, loop_now_ms());
}
