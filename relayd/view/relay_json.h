/* SPDX-License-Identifier: ISC */
/*
 * Values of the relay as JSON, the same in answers and in events. What is not known is
 * left out, never invented.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_JSON_H
#define NB6_RELAYD_VIEW_RELAY_JSON_H

#include <jansson.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

/* Nothing is set for ::. */
void relay_json_set_address(json_t *to, const char *key, const struct in6_addr *address);
void relay_json_set_number(json_t *to, const char *key, uint64_t value);
/* Nothing is set for NULL and "". */
void relay_json_set_text(json_t *to, const char *key, const char *text);
/* Octets that may be no text: as text where they are, else "0x" and hexadecimal digits. */
void relay_json_set_octets(json_t *to, const char *key, const uint8_t *octets, size_t len);
/* By the place in the counters: the type's name, "type-200", or "other". */
void relay_json_set_type(json_t *to, const char *key, uint8_t type);

enum { RELAY_TYPE_NAME = 16 };
/* `text` is used where the type has no name. */
const char *relay_type_name(unsigned slot, char text[RELAY_TYPE_NAME]);

#endif
