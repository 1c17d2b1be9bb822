/* SPDX-License-Identifier: ISC */
/*
 * Names of the drop reasons, tied to the enum so that none can be forgotten.
 */
#include "relayd/links/counters.h"

#include <assert.h>
#include <stddef.h>

static const char *const drop_name[] = {
	[RELAY_PASS] = "none",
	[RELAY_DROP_NOT_SERVED] = "not-served",
	[RELAY_DROP_UNICAST] = "unicast",
	[RELAY_DROP_SHORT] = "short",
	[RELAY_DROP_SERVER_TYPE] = "server-type",
	[RELAY_DROP_UNTRUSTED_RELAY] = "untrusted-relay",
	[RELAY_DROP_HOP_LIMIT] = "hop-limit",
	[RELAY_DROP_RSOO] = "rsoo",
	[RELAY_DROP_NO_ADDRESS] = "no-address",
	[RELAY_DROP_STANDBY] = "standby",
	[RELAY_DROP_LINK_RATE] = "link-rate",
	[RELAY_DROP_CLIENT_RATE] = "client-rate",
	[RELAY_DROP_TOO_LONG] = "too-long",
	[RELAY_DROP_NO_SERVER] = "no-server",
	[RELAY_DROP_UNKNOWN_SERVER] = "unknown-server",
	[RELAY_DROP_REPLY_FROM_CLIENT_LINK] = "reply-from-client-link",
	[RELAY_DROP_REPLY_FROM_OTHER_LINK] = "reply-from-other-link",
	[RELAY_DROP_MALFORMED] = "malformed",
	[RELAY_DROP_NO_RELAY_MESSAGE] = "no-relay-message",
	[RELAY_DROP_UNKNOWN_LINK] = "unknown-link",
	[RELAY_DROP_LINK_GONE] = "link-gone",
	[RELAY_DROP_OFF_LINK] = "off-link",
	[RELAY_DROP_SEND_FAILED] = "send-failed",
};

static_assert(sizeof(drop_name) / sizeof(drop_name[0]) == RELAY_DROPS, "name every reason");

const char *relay_drop_name(enum relay_drop reason)
{
	return drop_name[reason];
}

unsigned relay_type_slot(uint8_t type)
{
	return type < RELAY_TYPES ? type : RELAY_TYPES - 1;
}
