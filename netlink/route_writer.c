/* SPDX-License-Identifier: ISC */
/*
 * RTM_NEWROUTE and RTM_DELROUTE by libmnl. rtnetlink handles a request inside sendmsg(2), so its
 * answer is queued when that returns, and a non-blocking receive finds it.
 */
#include "netlink/route_writer.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rtnl_socket.h"

struct route_writer {
	struct mnl_socket *nl;
	uint8_t protocol;
	uint32_t seq;
	char *buffer; /* RTNL_BUFFER_SIZE octets */
};

int route_writer_new(struct route_writer **writer, uint8_t protocol)
{
	struct route_writer *w = calloc(1, sizeof(*w));
	int rc = -ENOMEM;

	*writer = NULL;
	if (!w)
		return -ENOMEM;
	w->protocol = protocol;
	w->buffer = malloc(RTNL_BUFFER_SIZE);
	if (w->buffer)
		rc = rtnl_socket_open(&w->nl, SOCK_NONBLOCK);
	if (rc < 0) {
		route_writer_free(w);
		return rc;
	}
	*writer = w;
	return 0;
}

void route_writer_free(struct route_writer *w)
{
	if (!w)
		return;
	if (w->nl)
		mnl_socket_close(w->nl);
	free(w->buffer);
	free(w);
}

static struct nlmsghdr *begin(struct route_writer *w, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(w->buffer);
	struct rtmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	nlh->nlmsg_seq = ++w->seq;
	*header = (struct rtmsg){.rtm_family = AF_INET6,
		.rtm_protocol = w->protocol,
		.rtm_scope = RT_SCOPE_UNIVERSE};
	return nlh;
}

static void put_route(struct nlmsghdr *nlh, const struct written_route *route)
{
	struct rtmsg *header = mnl_nlmsg_get_payload(nlh);

	header->rtm_dst_len = route->len;
	header->rtm_table = RT_TABLE_UNSPEC; /* RTA_TABLE has it */
	header->rtm_type = route->is_unreachable ? RTN_UNREACHABLE : RTN_UNICAST;
	mnl_attr_put(nlh, RTA_DST, sizeof(route->destination), &route->destination);
	mnl_attr_put_u32(nlh, RTA_TABLE, route->table);
	mnl_attr_put_u32(nlh, RTA_PRIORITY, route->metric);
	if (route->is_unreachable || !route->ifindex)
		return;
	mnl_attr_put(nlh, RTA_GATEWAY, sizeof(route->next_hop), &route->next_hop);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)route->ifindex);
}

/* The answer to request `seq` in this datagram: 0 or -errno; 1 if it is not there. */
static int find_answer(const struct route_writer *w, size_t len)
{
	struct rtnl_messages messages = {.pos = w->buffer, .left = len};
	const struct nlmsghdr *nlh;
	int error;

	while ((nlh = rtnl_messages_next(&messages))) {
		if (nlh->nlmsg_type != NLMSG_ERROR || nlh->nlmsg_seq != w->seq ||
			mnl_nlmsg_get_payload_len(nlh) < sizeof(error))
			continue;
		memcpy(&error, mnl_nlmsg_get_payload(nlh), sizeof(error));
		return error < 0 ? error : 0;
	}
	return 1;
}

static int send_request(struct route_writer *w, const struct nlmsghdr *nlh)
{
	int rc = 1;

	if (mnl_socket_sendto(w->nl, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (rc > 0) {
		ssize_t len = rtnl_socket_receive(w->nl, w->buffer);

		if (len == -EPROTO)
			continue;
		if (len < 0)
			return len == -EAGAIN ? -EIO : (int)len;
		rc = find_answer(w, (size_t)len);
	}
	return rc;
}

static int write_route(
	struct route_writer *w, uint16_t type, uint16_t flags, const struct written_route *route)
{
	struct nlmsghdr *nlh = begin(w, type, flags);

	put_route(nlh, route);
	return send_request(w, nlh);
}

int route_writer_add(struct route_writer *w, const struct written_route *route)
{
	return write_route(w, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route);
}

int route_writer_replace(struct route_writer *w, const struct written_route *route)
{
	return write_route(w, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

int route_writer_remove(struct route_writer *w, const struct written_route *route)
{
	return write_route(w, RTM_DELROUTE, 0, route);
}

/* --- what the kernel has -------------------------------------------------------------------- */

struct dump {
	uint8_t protocol;
	route_writer_cb *cb;
	void *arg;
};

static void read_attribute(struct nlattr *attr, struct written_route *route)
{
	const void *value = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);
	uint32_t number = 0;

	if (len == sizeof(number))
		memcpy(&number, value, sizeof(number));
	switch (mnl_attr_get_type(attr)) {
	case RTA_DST:
		if (len == sizeof(route->destination))
			memcpy(&route->destination, value, len);
		break;
	case RTA_GATEWAY:
		if (len == sizeof(route->next_hop))
			memcpy(&route->next_hop, value, len);
		break;
	case RTA_OIF:
		route->ifindex = (int)number;
		break;
	case RTA_TABLE:
		route->table = number;
		break;
	case RTA_PRIORITY:
		route->metric = number;
		break;
	}
}

static int on_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct dump *dump = arg;
	struct written_route route = {0};
	struct nlattr *attr;
	struct rtmsg header;

	if (nlh->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(nlh) < sizeof(header))
		return 0;
	memcpy(&header, mnl_nlmsg_get_payload(nlh), sizeof(header));
	if (header.rtm_family != AF_INET6 || header.rtm_protocol != dump->protocol ||
		(header.rtm_flags & RTM_F_CLONED))
		return 0;
	route.len = header.rtm_dst_len;
	route.table = header.rtm_table;
	route.is_unreachable = header.rtm_type == RTN_UNREACHABLE;
	mnl_attr_for_each(attr, nlh, sizeof(header))
		read_attribute(attr, &route);
	if (route.is_unreachable)
		route.ifindex = 0; /* lo */
	dump->cb(dump->arg, &route);
	return 0;
}

int route_writer_dump(struct route_writer *w, route_writer_cb *cb, void *arg)
{
	struct dump dump = {.protocol = w->protocol, .cb = cb, .arg = arg};
	struct mnl_socket *nl;
	int rc = rtnl_socket_open(&nl, 0); /* waits for the pieces of the dump */

	if (rc < 0)
		return rc;
	/* The kernel leaves out the routes of other protocols. */
	rc = rtnl_dump(nl, begin(w, RTM_GETROUTE, 0), w->buffer, on_route, &dump);
	mnl_socket_close(nl);
	return rc == -EINTR ? 0 : rc;
}
