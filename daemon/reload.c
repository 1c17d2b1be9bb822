/* SPDX-License-Identifier: ISC */
#include "daemon/reload.h"

static void cancel(const struct reload_part *parts, size_t n, void *arg)
{
	while (n-- > 0)
		if (parts[n].cancel)
			parts[n].cancel(arg);
}

int reload_run(const struct reload_part *parts, size_t n, void *arg)
{
	for (size_t i = 0; i < n; i++) {
		int rc = parts[i].prepare ? parts[i].prepare(arg) : 0;

		if (rc < 0) {
			cancel(parts, i, arg);
			return rc;
		}
	}
	for (size_t i = 0; i < n; i++)
		if (parts[i].commit)
			parts[i].commit(arg);
	return 0;
}
