/* SPDX-License-Identifier: ISC */
/* Answers that come in pages, each asked for when the one before has been shown. */
#ifndef NB6_NETBOOT6_PAGES_H
#define NB6_NETBOOT6_PAGES_H

#include "netboot6/client.h"
#include "netboot6/command.h"

enum pages_as { PAGES_TABLE, PAGES_JSON, PAGES_CSV };

/*
 * The first page has been asked for with these words; the array has room for one more. As JSON all
 * pages are one object. Returns the exit status.
 */
int pages_show(struct client *client, const struct command *command, enum pages_as as, int n_words,
	char *words[]);

#endif
