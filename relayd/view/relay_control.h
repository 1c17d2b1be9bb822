/* SPDX-License-Identifier: ISC */
/*
 * The commands of the relay's control socket, which netboot6 relay sends; the answers are JSON.
 */
#ifndef NB6_RELAYD_VIEW_RELAY_CONTROL_H
#define NB6_RELAYD_VIEW_RELAY_CONTROL_H

#include "daemon/config.h"
#include "daemon/control.h"
#include "relayd/view/relay_trace.h"
#include "relayd/view/relay_view.h"

/* What the commands work on. */
struct relay_control {
	struct relay_view view;
	struct relay_trace *trace;
	struct prefix_delegation *prefixes;
	/* Read the configuration again: 0, or -errno and what is wrong. */
	int (*reload)(void *arg, struct config_problems *problems);
	void *reload_arg;
};

/*
 *	status    version, start, counters, how client MACs are learnt
 *	doctor    what is wrong, and what to do: relay_doctor.h
 *	links     every client-facing link: state, reason, link-address, counters
 *	servers   every server: uplink, next hop, source, since when, shifts
 *	prefixes  delegated prefixes, in pages: relay_prefixes.h
 *	clear-prefix  ends a delegation
 *	metrics   the text that Prometheus reads
 *	reload    read the configuration again
 *	watch     events of the relay as they happen: relay_watch.h
 *	trace     messages of chosen clients as they are handled: relay_trace.h
 *
 * The commands take a struct relay_control.
 */
extern const struct control_command relay_control_commands[];

#endif
