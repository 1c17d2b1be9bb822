/* SPDX-License-Identifier: ISC */
/* A datagram of rtnetlink events, as hostile as can be, into a link table; then a repair. */
#include <stdlib.h>
#include <string.h>

#include "netlink/link_monitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_names(const struct link_table *table)
{
	const struct link *l;

	for (l = link_table_first(table); l; l = link_table_next(table, l)) {
		if (link_table_find(table, l->ifindex) != l)
			abort();
		if (l->name[0] && link_table_find_name(table, l->name) != l)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct link_monitor_counters counters = {0};
	struct link_table table;
	void *aligned = malloc(size ? size : 1);

	if (!aligned || link_table_init(&table, NULL, NULL) < 0)
		abort();
	memcpy(aligned, data, size);
	if (link_monitor_feed(&table, &counters, aligned, size) == 0) {
		check_names(&table);
		link_table_mark_stale(&table);
		link_monitor_feed(&table, &counters, aligned, size / 2);
		link_table_sweep(&table);
		check_names(&table);
	}
	link_table_fini(&table);
	free(aligned);
	return 0;
}
