/* SPDX-License-Identifier: ISC */
/*
 * RFC 5460 without sockets: reads a query from its frame, walks the bindings, and writes the
 * messages of the answer: Leasequery-reply, any number of Leasequery-data, Leasequery-done. A query
 * that fails, or that no client matches, is answered by a Leasequery-reply alone (section 5.2).
 */
#include "bootd/dhcp/bulk_session.h"

#include <string.h>

#include "bootd/dhcp/answer.h"

enum {
	LENGTH = 2,
	PARTS_AT_A_TIME = 4096,
	END_ROOM = 512, /* stays free for the last message, with two DUIDs and a status */
};

size_t bulk_session_take(struct bulk_session *session, const uint8_t *octets, size_t len)
{
	size_t room = sizeof(session->in) - session->have;

	if (len > room)
		len = room;
	memcpy(session->in + session->have, octets, len);
	session->have += len;
	return len;
}

/* --- the answer --------------------------------------------------------------------- */

static bool has_room(const struct wire_out *out)
{
	return !out->bad && out->size - out->len >= BULK_ROOM;
}

static void put_id(struct wire_out *out, uint16_t code, const struct dhcp6_duid *duid)
{
	if (duid->len > 0)
		dhcp6_put_option(out, code, duid->octets, duid->len);
}

/* RFC 5460 section 5.2: identifiers are in the first message of an answer only. */
static size_t open_message(struct bulk_session *session, const struct exchange *exchange,
	uint8_t type, struct wire_out *out)
{
	size_t mark = wire_open_len16(out);

	dhcp6_put_message_header(out, type, session->xid);
	if (type == DHCP6_LEASEQUERY_REPLY) {
		put_id(out, DHCP6_OPT_SERVERID, &exchange->config->server_duid);
		put_id(out, DHCP6_OPT_CLIENTID, &session->requestor);
	}
	return mark;
}

static void put_end(struct bulk_session *session, const struct exchange *exchange, uint16_t status,
	struct wire_out *out)
{
	uint8_t type = session->has_sent ? DHCP6_LEASEQUERY_DONE : DHCP6_LEASEQUERY_REPLY;
	size_t mark = open_message(session, exchange, type, out);

	if (status)
		answer_put_status(out, status);
	wire_close_len16(out, mark);
	session->is_answering = false;
}

/* False if the client does not fit; then nothing of it is in `out`. */
static bool put_client(struct bulk_session *session, const struct exchange *exchange,
	const struct binding *binding, struct wire_out *out)
{
	uint8_t type = session->has_sent ? DHCP6_LEASEQUERY_DATA : DHCP6_LEASEQUERY_REPLY;
	size_t before = out->len, mark = open_message(session, exchange, type, out);

	leasequery_put_client(out, &session->query, &exchange->bindings, binding);
	wire_close_len16(out, mark);
	if (out->bad || out->size - out->len < END_ROOM) {
		out->bad = false;
		out->len = before;
		return false;
	}
	session->has_sent = true;
	session->clients++;
	return true;
}

/* --- the query ---------------------------------------------------------------------- */

static bool is_for_us(struct wire_in options, const struct dhcp6_duid *ours)
{
	struct wire_in id;

	return !dhcp6_option_find(options, DHCP6_OPT_SERVERID, &id) ||
	       (wire_left(&id) == ours->len && memcmp(id.pos, ours->octets, ours->len) == 0);
}

static uint16_t begin(struct bulk_session *session, const struct exchange *exchange,
	const struct dhcp6_message *message)
{
	struct wire_in id;

	session->is_answering = true;
	session->has_sent = false;
	session->part = 0;
	session->xid = message->xid;
	session->requestor.len = 0;
	session->queries++;
	if (!dhcp6_option_find(message->options, DHCP6_OPT_CLIENTID, &id) ||
		dhcp6_duid_read(id, &session->requestor) < 0 ||
		!is_for_us(message->options, &exchange->config->server_duid))
		return DHCP6_STATUS_MALFORMED_QUERY;
	return leasequery_read(&session->query, exchange->config, message->options, true);
}

/* Starts with the next query, if all of it was received. */
static enum bulk_state next_query(
	struct bulk_session *session, const struct exchange *exchange, struct wire_out *out)
{
	struct wire_in in = wire_in_of(session->in, session->have);
	struct dhcp6_message message;
	size_t len = wire_get_u16(&in), frame = LENGTH + len;
	uint16_t status;

	if (session->have < LENGTH)
		return BULK_WAITS;
	if (len < DHCP6_HEADER_LEN || len > BULK_QUERY_MAX)
		return BULK_BROKEN;
	if (session->have < frame)
		return BULK_WAITS;
	if (dhcp6_message_read(wire_get_sub(&in, len), &message) < 0 ||
		message.type != DHCP6_LEASEQUERY)
		return BULK_BROKEN;
	status = begin(session, exchange, &message);
	if (status)
		put_end(session, exchange, status, out);
	session->have -= frame;
	memmove(session->in, session->in + frame, session->have);
	return BULK_ANSWERS;
}

/* Sends the clients of some parts of the bindings. A part is never divided. */
static void go_on(
	struct bulk_session *session, const struct exchange *exchange, struct wire_out *out)
{
	const struct binding_table *bindings = &exchange->bindings;
	size_t last = session->part + PARTS_AT_A_TIME;

	for (; session->part < binding_table_slots(bindings) && session->part < last &&
		has_room(out);
		session->part++) {
		const struct binding *binding = NULL;

		while ((binding = binding_table_in_slot(bindings, session->part, binding)))
			if (leasequery_matches(&session->query, bindings, binding) &&
				!put_client(session, exchange, binding, out)) {
				put_end(session, exchange, DHCP6_STATUS_QUERY_TERMINATED, out);
				session->is_terminated = true; /* section 7.4: close */
				return;
			}
	}
	if (session->part >= binding_table_slots(bindings) && has_room(out))
		put_end(session, exchange, DHCP6_STATUS_SUCCESS, out);
}

enum bulk_state bulk_session_answer(struct bulk_session *session, const struct exchange *exchange,
	uint64_t now_ms, struct wire_out *out)
{
	enum bulk_state state = BULK_ANSWERS;

	if (session->is_terminated)
		return BULK_BROKEN;
	session->query.now_ms = now_ms;
	while (!session->is_answering && state == BULK_ANSWERS && has_room(out))
		state = next_query(session, exchange, out);
	if (!session->is_answering)
		return state;
	session->query.now_ms = now_ms;
	go_on(session, exchange, out);
	return BULK_ANSWERS;
}
