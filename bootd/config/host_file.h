/* SPDX-License-Identifier: ISC */
/*
 * One file of hosts-directory: the hosts that are in force and, between reading the file and
 * applying it, the hosts of its new version. Then all files together. Private to host_file.c,
 * host_files.c and host_files_apply.c; others use host_files.h.
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
	struct stat seen;           /* when it was read last; st_ino 0: never */
	struct host_list now, next; /* in force; read and not applied yet */
	struct host_list *in_table; /* which of the two the table has, during apply() */
	enum reading reading;
	bool is_noted;     /* it is in the batch */
	bool is_listed;    /* it was seen in the directory, during host_files_note() */
	bool has_conflict; /* with another file: it is tried again when any file has changed */
	bool is_refused;   /* in this round of apply() */
	bool is_logged;    /* the problem is in the log already */
	char *problem;     /* why it is not applied; NULL: it is */
};

struct host_file *host_file_new(const char *directory, const char *name); /* NULL: no memory */
/* Frees all but the hosts in force, which belong to a table. The argument is a struct host_file,
 * as tdestroy() passes it. */
void host_file_free(void *file);

void host_list_free(struct host_list *list);

/* Read the file: sets `next`, `reading`, `seen`, and `problem` if it has an error. */
void host_file_read(struct host_file *file);

/* Keeps a copy of the text; NULL: there is no problem. */
void host_file_set_problem(struct host_file *file, const char *text);

/* For trees: by name. */
int host_file_compare(const void *a, const void *b);

struct host_files {
	char *directory;
	void *tree; /* of struct host_file, by name */
	size_t count, conflicts;
	struct host_table table;
	struct host_file **batch;
	size_t noted, read, room;
};

#endif
