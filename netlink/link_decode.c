/* SPDX-License-Identifier: ISC */
/*
 * Decoding of RTM_NEWLINK, RTM_DELLINK, RTM_NEWADDR and RTM_DELADDR.
 *
 * A message is decoded in two steps. attributes_collect() puts the wanted attributes of one
 * nesting level into an array and checks their sizes against a table; then each field is read
 * from that array. No octet is read whose presence was not checked before.
 */
#include "netlink/link_decode.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum size_rule {
	SIZE_UNWANTED = 0, /* not in the table: skipped */
	SIZE_EXACT,
	SIZE_UP_TO,
	SIZE_AT_LEAST, /* newer kernels append members to a struct */
	SIZE_NAME,     /* 1 to size - 1 characters and a NUL within the attribute */
	SIZE_ANY,
};

struct attribute_wanted {
	enum size_rule rule;
	uint16_t size;
};

static const struct attribute_wanted link_wanted[] = {
	[IFLA_ADDRESS] = {SIZE_UP_TO, LINK_MAC_SIZE},
	[IFLA_IFNAME] = {SIZE_NAME, IFNAMSIZ},
	[IFLA_MTU] = {SIZE_EXACT, sizeof(uint32_t)},
	[IFLA_LINK] = {SIZE_EXACT, sizeof(uint32_t)},
	[IFLA_MASTER] = {SIZE_EXACT, sizeof(uint32_t)},
	[IFLA_WIRELESS] = {SIZE_ANY},
	[IFLA_OPERSTATE] = {SIZE_EXACT, sizeof(uint8_t)},
	[IFLA_LINKINFO] = {SIZE_ANY},
	[IFLA_LINK_NETNSID] = {SIZE_EXACT, sizeof(uint32_t)},
	[IFLA_PROP_LIST] = {SIZE_ANY},
};

static const struct attribute_wanted info_wanted[] = {
	[IFLA_INFO_KIND] = {SIZE_NAME, UINT16_MAX},
	[IFLA_INFO_DATA] = {SIZE_ANY},
	[IFLA_INFO_SLAVE_KIND] = {SIZE_NAME, UINT16_MAX},
};

static const struct attribute_wanted vrf_wanted[] = {
	[IFLA_VRF_TABLE] = {SIZE_EXACT, sizeof(uint32_t)},
};

static const struct attribute_wanted address_wanted[] = {
	[IFA_ADDRESS] = {SIZE_EXACT, sizeof(struct in6_addr)},
	[IFA_LOCAL] = {SIZE_EXACT, sizeof(struct in6_addr)},
	[IFA_CACHEINFO] = {SIZE_AT_LEAST, sizeof(struct ifa_cacheinfo)},
	[IFA_FLAGS] = {SIZE_EXACT, sizeof(uint32_t)},
	[IFA_PROTO] = {SIZE_EXACT, sizeof(uint8_t)},
};

/* --- attributes ------------------------------------------------------------ */

static bool attribute_size_ok(const struct nlattr *attr, struct attribute_wanted want)
{
	uint16_t size = mnl_attr_get_payload_len(attr);
	const char *name = mnl_attr_get_payload(attr);

	switch (want.rule) {
	case SIZE_EXACT:
		return size == want.size;
	case SIZE_UP_TO:
		return size <= want.size;
	case SIZE_AT_LEAST:
		return size >= want.size;
	case SIZE_NAME:
		return size > 0 && strnlen(name, size) < size && name[0] != '\0' &&
		       strlen(name) < want.size;
	case SIZE_UNWANTED:
	case SIZE_ANY:
		break;
	}
	return true;
}

/*
 * Collect the wanted attributes among the `len` octets at `attrs`, indexed by type; NULL if
 * absent. If an attribute comes twice, the last one counts. Returns 0 or -EBADMSG.
 */
static int attributes_collect(const void *attrs, size_t len, const struct attribute_wanted *wanted,
	size_t n, const struct nlattr **found)
{
	const struct nlattr *attr = attrs;
	uint16_t type;
	size_t step;

	memset(found, 0, n * sizeof(*found));
	while (len > 0) {
		if (len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > len)
			return -EBADMSG;
		type = mnl_attr_get_type(attr);
		if (type < n && wanted[type].rule != SIZE_UNWANTED) {
			if (!attribute_size_ok(attr, wanted[type]))
				return -EBADMSG;
			found[type] = attr;
		}
		step = MNL_ALIGN(attr->nla_len);
		if (step >= len)
			break; /* the last attribute may lack its padding */
		len -= step;
		attr = (const struct nlattr *)((const char *)attr + step);
	}
	return 0;
}

/* The attributes after the family header of `header_size` octets, whose presence was checked. */
static int message_collect(const struct nlmsghdr *nlh, size_t header_size,
	const struct attribute_wanted *wanted, size_t n, const struct nlattr **found)
{
	size_t len = mnl_nlmsg_get_payload_len(nlh), offset = MNL_ALIGN(header_size);

	return attributes_collect(mnl_nlmsg_get_payload_offset(nlh, header_size),
		len > offset ? len - offset : 0, wanted, n, found);
}

static uint32_t get_u32(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u32(attr) : 0;
}

static uint8_t get_u8(const struct nlattr *attr)
{
	return attr ? mnl_attr_get_u8(attr) : 0;
}

/* --- links ----------------------------------------------------------------- */

/* A kind that is too long to be stored is truncated: no code here compares with such a kind. */
static void copy_kind(const struct nlattr *attr, char kind[static LINK_KIND_SIZE])
{
	size_t len = attr ? strnlen(mnl_attr_get_payload(attr), LINK_KIND_SIZE - 1) : 0;

	if (len)
		memcpy(kind, mnl_attr_get_payload(attr), len);
	kind[len] = '\0';
}

/* What the attributes mean depends on the kind. */
static int decode_vrf(const struct nlattr *data, struct link *link)
{
	const struct nlattr *found[ARRAY_SIZE(vrf_wanted)];

	if (!data || strcmp(link->kind, "vrf") != 0)
		return 0;
	if (attributes_collect(mnl_attr_get_payload(data), mnl_attr_get_payload_len(data),
		    vrf_wanted, ARRAY_SIZE(vrf_wanted), found) < 0)
		return -EBADMSG;
	link->vrf_table = get_u32(found[IFLA_VRF_TABLE]);
	return 0;
}

static int decode_kinds(const struct nlattr *info, struct link *link)
{
	const struct nlattr *found[ARRAY_SIZE(info_wanted)];

	if (!info)
		return 0;
	if (attributes_collect(mnl_attr_get_payload(info), mnl_attr_get_payload_len(info),
		    info_wanted, ARRAY_SIZE(info_wanted), found) < 0)
		return -EBADMSG;
	copy_kind(found[IFLA_INFO_KIND], link->kind);
	copy_kind(found[IFLA_INFO_SLAVE_KIND], link->port_kind);
	return decode_vrf(found[IFLA_INFO_DATA], link);
}

/* The list may have other properties and several names, so it is not read with the tables above. */
static int decode_altnames(const struct nlattr *list, char *names, size_t size)
{
	const struct attribute_wanted name_rule = {SIZE_NAME, UINT16_MAX};
	const struct nlattr *attr = list ? mnl_attr_get_payload(list) : NULL;
	size_t len = list ? mnl_attr_get_payload_len(list) : 0, used = 0, step, n;

	while (len > 0) {
		if (len < sizeof(*attr) || attr->nla_len < sizeof(*attr) || attr->nla_len > len)
			return -EBADMSG;
		if (mnl_attr_get_type(attr) == IFLA_ALT_IFNAME) {
			if (!attribute_size_ok(attr, name_rule))
				return -EBADMSG;
			n = strlen(mnl_attr_get_payload(attr)) + 1;
			if (used + n < size) { /* and the NUL at the end */
				memcpy(names + used, mnl_attr_get_payload(attr), n);
				used += n;
			}
		}
		step = MNL_ALIGN(attr->nla_len);
		if (step >= len)
			break;
		len -= step;
		attr = (const struct nlattr *)((const char *)attr + step);
	}
	names[used] = '\0';
	return 0;
}

/*
 * For a veth or netkit pair IFLA_LINK is the peer, which is not a lower link. Besides, the
 * kernel sends no event for the end that was created first when it gets its peer.
 */
static int lower_of(const struct nlattr *const *found, const char *kind)
{
	if (found[IFLA_LINK_NETNSID] || strcmp(kind, "veth") == 0 || strcmp(kind, "netkit") == 0)
		return 0;
	return (int)get_u32(found[IFLA_LINK]);
}

static int decode_link_attributes(
	const struct ifinfomsg *header, const struct nlattr *const *found, struct link *link)
{
	const struct nlattr *mac = found[IFLA_ADDRESS];

	if (decode_kinds(found[IFLA_LINKINFO], link) < 0)
		return -EBADMSG;
	link->ifindex = header->ifi_index;
	link->flags = header->ifi_flags;
	link->hw_type = header->ifi_type;
	strcpy(link->name, mnl_attr_get_str(found[IFLA_IFNAME]));
	link->mtu = get_u32(found[IFLA_MTU]);
	link->lower = lower_of(found, link->kind);
	link->master = (int)get_u32(found[IFLA_MASTER]);
	link->operstate = get_u8(found[IFLA_OPERSTATE]);
	if (mac) {
		link->mac_len = (uint8_t)mnl_attr_get_payload_len(mac);
		memcpy(link->mac, mnl_attr_get_payload(mac), link->mac_len);
	}
	return 0;
}

static int decode_link(const struct nlmsghdr *nlh, struct link_event *event)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *found[ARRAY_SIZE(link_wanted)];

	/* Attributes of another family have other meanings: check the family first. */
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*header))
		return -EBADMSG;
	if (header->ifi_family == AF_INET6 && nlh->nlmsg_type == RTM_NEWLINK &&
		header->ifi_index > 0) {
		event->type = LINK_EVENT_IPV6;
		event->ifindex = header->ifi_index;
	}
	if (header->ifi_family != AF_UNSPEC)
		return 0;
	if (message_collect(nlh, sizeof(*header), link_wanted, ARRAY_SIZE(link_wanted), found) < 0)
		return -EBADMSG;
	if (header->ifi_index < 1)
		return -EBADMSG;
	event->ifindex = header->ifi_index;
	if (nlh->nlmsg_type == RTM_DELLINK) {
		event->type = LINK_EVENT_LINK_GONE;
		return 0;
	}
	/* A wireless event is an RTM_NEWLINK without the attributes of the link. */
	if (found[IFLA_WIRELESS])
		return 0;
	if (!found[IFLA_IFNAME] || decode_link_attributes(header, found, &event->link) < 0)
		return -EBADMSG;
	if (decode_altnames(found[IFLA_PROP_LIST], event->altnames, sizeof(event->altnames)) < 0)
		return -EBADMSG;
	event->link.altnames = event->altnames;
	event->type = LINK_EVENT_LINK;
	return 0;
}

/* --- addresses ------------------------------------------------------------- */

static int decode_address(const struct nlmsghdr *nlh, struct link_event *event)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *found[ARRAY_SIZE(address_wanted)], *address;
	struct link_address *a = &event->address;
	struct ifa_cacheinfo life = {
		.ifa_prefered = LINK_ADDRESS_FOREVER,
		.ifa_valid = LINK_ADDRESS_FOREVER,
	};

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*header))
		return -EBADMSG;
	if (header->ifa_family != AF_INET6)
		return 0;
	if (message_collect(
		    nlh, sizeof(*header), address_wanted, ARRAY_SIZE(address_wanted), found) < 0)
		return -EBADMSG;
	address = found[IFA_LOCAL] ? found[IFA_LOCAL] : found[IFA_ADDRESS];
	if (!address || header->ifa_index < 1 || header->ifa_index > INT32_MAX ||
		header->ifa_prefixlen > 128)
		return -EBADMSG;
	if (found[IFA_CACHEINFO])
		memcpy(&life, mnl_attr_get_payload(found[IFA_CACHEINFO]), sizeof(life));
	event->type = nlh->nlmsg_type == RTM_NEWADDR ? LINK_EVENT_ADDRESS : LINK_EVENT_ADDRESS_GONE;
	event->ifindex = (int)header->ifa_index;
	memcpy(&a->address, mnl_attr_get_payload(address), sizeof(a->address));
	a->flags = found[IFA_FLAGS] ? get_u32(found[IFA_FLAGS]) : header->ifa_flags;
	a->prefixlen = header->ifa_prefixlen;
	a->scope = header->ifa_scope;
	a->proto = get_u8(found[IFA_PROTO]);
	a->created_cs = life.cstamp;
	a->preferred_s = life.ifa_prefered;
	a->valid_s = life.ifa_valid;
	return 0;
}

/* --- both ------------------------------------------------------------------ */

int link_decode(const struct nlmsghdr *nlh, struct link_event *event)
{
	memset(event, 0, sizeof(*event));
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return decode_link(nlh, event);
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return decode_address(nlh, event);
	}
	return 0;
}

int link_event_apply(const struct link_event *event, struct link_table *table)
{
	switch (event->type) {
	case LINK_EVENT_NONE:
		break;
	case LINK_EVENT_LINK:
		return link_table_put_link(table, &event->link);
	case LINK_EVENT_LINK_GONE:
		link_table_remove_link(table, event->ifindex);
		break;
	case LINK_EVENT_IPV6:
		link_table_ipv6_changed(table, event->ifindex);
		break;
	case LINK_EVENT_ADDRESS:
		return link_table_put_address(table, event->ifindex, &event->address);
	case LINK_EVENT_ADDRESS_GONE:
		link_table_remove_address(table, event->ifindex, &event->address.address);
		break;
	}
	return 0;
}
