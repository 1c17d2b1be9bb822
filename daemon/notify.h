/* SPDX-License-Identifier: ISC */
/*
 * Telling systemd how we are (sd_notify(3)); without systemd, or built
 * without it, these do nothing.
 */
#ifndef NB6_DAEMON_NOTIFY_H
#define NB6_DAEMON_NOTIFY_H

void notify_ready(void);
void notify_reloading(void); /* end it with notify_ready() */
void notify_stopping(void);
/* One line that `systemctl status` shows. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
