/* SPDX-License-Identifier: ISC */
/*
 * One row an option. To add one: its id in option.h, its row here, its bit in the rows of the
 * commands that have it (command.c).
 */
#include "netboot6/option.h"

#include <string.h>

const struct option_row option_table[OPTIONS] = {
	[OPTION_JSON] = {"json", NULL,
		"print the answer as a line of JSON, times in seconds since 1970"},
	[OPTION_CONTROL] = {"control", "PATH", "the daemon's control socket"},
	[OPTION_CSV] = {"csv", NULL, "print comma-separated values"},
	[OPTION_ALL] = {"all", NULL, "print counters that are zero as well"},
	[OPTION_MAC] = {"mac", "MAC", "MAC address, in any usual notation", true},
	[OPTION_DUID] = {"duid", "DUID", "DUID in hexadecimal", true},
	[OPTION_IAID] = {"iaid", "NUMBER", "IAID of an IA_NA of the client", true},
	[OPTION_UUID] = {"uuid", "UUID", "UUID of the machine", true},
	[OPTION_HOST] = {"host", "NAME", "name of a host in the configuration", true},
	[OPTION_LINK] = {"link", "NAME", "name of a client-facing link", true},
	[OPTION_ADDRESS] = {"address", "ADDRESS", "IPv6 address of the client", true},
	[OPTION_SUBNET] = {"subnet", "PREFIX", "prefix of a subnet in the configuration", true},
	[OPTION_POOL] = {"pool", "PREFIX", "prefix of a pool", true},
	[OPTION_STATE] = {"state", "STATE", "state of a lease", true},
	[OPTION_ARCH] = {"arch", "ARCH", "client architecture (option 61), such as x64-uefi", true},
	[OPTION_USER_CLASS] = {"user-class", "TEXT", "User Class (option 15), such as iPXE", true},
	[OPTION_VENDOR_CLASS] = {"vendor-class", "TEXT", "Vendor Class (option 16)", true},
	[OPTION_INTERFACE_ID] = {"interface-id", "TEXT", "Interface-Id of the relay (option 18)",
		true},
	[OPTION_REMOTE_ID] = {"remote-id", "TEXT", "Remote-Id of the relay (option 37)", true},
	[OPTION_CAPTURE] = {"capture", "FILE", "each request in a pcap or pcapng file"},
	[OPTION_PACKET] = {"packet", "NUMBER", "this packet of the capture only"},
	[OPTION_MESSAGE] = {"message", "HEX", "a DHCPv6 message in hexadecimal", true},
	[OPTION_NAME] = {"name", "NAME",
		"init: address or DNS name of this server in URLs; may be repeated"},
	[OPTION_DIRECTORY] = {"directory", "PATH",
		"init: where the files are [tls beside bootd.conf]"},
	[OPTION_DAYS] = {"days", "NUMBER", "init: how long the certificate is valid [365]"},
	[OPTION_KEY] = {"key", "TYPE", "init: rsa or ecdsa [rsa]"},
	[OPTION_CERTIFICATE] = {"certificate", "FILE",
		"check: a file instead of what bootd serves; may be repeated"},
	[OPTION_HELP] = {"help", NULL, "print help"},
	[OPTION_VERSION] = {"version", NULL, "print the version"},
};

enum option_id option_find(const char *name, size_t len)
{
	enum option_id id = 0;

	while (id < OPTIONS && (strncmp(option_table[id].name, name, len) != 0 ||
				       option_table[id].name[len] != '\0'))
		id++;
	return id;
}
