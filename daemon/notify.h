/* SPDX-License-Identifier: ISC */
/*
 * Telling systemd how we are (sd_notify(3)); without systemd, or built
 * without it, these do nothing.
 */
#ifndef NB6_DAEMON_NOTIFY_H
#define NB6_DAEMON_NOTIFY_H

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void); /* end it with notify_ready() */
void notify_stopping(void);
/* How often systemd expects a signal of the loop, WatchdogSec= of the unit; 0: never. */
uint64_t notify_watchdog_ms(void);
void notify_watchdog(void);
/* One line that `systemctl status` shows. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
