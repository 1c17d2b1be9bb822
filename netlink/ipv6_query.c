/* SPDX-License-Identifier: ISC */
/*
 * Three requests on one rtnetlink socket: RTM_GETMULTICAST, a dump of the multicast memberships of
 * one link or of all; RTM_GETLINK for one link, whose IFLA_AF_SPEC carries the IPv6 sysctls of
 * the link; and RTM_GETNEIGHTBL. A failed request closes the socket, because the rest of its answer
 * may still be queued; the next query opens another one.
 */
#include "netlink/ipv6_query.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "netlink/rtnl_socket.h"

struct ipv6_query {
	struct mnl_socket *socket; /* NULL: to be opened */
	void *buffer;
};

struct ipv6_query *ipv6_query_new(void)
{
	struct ipv6_query *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	q->buffer = malloc(RTNL_BUFFER_SIZE);
	if (q->buffer)
		return q;
	free(q);
	return NULL;
}

static void close_socket(struct ipv6_query *q)
{
	if (q->socket)
		mnl_socket_close(q->socket);
	q->socket = NULL;
}

void ipv6_query_free(struct ipv6_query *q)
{
	if (!q)
		return;
	close_socket(q);
	free(q->buffer);
	free(q);
}

/* Find an attribute with at least `size` octets; NULL: there is none. */
static const struct nlattr *find_attribute(
	const void *attributes, size_t len, uint16_t type, size_t size)
{
	const struct nlattr *attr = attributes;

	while (len >= sizeof(*attr) && attr->nla_len >= sizeof(*attr) && attr->nla_len <= len) {
		size_t step = MNL_ALIGN(attr->nla_len);

		if (mnl_attr_get_type(attr) == type && mnl_attr_get_payload_len(attr) >= size)
			return attr;
		if (step >= len)
			break;
		len -= step;
		attr = (const struct nlattr *)((const char *)attr + step);
	}
	return NULL;
}

static const struct nlattr *find_in(const struct nlattr *nest, uint16_t type, size_t size)
{
	return nest ? find_attribute(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
			      type, size)
		    : NULL;
}

static const struct nlattr *find_in_message(
	const struct nlmsghdr *nlh, size_t header_size, uint16_t type, size_t size)
{
	size_t offset = MNL_ALIGN(header_size), len = mnl_nlmsg_get_payload_len(nlh);

	return len > offset ? find_attribute(mnl_nlmsg_get_payload_offset(nlh, header_size),
				      len - offset, type, size)
			    : NULL;
}

/* --- memberships --------------------------------------------------------------------- */

struct members {
	const struct in6_addr *group;
	ipv6_member_cb *member;
	void *arg;
};

static int on_membership(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(nlh);
	const struct members *members = arg;
	const struct nlattr *group;

	if (nlh->nlmsg_type != RTM_GETMULTICAST ||
		mnl_nlmsg_get_payload_len(nlh) < sizeof(*header) || header->ifa_family != AF_INET6)
		return 0;
	group = find_in_message(nlh, sizeof(*header), IFA_MULTICAST, sizeof(struct in6_addr));
	if (group &&
		memcmp(mnl_attr_get_payload(group), members->group, sizeof(struct in6_addr)) == 0)
		members->member(members->arg, (int)header->ifa_index);
	return 0;
}

int ipv6_query_members(struct ipv6_query *q, const struct in6_addr *group, int ifindex,
	ipv6_member_cb *member, void *arg)
{
	char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifaddrmsg))]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct members members = {.group = group, .member = member, .arg = arg};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifaddrmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	int rc = 0;

	nlh->nlmsg_type = RTM_GETMULTICAST;
	header->ifa_family = AF_INET6;
	header->ifa_index = (uint32_t)ifindex;
	if (!q->socket)
		rc = rtnl_socket_open(&q->socket, 0);
	if (rc == 0)
		rc = rtnl_dump(q->socket, nlh, q->buffer, on_membership, &members);
	if (rc < 0 && rc != -EINTR)
		close_socket(q);
	return rc;
}

/* --- disable_ipv6 -------------------------------------------------------------------- */

/* The sysctls are an array of int32_t, indexed by DEVCONF_*. */
static int is_enabled(const struct nlmsghdr *nlh)
{
	const size_t size = (DEVCONF_DISABLE_IPV6 + 1) * sizeof(int32_t);
	const struct nlattr *spec, *conf;
	int32_t disabled;

	spec = find_in_message(nlh, sizeof(struct ifinfomsg), IFLA_AF_SPEC, 0);
	conf = find_in(find_in(spec, AF_INET6, 0), IFLA_INET6_CONF, size);
	if (!conf)
		return 0;
	memcpy(&disabled,
		(const char *)mnl_attr_get_payload(conf) + DEVCONF_DISABLE_IPV6 * sizeof(disabled),
		sizeof(disabled));
	return disabled == 0;
}

static int receive_link(struct ipv6_query *q, uint32_t seq)
{
	struct rtnl_messages messages;
	const struct nlmsghdr *nlh;
	ssize_t len;

	do
		len = rtnl_socket_receive(q->socket, q->buffer);
	while (len == -EPROTO);
	if (len < 0)
		return len == -EAGAIN ? -ETIMEDOUT : (int)len;
	messages = (struct rtnl_messages){.pos = q->buffer, .left = (size_t)len};
	nlh = rtnl_messages_next(&messages);
	if (!nlh || nlh->nlmsg_seq != seq)
		return -EBADMSG;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return mnl_nlmsg_get_payload_len(nlh) >= sizeof(int)
			       ? *(const int *)mnl_nlmsg_get_payload(nlh)
			       : -EBADMSG;
	if (nlh->nlmsg_type != RTM_NEWLINK ||
		mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ifinfomsg))
		return -EBADMSG;
	return is_enabled(nlh);
}

int ipv6_query_enabled(struct ipv6_query *q, int ifindex)
{
	char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifinfomsg)) + 8]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifinfomsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	static uint32_t seq = UINT32_C(1) << 31; /* apart from those of dumps */
	int rc = 0;

	nlh->nlmsg_type = RTM_GETLINK;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	nlh->nlmsg_seq = ++seq;
	header->ifi_family = AF_UNSPEC;
	header->ifi_index = ifindex;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (!q->socket)
		rc = rtnl_socket_open(&q->socket, 0);
	if (rc == 0 && mnl_socket_sendto(q->socket, nlh, nlh->nlmsg_len) < 0)
		rc = -errno;
	if (rc == 0)
		rc = receive_link(q, nlh->nlmsg_seq);
	if (rc < 0)
		close_socket(q);
	return rc;
}

/* --- neighbours ---------------------------------------------------------------------- */

/* The first message is about the table, and one more for each link follows: stop after it. */
static int on_table(const struct nlmsghdr *nlh, void *arg)
{
	struct ipv6_neighbour_table *table = arg;
	const struct nlattr *limit, *config, *stats;
	struct ndt_config c;
	struct ndt_stats s;

	if (nlh->nlmsg_type != RTM_NEWNEIGHTBL)
		return 0;
	limit = find_in_message(nlh, sizeof(struct ndtmsg), NDTA_THRESH3, sizeof(uint32_t));
	config = find_in_message(nlh, sizeof(struct ndtmsg), NDTA_CONFIG, sizeof(c));
	stats = find_in_message(nlh, sizeof(struct ndtmsg), NDTA_STATS, sizeof(s));
	if (!limit || !config || !stats)
		return 0;
	memcpy(&c, mnl_attr_get_payload(config), sizeof(c));
	memcpy(&s, mnl_attr_get_payload(stats), sizeof(s));
	*table = (struct ipv6_neighbour_table){.entries = c.ndtc_entries,
		.limit = mnl_attr_get_u32(limit),
		.refused = s.ndts_table_fulls};
	return -ECANCELED;
}

int ipv6_query_neighbour_table(struct ipv6_query *q, struct ipv6_neighbour_table *table)
{
	char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ndtmsg))]
		__attribute__((aligned(NLMSG_ALIGNTO)));
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ndtmsg *header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	int rc = 0;

	nlh->nlmsg_type = RTM_GETNEIGHTBL;
	header->ndtm_family = AF_INET6;
	if (!q->socket)
		rc = rtnl_socket_open(&q->socket, 0);
	if (rc == 0)
		rc = rtnl_dump(q->socket, nlh, q->buffer, on_table, table);
	close_socket(q);
	return rc == -ECANCELED ? 0 : rc == 0 ? -ENODATA : rc;
}
