/* SPDX-License-Identifier: ISC */
#include "daemon/findings.h"

#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/process_metrics.h"

/* No machine has an earlier date that is right: 2025-01-01. */
enum { EARLIEST_S = 1735689600 };

static const char *level_name(enum finding_level level)
{
	static const char *const name[] = {
		[FINDING_ERROR] = "error",
		[FINDING_WARNING] = "warning",
		[FINDING_NOTE] = "note",
	};

	return name[level];
}

void finding_add(json_t *findings, enum finding_level level, const char *about, const char *advice,
	const char *fmt, ...)
{
	json_t *finding = json_object();
	va_list ap;

	va_start(ap, fmt);
	json_object_set_new(finding, "level", json_string(level_name(level)));
	json_object_set_new(finding, "about", json_string(about));
	json_object_set_new(finding, "finding", json_vsprintf(fmt, ap));
	if (advice)
		json_object_set_new(finding, "advice", json_string(advice));
	json_array_append_new(findings, finding);
	va_end(ap);
}

void findings_of_process(json_t *findings)
{
	unsigned open = process_open_descriptors();
	time_t now = time(NULL);
	struct rlimit limit;
	struct tm date;
	char text[32];

	if (now < EARLIEST_S && gmtime_r(&now, &date)) {
		strftime(text, sizeof(text), "%Y-%m-%d", &date);
		finding_add(findings, FINDING_ERROR, "clock",
			"set the clock, such as by chrony: leases and certificates depend on it",
			"the date of this machine is %s", text);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && open >= limit.rlim_cur - limit.rlim_cur / 10)
		finding_add(findings, FINDING_WARNING, "descriptors",
			"raise LimitNOFILE= of the unit, and restart the daemon",
			"%u of %llu descriptors are open", open,
			(unsigned long long)limit.rlim_cur);
}

json_t *findings_answer(json_t *findings)
{
	return json_pack("{s:s, s:o}", "version", PACKAGE_VERSION, "findings", findings);
}
