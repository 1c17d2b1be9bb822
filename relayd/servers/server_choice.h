/* SPDX-License-Identifier: ISC */
/*
 * Which of the servers get a message: forward = all | first-reachable | hash.
 * Pure: what is known of the servers, the message and the time in, a set out.
 *
 * A server counts as silent when a number of messages went to it over some
 * seconds and nothing at all came back. It is still tried with a message now
 * and then, so that it is found again when it answers.
 */
#ifndef NB6_RELAYD_SERVERS_SERVER_CHOICE_H
#define NB6_RELAYD_SERVERS_SERVER_CHOICE_H

#include "relayd/servers/server_path.h"

enum { SERVER_TRY_EVERY_MS = 10000 };

/* True where there is a way to the server and it has not fallen silent. */
bool server_choice_usable(const struct server_path *server, int64_t now_ms);

/*
 * The servers that get this message, as bits by index. `message` is the
 * datagram as it came in: for `hash` the client's DUID decides, wherever in
 * the nest of relays it is. Where no server is usable all of them get it.
 */
unsigned server_choice(const struct server_paths *paths, struct wire_in message, int64_t now_ms);

#endif
