/* SPDX-License-Identifier: ISC */
/*
 * What bootd would decide about a client, described by attributes or by a captured message: which
 * machine, subnet, host, class, address and boot rule it gets, and for each class and rule that
 * does not apply, the condition that is not met. It runs the same code as a real message
 * (dhcp/decision.h) and changes nothing.
 */
#ifndef NB6_BOOTD_VIEW_BOOT_EXPLAIN_H
#define NB6_BOOTD_VIEW_BOOT_EXPLAIN_H

#include <jansson.h>

struct binding_table;
struct boot_config;

/*
 * Words "name=value": message=HEX, the octets of a datagram of a client or a relay, with
 * source=ADDRESS and frame=MAC, as it was captured; or mac=, arch=, user-class=... what such a
 * message would contain. Beside a message they replace what it contains. Returns the answer, or an
 * error that names the wrong word.
 */
json_t *boot_explain(const struct boot_config *config, const struct binding_table *bindings, int n,
	char *const words[]);

#endif
