/* SPDX-License-Identifier: ISC */
/*
 * Private to the store in PostgreSQL: what it has, and the work that is done with the database,
 * one group of statements at a time: setting up, a commit, a page of the leases, those that
 * others have changed.
 *
 *	postgresql_store.c   the contract of lease_store.h
 *	postgresql_work.c    what is said when, and what follows when it is done
 *	postgresql_rows.c    what the answers say
 */
#ifndef NB6_BOOTD_LEASES_POSTGRESQL_WORK_H
#define NB6_BOOTD_LEASES_POSTGRESQL_WORK_H

#include <netinet/in.h>

#include "bootd/leases/postgresql_batch.h"
#include "bootd/leases/postgresql_session.h"
#include "bootd/leases/postgresql_store.h"

enum postgresql_state { AWAY, SETTING_UP, READING, READY };
enum postgresql_work { NOTHING, SETUP, COMMIT, PAGE, NEWS };

struct postgresql_store {
	struct lease_store head;
	struct postgresql_session *session;
	enum postgresql_state state;
	bool is_known;   /* all leases were read once */
	bool is_told;    /* the log says that it is away */
	bool is_overrun; /* too many changes to know them one by one: all is read anew */
	enum postgresql_work work, last_work;
	uint64_t sent_us;

	struct postgresql_batch batch;
	bool is_waiting; /* the batch, to be committed or under way */
	bool *refused;
	size_t refused_room;

	struct in6_addr after; /* the last one that was read */
	int page_rows;
	size_t read;
	struct in6_addr *news; /* what others have changed; the first `asked` are being read */
	size_t news_count, news_room, asked;

	struct lease_store_health health;
	char *url;
	char name[POSTGRESQL_NAME];
	char why[POSTGRESQL_WHY];
};

/* For a session whose `arg` is the store: all that it tells leads to the next work. */
extern const struct postgresql_told postgresql_work_told;

/* The next thing to be done, if there is one and nothing is under way. */
void postgresql_work_go_on(struct postgresql_store *store);

/* How long ago the work that is under way was asked for, in microseconds. */
uint64_t postgresql_work_us(const struct postgresql_store *store);

#endif
