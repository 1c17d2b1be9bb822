/* SPDX-License-Identifier: ISC */
/*
 * What is wrong on this machine, for `netboot6 doctor`: a JSON array of findings. Each says what
 *was observed, about which link, server, subnet or file, and what to do.
 *
 *	{"level": "error", "about": "vlan100", "finding": "no global address on the link",
 *	 "advice": "assign an address to the link, ..."}
 */
#ifndef NB6_DAEMON_FINDINGS_H
#define NB6_DAEMON_FINDINGS_H

#include <jansson.h>

enum finding_level {
	FINDING_ERROR,   /* clients are not served */
	FINDING_WARNING, /* some clients may not be served, or soon */
	FINDING_NOTE,    /* normal in some networks */
};

/* Findings of one kind are listed up to this number; then their number is given. */
enum { FINDINGS_OF_A_KIND = 20 };

/* advice NULL: there is nothing to do. */
void finding_add(json_t *findings, enum finding_level level, const char *about, const char *advice,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* What both daemons depend on: the clock, and descriptors that are left. */
void findings_of_process(json_t *findings);

/*
 * The answer of the control command "doctor": the version of the daemon and its findings. Takes
 * over the reference.
 */
json_t *findings_answer(json_t *findings);

#endif
