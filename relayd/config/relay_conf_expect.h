/* SPDX-License-Identifier: ISC */
/*
 * The checks of single values of relayd.conf, for relay_conf_syntax.c.
 */
#ifndef NB6_RELAYD_CONFIG_RELAY_CONF_EXPECT_H
#define NB6_RELAYD_CONFIG_RELAY_CONF_EXPECT_H

#include <stdbool.h>

#include "daemon/config.h"

/* Set the checks, which report with config_error(). */
void relay_conf_expect(struct config_section *cfg);

/*
 * A host name in DNS, RFC 1123 section 2.1, with a dot, because a name without one depends on a
 * search list, and a last label that is not a number, because that would be an IPv4 address.
 */
bool relay_conf_is_dns_name(const char *text);

#endif
