/* SPDX-License-Identifier: ISC */
/*
 * The asking side of a control socket: a line out, lines of JSON back.
 */
#ifndef NB6_NETBOOT6_CLIENT_H
#define NB6_NETBOOT6_CLIENT_H

#include <jansson.h>
#include <stdio.h>

/* A connection; both ends of it are closed with fclose(client->in). */
struct client {
	FILE *in;
	int fd;
};

/* Returns 0 or -errno. */
int client_connect(struct client *client, const char *path);
void client_close(struct client *client);

/* Send a request of words. Returns 0, -EINVAL (a word with white space) or -errno. */
int client_ask(struct client *client, int n_words, char *const words[]);

/* The next line of JSON, a new reference; NULL: the daemon closed, or sent no JSON. */
json_t *client_read(struct client *client);

#endif
