/* SPDX-License-Identifier: ISC */
/*
 * The whole decision about a client, of which facts are told or a message was captured: who it is
 * taken for, where it is, which host, class, address and boot rule that comes to, and of all that
 * was passed over the condition that is not met. Nothing is changed by the question.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_EXPLAIN_H
#define NB6_BOOTD_VIEW_BOOT_EXPLAIN_H

#include <jansson.h>

struct binding_table;
struct boot_config;

/*
 * Words "name=value": message=HEX, the octets of a datagram of a client or a relay, with
 * source=ADDRESS and frame=MAC, as it was captured; or mac=, arch=, user-class=... what such a
 * message would say. After a message they replace what it said. Returns the answer, or one
 * that says what is wrong.
 */
json_t *boot_explain(const struct boot_config *config, const struct binding_table *bindings, int n,
	char *const words[]);

#endif
