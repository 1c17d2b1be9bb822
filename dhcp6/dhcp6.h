/* SPDX-License-Identifier: ISC */
/*
 * The numbers of DHCPv6: RFC 9915 (STD 102) and the RFCs named beside each.
 * Names of the codes in words are in names.h.
 */
#ifndef NB6_DHCP6_DHCP6_H
#define NB6_DHCP6_DHCP6_H

enum {
	DHCP6_CLIENT_PORT = 546, /* RFC 9915 section 7.2 */
	DHCP6_SERVER_PORT = 547,
};

/* Message types, RFC 9915 section 7.3 unless said. */
enum {
	DHCP6_SOLICIT = 1,
	DHCP6_ADVERTISE = 2,
	DHCP6_REQUEST = 3,
	DHCP6_CONFIRM = 4,
	DHCP6_RENEW = 5,
	DHCP6_REBIND = 6,
	DHCP6_REPLY = 7,
	DHCP6_RELEASE = 8,
	DHCP6_DECLINE = 9,
	DHCP6_RECONFIGURE = 10,
	DHCP6_INFORMATION_REQUEST = 11,
	DHCP6_RELAY_FORW = 12,
	DHCP6_RELAY_REPL = 13,
	DHCP6_LEASEQUERY = 14, /* RFC 5007 */
	DHCP6_LEASEQUERY_REPLY = 15,
	DHCP6_LEASEQUERY_DONE = 16, /* RFC 5460 */
	DHCP6_LEASEQUERY_DATA = 17,
	DHCP6_RECONFIGURE_REQUEST = 18, /* RFC 6977 */
	DHCP6_RECONFIGURE_REPLY = 19,
	DHCP6_DHCPV4_QUERY = 20, /* RFC 7341 */
	DHCP6_DHCPV4_RESPONSE = 21,
	DHCP6_ACTIVELEASEQUERY = 22, /* RFC 7653 */
	DHCP6_STARTTLS = 23,
	DHCP6_ADDR_REG_INFORM = 36, /* RFC 9686 */
	DHCP6_ADDR_REG_REPLY = 37,
};

/* Option codes, RFC 9915 section 21 unless said. */
enum {
	DHCP6_OPT_CLIENTID = 1,
	DHCP6_OPT_SERVERID = 2,
	DHCP6_OPT_IA_NA = 3,
	DHCP6_OPT_IA_TA = 4, /* obsolete: known only to be ignored */
	DHCP6_OPT_IAADDR = 5,
	DHCP6_OPT_ORO = 6,
	DHCP6_OPT_PREFERENCE = 7,
	DHCP6_OPT_ELAPSED_TIME = 8,
	DHCP6_OPT_RELAY_MSG = 9,
	DHCP6_OPT_AUTH = 11,
	DHCP6_OPT_UNICAST = 12, /* obsolete: never sent */
	DHCP6_OPT_STATUS_CODE = 13,
	DHCP6_OPT_RAPID_COMMIT = 14,
	DHCP6_OPT_USER_CLASS = 15,
	DHCP6_OPT_VENDOR_CLASS = 16,
	DHCP6_OPT_VENDOR_OPTS = 17,
	DHCP6_OPT_INTERFACE_ID = 18,
	DHCP6_OPT_RECONF_MSG = 19,
	DHCP6_OPT_RECONF_ACCEPT = 20,
	DHCP6_OPT_DNS_SERVERS = 23, /* RFC 3646 */
	DHCP6_OPT_DOMAIN_LIST = 24,
	DHCP6_OPT_IA_PD = 25,
	DHCP6_OPT_IAPREFIX = 26,
	DHCP6_OPT_INFO_REFRESH_TIME = 32,
	DHCP6_OPT_REMOTE_ID = 37,     /* RFC 4649 */
	DHCP6_OPT_SUBSCRIBER_ID = 38, /* RFC 4580 */
	DHCP6_OPT_CLIENT_FQDN = 39,   /* RFC 4704 */
	DHCP6_OPT_ERO = 43,           /* RFC 4994 */
	DHCP6_OPT_LQ_QUERY = 44,      /* RFC 5007 */
	DHCP6_OPT_CLIENT_DATA = 45,
	DHCP6_OPT_CLT_TIME = 46,
	DHCP6_OPT_LQ_RELAY_DATA = 47,
	DHCP6_OPT_LQ_CLIENT_LINK = 48,
	DHCP6_OPT_RELAY_ID = 53,     /* RFC 5460 */
	DHCP6_OPT_NTP_SERVER = 56,   /* RFC 5908 */
	DHCP6_OPT_BOOTFILE_URL = 59, /* RFC 5970 */
	DHCP6_OPT_BOOTFILE_PARAM = 60,
	DHCP6_OPT_CLIENT_ARCH = 61,
	DHCP6_OPT_NII = 62,
	DHCP6_OPT_RSOO = 66,                  /* RFC 6422 */
	DHCP6_OPT_VSS = 68,                   /* RFC 6607 */
	DHCP6_OPT_CLIENT_LINKLAYER_ADDR = 79, /* RFC 6939 */
	DHCP6_OPT_SOL_MAX_RT = 82,
	DHCP6_OPT_INF_MAX_RT = 83,
	DHCP6_OPT_RELAY_PORT = 135,      /* RFC 8357 */
	DHCP6_OPT_ADDR_REG_ENABLE = 148, /* RFC 9686 */
};

/* Status codes, RFC 9915 section 21.13. */
enum {
	DHCP6_STATUS_SUCCESS = 0,
	DHCP6_STATUS_UNSPEC_FAIL = 1,
	DHCP6_STATUS_NO_ADDRS_AVAIL = 2,
	DHCP6_STATUS_NO_BINDING = 3,
	DHCP6_STATUS_NOT_ON_LINK = 4,
	DHCP6_STATUS_NO_PREFIX_AVAIL = 6,
	DHCP6_STATUS_UNKNOWN_QUERY_TYPE = 7, /* RFC 5007 */
	DHCP6_STATUS_MALFORMED_QUERY = 8,
	DHCP6_STATUS_NOT_CONFIGURED = 9,
	DHCP6_STATUS_NOT_ALLOWED = 10,
	DHCP6_STATUS_QUERY_TERMINATED = 11, /* RFC 5460 */
};

/* What a Leasequery asks by: RFC 5007 section 4.1.2.1, RFC 5460 section 5.3. */
enum {
	DHCP6_QUERY_BY_ADDRESS = 1,
	DHCP6_QUERY_BY_CLIENT_ID = 2,
	DHCP6_QUERY_BY_RELAY_ID = 3,
	DHCP6_QUERY_BY_LINK_ADDRESS = 4,
	DHCP6_QUERY_BY_REMOTE_ID = 5,
};

enum {
	DHCP6_HEADER_LEN = 4,        /* message type, transaction id */
	DHCP6_RELAY_HEADER_LEN = 34, /* message type, hop-count, link-address, peer-address */
	DHCP6_HOP_COUNT_LIMIT = 8,   /* RFC 9915 section 7.6 */
	/* hop-counts 0 to HOP_COUNT_LIMIT: as many Relay-forwards can lie in one another. */
	DHCP6_RELAYS_MAX = DHCP6_HOP_COUNT_LIMIT + 1,
	DHCP6_DUID_MAX = 130,          /* type code and 128 octets, RFC 9915 section 11.1 */
	DHCP6_MESSAGE_MAX = 65535 - 8, /* what one UDP datagram holds */
};

/* ff02::1:2 All_DHCP_Relay_Agents_and_Servers, ff05::1:3 All_DHCP_Servers (section 7.1),
 * as initialisers of a struct in6_addr. */
#define DHCP6_ALL_RELAYS_AND_SERVERS                                                               \
	{                                                                                          \
		{                                                                                  \
			{                                                                          \
				0xff, 0x02, [13] = 0x01, [15] = 0x02                               \
			}                                                                          \
		}                                                                                  \
	}
#define DHCP6_ALL_SERVERS                                                                          \
	{                                                                                          \
		{                                                                                  \
			{                                                                          \
				0xff, 0x05, [13] = 0x01, [15] = 0x03                               \
			}                                                                          \
		}                                                                                  \
	}

#endif
