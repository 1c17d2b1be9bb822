/* SPDX-License-Identifier: ISC */
/*
 * The names of what is reported of a fetch, for logs and metrics.
 */
#include "bootd/files/fetch.h"

const char *fetch_kind_name(enum fetch_kind kind)
{
	return kind == FETCH_TFTP ? "TFTP" : "HTTP";
}

const char *fetch_outcome_name(enum fetch_outcome outcome)
{
	static const char *const name[] = {
		[FETCH_STARTED] = "started",
		[FETCH_DONE] = "done",
		[FETCH_FAILED] = "failed",
		[FETCH_PROBED] = "probed",
	};

	return name[outcome];
}
