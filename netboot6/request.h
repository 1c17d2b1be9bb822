/* SPDX-License-Identifier: ISC */
/*
 * A request to a daemon, as main.c reads it from the command line, and its way to the daemon and
 * back to the terminal.
 */
#ifndef NB6_NETBOOT6_REQUEST_H
#define NB6_NETBOOT6_REQUEST_H

#include "netboot6/command.h"

enum { REQUEST_WORDS_MAX = 32, REQUEST_GIVEN_MAX = 24, REQUEST_ATTRIBUTE_SIZE = 256 };

/* What the command line asks for. */
struct request {
	const struct command *command;
	option_set options; /* those given; an option may come several times: */
	int n_given;
	struct {
		enum option_id id;
		const char *value;
	} given[REQUEST_GIVEN_MAX];
	int n_words; /* of the request to the daemon */
	char *words[REQUEST_WORDS_MAX];
	char attribute[REQUEST_GIVEN_MAX][REQUEST_ATTRIBUTE_SIZE]; /* "mac=52:54:00:12:34:56" */
	char *message;   /* "message=" and a datagram in hexadecimal, to be freed; NULL: none */
	unsigned packet; /* the one of the capture to ask about; 0: each */
};

bool request_has(const struct request *request, enum option_id id);

/* The value of an option, the last one if it came several times; NULL: not given. */
const char *request_value(const struct request *request, enum option_id id);

/*
 * Print an answer as the command shows it, or as JSON. Returns the exit status: EXIT_FAILURE if the
 * answer has "ok": false.
 */
int request_show(const struct request *request, json_t *answer);

/* Ask the daemon and print its answer, or why there is none. Returns the exit status. */
int request_run(struct request *request);

#endif
