/* SPDX-License-Identifier: ISC */
/*
 * Texts of the configuration that become octets on the wire, in an Interface-Id, Remote-ID or
 * Subscriber-ID: %h stands for the host name, %i for the name of the link, %% for a percent sign.
 */
#ifndef NB6_RELAYD_CONFIG_ID_TEMPLATE_H
#define NB6_RELAYD_CONFIG_ID_TEMPLATE_H

#include <stdint.h>

enum { ID_TEMPLATE_MAX = 64 }; /* octets of an expanded template */

/*
 * Expand a template into `out` of ID_TEMPLATE_MAX octets. Returns the length, or -EINVAL if it has
 * another '%' or the result is empty or does not fit.
 */
int id_template_expand(const char *format, const char *host, const char *link, uint8_t *out);

#endif
