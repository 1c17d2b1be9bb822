/* SPDX-License-Identifier: ISC */
/*
 * Values of the relay as JSON, the same in answers and in events. An unknown value is left out, never
 * invented.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_JSON_H
#define NB6_RELAYD_VIEW_RELAY_JSON_H

#include <jansson.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Sets nothing for ::. */
void relay_json_set_address(json_t *to, const char *key, const struct in6_addr *address);
void relay_json_set_number(json_t *to, const char *key, uint64_t value);
/* Sets nothing for NULL and "". */
void relay_json_set_text(json_t *to, const char *key, const char *text);
/* Octets that may be text: as such if all are printable ASCII, else "0x" and hexadecimal digits. */
void relay_json_set_octets(json_t *to, const char *key, const uint8_t *octets, size_t len);
/* The name of a message type, or "type-200". */
void relay_json_set_type(json_t *to, const char *key, uint8_t type);

enum { RELAY_TYPE_NAME = 16 };
/* The name for an element of relay_counters: the type's, "type-30" or "other". May use `text`. */
const char *relay_type_name(unsigned slot, char text[RELAY_TYPE_NAME]);

#endif
