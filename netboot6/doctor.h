/* SPDX-License-Identifier: ISC */
/*
 * netboot6 doctor: what is wrong with the daemons of this machine, worst first, and what to do.
 */
#ifndef NB6_NETBOOT6_DOCTOR_H
#define NB6_NETBOOT6_DOCTOR_H

#include <stdbool.h>

/* Exit statuses beside 0 (nothing, or notes only) and 1 (a daemon could not be asked). */
enum { DOCTOR_WARNINGS = 3, DOCTOR_ERRORS = 4 };

/*
 * Ask the daemon with this control socket; NULL: both daemons, if they are configured on this
 * machine. Prints text, or a line of JSON. Returns the exit status.
 */
int doctor_run(const char *control, bool as_json);

#endif
