/* SPDX-License-Identifier: ISC */
/*
 * What the file servers tell of each fetch. They know a peer's address and a
 * path; whoever observes knows which machine that is, and writes the log.
 *
 * Each fetch is reported as STARTED and then, once, as one of the others; what
 * fails before the first octet (no such file, no room) is FAILED alone, and an
 * HTTP HEAD is PROBED alone.
 */
#ifndef NB6_BOOTD_FILES_FETCH_H
#define NB6_BOOTD_FILES_FETCH_H

#include <netinet/in.h>
#include <stdint.h>

enum fetch_kind { FETCH_TFTP, FETCH_HTTP };

enum fetch_outcome {
	FETCH_STARTED,
	FETCH_DONE,   /* everything that was asked for was sent (TFTP: and acknowledged) */
	FETCH_FAILED, /* `error` says why */
	FETCH_PROBED, /* only the size or the date was wanted: no fault, and no file */
};

/* Borrowed: valid during the call. */
struct fetch_event {
	enum fetch_kind kind;
	enum fetch_outcome outcome;
	struct in6_addr peer;
	const char *path;     /* as asked for, decoded, without control characters */
	uint64_t bytes;       /* of the file, sent so far (TFTP: acknowledged) */
	uint64_t size;        /* the whole file's; 0 where there is none */
	uint64_t duration_ms; /* since the start */
	const char *error;    /* in the operator's words; NULL unless FAILED */
};

typedef void fetch_observe_fn(void *arg, const struct fetch_event *event);

/* "TFTP" or "HTTP"; "started", "done", "failed", "probed". */
const char *fetch_kind_name(enum fetch_kind kind);
const char *fetch_outcome_name(enum fetch_outcome outcome);

#endif
