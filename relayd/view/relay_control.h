/* SPDX-License-Identifier: ISC */
/*
 * What the operator can ask a running relay: the commands of its control
 * socket, answered in JSON.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_CONTROL_H
#define NB6_RELAYD_VIEW_RELAY_CONTROL_H

#include "daemon/control.h"

struct relay_daemon;

/*
 *	status    version, uptime, counters, how client MACs are learnt
 *	links     every client-facing link: state, reason, link-address, counters
 *	servers   every server: uplink, next hop, source, since when, shifts
 *	reload    read the configuration again
 *	watch     what happens to the relay, as it happens: relay_watch.h
 *	trace     what happens to some clients' messages: relay_trace.h
 *
 * The commands take a struct relay_daemon.
 */
extern const struct control_command relay_control_commands[];

#endif
