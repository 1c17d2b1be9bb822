/* SPDX-License-Identifier: ISC */
#include "bootd/tftp/tftp_sessions.h"

enum { SESSIONS_FIRST = 256 };

int tftp_sessions_init(struct tftp_sessions *sessions)
{
	*sessions = (struct tftp_sessions){0};
	return hash_table_init(&sessions->by_address, SESSIONS_FIRST);
}

void tftp_sessions_fini(struct tftp_sessions *sessions)
{
	hash_table_fini(&sessions->by_address);
}

static uint64_t hash_of(const struct tftp_sessions *sessions, const struct in6_addr *address)
{
	return hash_table_hash(&sessions->by_address, address, sizeof(*address));
}

void tftp_sessions_add(struct tftp_sessions *sessions, struct tftp_session *session)
{
	session->before = sessions->newest;
	if (sessions->newest)
		sessions->newest->next = session;
	else
		sessions->oldest = session;
	sessions->newest = session;
	hash_table_insert(&sessions->by_address, &session->by_address,
		hash_of(sessions, &session->peer.sin6_addr));
	sessions->count++;
}

void tftp_sessions_remove(struct tftp_sessions *sessions, struct tftp_session *session)
{
	if (session->before)
		session->before->next = session->next;
	else
		sessions->oldest = session->next;
	if (session->next)
		session->next->before = session->before;
	else
		sessions->newest = session->before;
	hash_table_remove(&sessions->by_address, &session->by_address);
	sessions->count--;
}

struct tftp_session *tftp_sessions_next(const struct tftp_sessions *sessions,
	const struct in6_addr *address, const struct tftp_session *after)
{
	uint64_t hash = hash_of(sessions, address);
	struct hash_node *node = after ? hash_node_with(after->by_address.next, hash)
				       : hash_table_first(&sessions->by_address, hash);

	for (; node; node = hash_node_with(node->next, hash)) {
		struct tftp_session *session = hash_entry(node, struct tftp_session, by_address);

		if (IN6_ARE_ADDR_EQUAL(&session->peer.sin6_addr, address))
			return session;
	}
	return NULL;
}

struct tftp_session *tftp_sessions_find(
	const struct tftp_sessions *sessions, const struct sockaddr_in6 *peer)
{
	struct tftp_session *session = NULL;

	while ((session = tftp_sessions_next(sessions, &peer->sin6_addr, session)))
		if (session->peer.sin6_port == peer->sin6_port &&
			session->peer.sin6_scope_id == peer->sin6_scope_id)
			return session;
	return NULL;
}
