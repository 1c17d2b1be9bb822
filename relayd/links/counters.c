/* SPDX-License-Identifier: ISC */
/* The texts of the drop reasons, one row each in RELAY_DROP_REASONS. */
#include "relayd/links/counters.h"

static const struct {
	const char *name, *description;
} drop[] = {[RELAY_PASS] = {"none", ""},
#define RELAY_DROP_TEXT(symbol, name, description) [RELAY_DROP_##symbol] = {name, description},
	RELAY_DROP_REASONS(RELAY_DROP_TEXT)
#undef RELAY_DROP_TEXT
};

const char *relay_drop_name(enum relay_drop reason)
{
	return drop[reason].name;
}

const char *relay_drop_description(enum relay_drop reason)
{
	return drop[reason].description;
}
