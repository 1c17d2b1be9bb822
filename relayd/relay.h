/* SPDX-License-Identifier: ISC */
/*
 * The relay: its state and its life.
 *
 *	relay_init     open sockets and netlink, dump links and addresses; needs privileges
 *	relay_start    begin to serve them from the loop; needs no privileges
 *	relay_reload   apply another configuration
 *	relay_fini     undo all of it in reverse order
 *
 * The packet path works on struct relay (packet/relay_state.h); the views (view/) read the parts of
 * it that relay_view_of() lists.
 */
#ifndef NB6_RELAYD_RELAY_H
#define NB6_RELAYD_RELAY_H

#include "relayd/packet/relay_state.h"
#include "relayd/view/relay_view.h"

/*
 * Takes ownership of `conf`, also after an error. `best` is the best method of learning client MACs
 * to try. Returns 0, or -errno after it has logged the reason; then nothing is open.
 */
int relay_init(struct relay *relay, struct relay_conf *conf, enum client_mac_method best);
int relay_start(struct relay *relay, struct loop *loop);
/*
 * Use another configuration. Takes ownership of `conf`. Returns 0; or -errno, and the relay goes on
 * with the old one.
 */
int relay_reload(struct relay *relay, struct relay_conf *conf);
void relay_fini(struct relay *relay);

/* Attach the events and traces to a control socket; NULL detaches them. */
void relay_set_control(struct relay *relay, struct control *control);
/* What the views show of this relay. */
struct relay_view relay_view_of(const struct relay *relay);

#endif
