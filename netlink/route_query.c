/* SPDX-License-Identifier: ISC */
/*
 * RTM_GETROUTE through libnl-route-3, which parses the many forms of a route answer (nexthop
 * objects, multipath, encapsulations).
 *
 * libnl maps the kernel's errors to fewer codes of its own. An error callback therefore stores
 * the kernel's errno.
 */
#include "netlink/route_query.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum { ANSWER_WITHIN_S = 2 };

struct route_query {
	struct nl_sock *socket; /* NULL after a missing answer, until the next question */
};

/* One question's state, for the callbacks. */
struct question {
	struct route_answer *out;
	int error; /* -errno that the kernel gave */
	bool answered;
};

static void close_socket(struct route_query *q)
{
	nl_socket_free(q->socket);
	q->socket = NULL;
}

static int open_socket(struct route_query *q)
{
	struct timeval limit = {.tv_sec = ANSWER_WITHIN_S};

	if (q->socket)
		return 0;
	q->socket = nl_socket_alloc();
	if (!q->socket)
		return -ENOMEM;
	if (nl_connect(q->socket, NETLINK_ROUTE) < 0 ||
		setsockopt(nl_socket_get_fd(q->socket), SOL_SOCKET, SO_RCVTIMEO, &limit,
			sizeof(limit)) < 0) {
		close_socket(q);
		return -ENOTCONN;
	}
	/* The answer itself ends the exchange. */
	nl_socket_disable_auto_ack(q->socket);
	return 0;
}

struct route_query *route_query_new(void)
{
	struct route_query *q = calloc(1, sizeof(*q));

	if (q && open_socket(q) < 0) {
		free(q);
		return NULL;
	}
	return q;
}

void route_query_free(struct route_query *q)
{
	if (!q)
		return;
	close_socket(q);
	free(q);
}

static struct in6_addr address_of(const struct nl_addr *address)
{
	struct in6_addr in6 = IN6ADDR_ANY_INIT;

	if (address && nl_addr_get_len(address) == sizeof(in6))
		memcpy(&in6, nl_addr_get_binary_addr(address), sizeof(in6));
	return in6;
}

static int on_answer(struct nl_msg *message, void *arg)
{
	struct question *question = arg;
	struct rtnl_route *route = NULL;
	struct rtnl_nexthop *hop;

	if (rtnl_route_parse(nlmsg_hdr(message), &route) < 0) {
		question->error = -EBADMSG;
		return NL_STOP;
	}
	hop = rtnl_route_nexthop_n(route, 0);
	*question->out = (struct route_answer){
		.ifindex = hop ? rtnl_route_nh_get_ifindex(hop) : 0,
		.next_hop = address_of(hop ? rtnl_route_nh_get_gateway(hop) : NULL),
		.source = address_of(rtnl_route_get_pref_src(route)),
		.metric = rtnl_route_get_priority(route),
		.table = rtnl_route_get_table(route),
		.protocol = rtnl_route_get_protocol(route),
	};
	question->answered = true;
	rtnl_route_put(route);
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *arg)
{
	struct question *question = arg;

	(void)from;
	question->error = error->error;
	return NL_STOP;
}

static bool put_ports(struct nl_msg *message, const struct route_flow *flow)
{
	uint16_t sport = htons(flow->sport), dport = htons(flow->dport);

	return (!flow->protocol || nla_put_u8(message, RTA_IP_PROTO, flow->protocol) == 0) &&
	       (!flow->sport || nla_put_u16(message, RTA_SPORT, sport) == 0) &&
	       (!flow->dport || nla_put_u16(message, RTA_DPORT, dport) == 0);
}

static struct nl_msg *make_question(const struct route_flow *flow)
{
	bool has_source = !IN6_IS_ADDR_UNSPECIFIED(&flow->source);
	struct rtmsg header = {.rtm_family = AF_INET6,
		.rtm_dst_len = 128,
		.rtm_src_len = has_source ? 128 : 0};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_REQUEST);

	if (message && nlmsg_append(message, &header, sizeof(header), NLMSG_ALIGNTO) == 0 &&
		nla_put(message, RTA_DST, sizeof(flow->destination), &flow->destination) == 0 &&
		(!has_source ||
			nla_put(message, RTA_SRC, sizeof(flow->source), &flow->source) == 0) &&
		(!flow->oif || nla_put_u32(message, RTA_OIF, flow->oif) == 0) &&
		(!flow->mark || nla_put_u32(message, RTA_MARK, flow->mark) == 0) &&
		(!flow->has_uid || nla_put_u32(message, RTA_UID, flow->uid) == 0) &&
		put_ports(message, flow))
		return message;
	nlmsg_free(message);
	return NULL;
}

/* Wait for the answer to what was just sent; libnl checks the sequence number. */
static int await_answer(struct route_query *q, struct question *question)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int rc;

	if (!callbacks)
		return -ENOMEM;
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_answer, question);
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, question);
	rc = nl_recvmsgs(q->socket, callbacks);
	nl_cb_put(callbacks);
	return rc == -NLE_AGAIN ? -ETIMEDOUT : -EBADMSG;
}

static int ask(struct route_query *q, struct nl_msg *message, struct question *question)
{
	int err = open_socket(q);

	if (err)
		return err;
	err = nl_send_auto(q->socket, message) < 0 ? -EIO : await_answer(q, question);
	if (question->answered || question->error < 0)
		return question->error;
	/* Otherwise a late answer would be read as the answer to the next question. */
	close_socket(q);
	return err;
}

int route_query_flow(
	struct route_query *q, const struct route_flow *flow, struct route_answer *out)
{
	struct question question = {.out = out};
	struct nl_msg *message = make_question(flow);
	int err;

	if (!message)
		return -ENOMEM;
	err = ask(q, message, &question);
	nlmsg_free(message);
	return err;
}
