/* SPDX-License-Identifier: ISC */
/*
 * Prints events of the streams as lines, each with its time of day.
 */
#ifndef NB6_NETBOOT6_SHOW_EVENTS_H
#define NB6_NETBOOT6_SHOW_EVENTS_H

#include <jansson.h>

/* The answer before the first event, and events of unknown kinds, print nothing. */
void show_boot_event(const json_t *answer);
void show_relay_event(const json_t *answer);
void show_trace(const json_t *answer);

#endif
