/* SPDX-License-Identifier: ISC */
/* Answers that come in pages: each is requested when the previous one has been printed. */
#ifndef NB6_NETBOOT6_PAGES_H
#define NB6_NETBOOT6_PAGES_H

#include "netboot6/client.h"
#include "netboot6/command.h"

enum pages_as { PAGES_TABLE, PAGES_JSON, PAGES_CSV };

/*
 * Prints all pages. The first one has been requested with these words; the array has space for one
 * more. With PAGES_JSON all pages become one object. Returns the exit status.
 */
int pages_show(struct client *client, const struct command *command, enum pages_as as, int n_words,
	char *words[]);

#endif
