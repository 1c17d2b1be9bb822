/* SPDX-License-Identifier: ISC */
/*
 * `boot explain --capture FILE`: what bootd would decide about each request in a capture. The
 * octets are sent unchanged, so that bootd parses them as it parses what arrives.
 */
#ifndef NB6_NETBOOT6_EXPLAIN_CAPTURE_H
#define NB6_NETBOOT6_EXPLAIN_CAPTURE_H

#include <jansson.h>

#include "netboot6/client.h"

/* Shows one answer, that of this packet. */
typedef void explain_show_fn(void *arg, unsigned packet, json_t *answer);

/*
 * Asks about packet number `packet` of the file, or about each request if it is 0. `facts` are
 * added to each question. Returns an exit status; errors are printed on stderr.
 */
int explain_capture(struct client *client, const char *path, unsigned packet, int n_facts,
	char *const facts[], explain_show_fn *show, void *arg);

#endif
