/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with the relay and around it, for `netboot6 doctor`: links whose clients are not
 * served, servers that cannot be reached or are silent, and drops that a setting or the kernel
 * causes.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_DOCTOR_H
#define NB6_RELAYD_VIEW_RELAY_DOCTOR_H

#include "relayd/view/relay_view.h"

#include <jansson.h>

/* A new reference: daemon/findings.h. */
json_t *relay_doctor(const struct relay_view *view);

#endif
