/* SPDX-License-Identifier: ISC */
/*
 * Values of the relay as JSON, the same in answers and in events. An unknown value is left out, never
 * invented.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_JSON_H
#define NB6_RELAYD_VIEW_RELAY_JSON_H

#include <jansson.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Sets nothing for ::. */
void relay_json_set_address(json_t *to, const char *key, const struct in6_addr *address);
void relay_json_set_number(json_t *to, const char *key, uint64_t value);
/* Sets nothing for NULL and "". Octets that are not UTF-8 and control characters are escaped. */
void relay_json_set_text(json_t *to, const char *key, const char *text);
/* The name of a link, as relay_link_text() has it. Sets nothing for "". */
void relay_json_set_link(json_t *to, const char *key, const char *name);
/* Octets that may be text: as such if all are printable ASCII, else "0x" and hexadecimal digits. */
void relay_json_set_octets(json_t *to, const char *key, const uint8_t *octets, size_t len);
/* The name of a message type, or "type-200". */
void relay_json_set_type(json_t *to, const char *key, uint8_t type);

/*
 * Link names may have any octets but '/' and white space. As text they are escaped (utf8_escape),
 * so that JSON, metrics and terminals can show them.
 */
enum { RELAY_LINK_TEXT = 4 * IFNAMSIZ + 1 };
const char *relay_link_text(const char *name, char text[RELAY_LINK_TEXT]);

enum { RELAY_TYPE_NAME = 16 };
/* The name for an element of relay_counters: the type's, "type-30" or "other". May use `text`. */
const char *relay_type_name(unsigned slot, char text[RELAY_TYPE_NAME]);

#endif
