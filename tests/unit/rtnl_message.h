/* SPDX-License-Identifier: ISC */
/*
 * Hand-made rtnetlink messages for the tests of netlink/, good or with one
 * thing wrong. A message is built in a buffer and its length kept in it.
 */
#ifndef NB6_TESTS_RTNL_MESSAGE_H
#define NB6_TESTS_RTNL_MESSAGE_H

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

struct rtnl_message {
	union {
		struct nlmsghdr nlh;
		uint8_t octets[1024];
	};
};

static inline struct rtnl_message message_of(uint16_t type, const void *header, size_t size)
{
	struct rtnl_message m = {.nlh = {.nlmsg_type = type}};

	memcpy(m.octets + NLMSG_HDRLEN, header, size);
	m.nlh.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(size));
	return m;
}

static inline struct rtnl_message link_message(uint16_t type, uint8_t family, int ifindex)
{
	struct ifinfomsg header = {
		.ifi_family = family, .ifi_type = 1, .ifi_index = ifindex, .ifi_flags = 0x11043};

	return message_of(type, &header, sizeof(header));
}

static inline struct rtnl_message address_message(uint16_t type, uint8_t family, uint32_t ifindex)
{
	struct ifaddrmsg header = {
		.ifa_family = family, .ifa_prefixlen = 64, .ifa_flags = 0x80, .ifa_index = ifindex};

	return message_of(type, &header, sizeof(header));
}

/* Append an attribute with its padding. */
static inline void message_put(
	struct rtnl_message *m, uint16_t type, const void *payload, size_t size)
{
	struct nlattr attr = {.nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type};

	memcpy(m->octets + m->nlh.nlmsg_len, &attr, sizeof(attr));
	memcpy(m->octets + m->nlh.nlmsg_len + NLA_HDRLEN, payload, size);
	m->nlh.nlmsg_len += NLMSG_ALIGN(attr.nla_len);
}

static inline void message_put_u32(struct rtnl_message *m, uint16_t type, uint32_t value)
{
	message_put(m, type, &value, sizeof(value));
}

static inline void message_put_name(struct rtnl_message *m, const char *name)
{
	message_put(m, IFLA_IFNAME, name, strlen(name) + 1);
}

/* IFLA_LINKINFO with a kind, as a link of that kind has. */
/* type: IFLA_INFO_KIND, or IFLA_INFO_SLAVE_KIND: the kind of its master */
static inline void message_put_info(struct rtnl_message *m, uint16_t type, const char *kind)
{
	uint8_t info[128] = {0};
	struct nlattr attr = {
		.nla_len = (uint16_t)(NLA_HDRLEN + strlen(kind) + 1), .nla_type = type};

	memcpy(info, &attr, sizeof(attr));
	memcpy(info + NLA_HDRLEN, kind, strlen(kind) + 1);
	message_put(m, IFLA_LINKINFO, info, NLMSG_ALIGN(attr.nla_len));
}

static inline void message_put_kind(struct rtnl_message *m, const char *kind)
{
	message_put_info(m, IFLA_INFO_KIND, kind);
}

/* 2001:db8::LAST */
static inline struct in6_addr documentation_address(uint8_t last)
{
	struct in6_addr address = {{{0x20, 0x01, 0x0d, 0xb8}}};

	address.s6_addr[15] = last;
	return address;
}

#endif
