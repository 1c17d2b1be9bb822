/* SPDX-License-Identifier: ISC */
/*
 * Private to the PostgreSQL store: its state, and the work that it does with the database.
 *
 *	postgresql_store.c    the contract of lease_store.h
 *	postgresql_work.c     which statements are sent when, and what their results lead to
 *	postgresql_rows.c     leases as parameters and as rows
 *	postgresql_session.c  the connection
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_WORK_H
#define NB6_BOOTD_LEASES_POSTGRESQL_WORK_H

#include <netinet/in.h>

#include "bootd/leases/postgresql_rows.h"
#include "bootd/leases/postgresql_session.h"

enum postgresql_state { AWAY, SETTING_UP, READING, READY };
enum postgresql_work { NOTHING, SETUP, COMMIT, PAGE, CHANGED };

struct postgresql_store {
	struct lease_store head;
	struct postgresql_session *session;
	enum postgresql_state state;
	bool is_known;   /* all leases have been read once */
	bool is_logged;  /* the log says that it is away */
	bool is_overrun; /* too many changes: all leases are read again */
	enum postgresql_work work, last_work;
	uint64_t sent_us;

	struct postgresql_batch batch;
	bool is_waiting; /* the batch is to be committed, or its commit has not ended */
	bool *refused;
	size_t refused_room;

	struct in6_addr after; /* the last address that was read */
	int page_rows;
	size_t read;
	/* Addresses that other servers have changed; the first `asked` are being read. */
	struct in6_addr *changed;
	size_t changed_count, changed_size, asked;

	struct lease_store_health health;
	char *url;
	char name[LEASE_STORE_NAME];
	char why[LEASE_STORE_WHY];
};

/* For a session whose `arg` is the store. */
extern const struct postgresql_callbacks postgresql_work_callbacks;

/* Starts the next work if there is any and the connection is idle. */
void postgresql_work_go_on(struct postgresql_store *store);

#endif
