/* SPDX-License-Identifier: ISC */
/*
 * A file of the hosts' directory, with its hosts in force and, between reading and taking over,
 * with those that it has come to. host_files.c has all of them, and takes over.
 */
#ifndef NB6_BOOTD_CONFIG_HOST_FILE_H
#define NB6_BOOTD_CONFIG_HOST_FILE_H

#include <sys/stat.h>

#include "bootd/rules/host_table.h"

struct host_list {
	struct boot_host **host;
	size_t hosts;
};

enum reading { NOT_READ, READ_GOOD, READ_BAD, READ_GONE };

struct host_file {
	char *name, *path;
	struct stat seen;                      /* when it was read last; st_ino 0: never */
	struct host_list now, next, *in_table; /* which of them is, while apply() is at it */
	enum reading reading;
	bool is_noted, is_listed; /* in the batch; in the directory, while that is looked at */
	bool has_clashed;         /* it may be taken once another file has changed */
	bool is_refused;          /* in this round of apply() */
	bool is_told;             /* the problem is in the log already */
	char *problem;            /* why it is not taken; NULL: it is */
};

struct host_file *host_file_new(const char *directory, const char *name); /* NULL: no memory */
/* But not the hosts in force, which are a table's. Takes a struct host_file, for tdestroy(). */
void host_file_free(void *file);

void host_list_free(struct host_list *list);

/* Read it: `next`, `reading`, `seen`, and `problem` where it is wrong. */
void host_file_read(struct host_file *file);

/* A copy of the text; NULL: nothing is wrong with it. */
void host_file_set_problem(struct host_file *file, const char *text);

#endif
