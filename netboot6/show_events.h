/* SPDX-License-Identifier: ISC */
/*
 * Events of the streams as lines for people, each with its time of day.
 */
#ifndef NB6_NETBOOT6_SHOW_EVENTS_H
#define NB6_NETBOOT6_SHOW_EVENTS_H

#include <jansson.h>

/* What a daemon answers before the first event, and unknown events, show nothing. */
void show_boot_event(const json_t *answer);
void show_relay_event(const json_t *answer);
void show_trace(const json_t *answer);

#endif
