/* SPDX-License-Identifier: ISC */
/*
 * Which servers get a message: forward = all | first-reachable | hash. A pure function of the
 * servers' state, the message and the time.
 *
 * A silent server (server_path.h) is passed over, but still gets a message every
 * SERVER_TRY_EVERY_MS, so that the relay notices when it answers again.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_CHOICE_H
#define NB6_RELAYD_SERVERS_SERVER_CHOICE_H

#include "dhcp6/wire.h"
#include "relayd/servers/server_list.h"

enum { SERVER_TRY_EVERY_MS = 10000 };

/* True if there is a path to the server and it is not silent. */
bool server_choice_usable(const struct server_path *server, int64_t now_ms);

/*
 * The servers that get this message, as bits by index. `allowed` are those of its link. `message` is the whole datagram that came
 * in: for `hash` the client's DUID decides, even inside several Relay-forwards. If no server is
 * usable, all of them get the message.
 */
unsigned server_choice(const struct server_list *list, unsigned allowed, struct wire_in message, int64_t now_ms);

#endif
