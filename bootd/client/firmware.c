/* SPDX-License-Identifier: ISC */
/*
 * The kinds of firmware and their requirements, as a table; below it the functions that the table
 * names.
 *
 * UEFI PXE   reads "tftp://" in lower case, an address in brackets or a name, and then a slash: a
 *            port is an error, and it cannot read "http://". Its first boot file parameter is the
 *            size of the file in blocks of 512 octets; any other text there is fatal. An echo of
 *            its own "PXEClient" makes it ask a boot server on port 4011, so only a proxy sends it.
 * UEFI HTTP  accepts an answer only with a vendor class that begins with "HTTPClient". It reads the
 *            URL up to the next zero octet.
 * iPXE       reads all schemes that it was built with.
 */
#include "bootd/client/firmware.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dhcp6/names.h"

enum { ENTERPRISE_INTEL = 343 };

typedef const char *url_check_fn(const char *url);
static url_check_fn check_uefi_pxe_url, check_uefi_http_url, check_any_url;

static const struct {
	const char *name;
	url_check_fn *check_url;
	const char *vendor_class; /* of our answers; NULL: none */
	bool params_are_size;     /* option 60 is a number, or fatal */
} habits[FIRMWARE_KINDS] = {
	[FIRMWARE_NONE] = {"OS", check_any_url},
	[FIRMWARE_UEFI_PXE] = {"UEFI PXE", check_uefi_pxe_url, .params_are_size = true},
	[FIRMWARE_UEFI_HTTP] = {"UEFI HTTP", check_uefi_http_url, .vendor_class = "HTTPClient"},
	[FIRMWARE_IPXE] = {"iPXE", check_any_url},
	[FIRMWARE_BIOS] = {"BIOS", check_any_url},
	[FIRMWARE_UBOOT] = {"U-Boot", check_any_url},
	[FIRMWARE_OTHER] = {"other", check_any_url},
};

enum firmware_kind firmware_of_arch(uint16_t code)
{
	const struct dhcp6_arch *arch = dhcp6_arch_of(code);

	switch (arch ? arch->way : DHCP6_BOOT_OTHER) {
	case DHCP6_BOOT_UEFI:
		return FIRMWARE_UEFI_PXE;
	case DHCP6_BOOT_HTTP:
		return FIRMWARE_UEFI_HTTP;
	case DHCP6_BOOT_BIOS:
		return FIRMWARE_BIOS;
	case DHCP6_BOOT_UBOOT:
		return FIRMWARE_UBOOT;
	case DHCP6_BOOT_OTHER:
		break;
	}
	return FIRMWARE_OTHER;
}

enum firmware_kind firmware_of(const struct client_facts *facts)
{
	if (client_has_user_class(facts, "iPXE"))
		return FIRMWARE_IPXE;
	return facts->archs > 0 ? firmware_of_arch(facts->arch[0]) : FIRMWARE_NONE;
}

const char *firmware_kind_name(enum firmware_kind kind)
{
	return habits[kind].name;
}

const char *firmware_format(const struct client_facts *facts, char text[FIRMWARE_TEXT])
{
	enum firmware_kind kind = firmware_of(facts);
	const struct dhcp6_arch *arch = facts->archs > 0 ? dhcp6_arch_of(facts->arch[0]) : NULL;
	char *to = text;

	if (facts->archs == 0) {
		stpcpy(to, firmware_kind_name(kind));
		return text;
	}
	if (kind == FIRMWARE_IPXE)
		to = stpcpy(to, "iPXE ");
	if (arch)
		stpcpy(to, arch->name);
	else
		sprintf(to, "arch %u", facts->arch[0]);
	return text;
}

bool firmware_unknown_arch(const struct client_facts *facts, uint16_t *code)
{
	for (unsigned i = 0; i < facts->archs; i++) {
		*code = facts->arch[i];
		if (!dhcp6_arch_of(*code))
			return true;
	}
	return false;
}

/* GRUB's net_bootp6: no architecture, but it asks for the URL. */
static bool looks_like_grub(const struct client_facts *facts)
{
	return facts->archs == 0 && client_asks_for(facts, DHCP6_OPT_BOOTFILE_URL);
}

/* The IP stack of UEFI, if router advertisements have the M flag: it requests only DNS. */
static bool looks_like_uefi_stack(const struct client_facts *facts)
{
	return facts->archs == 0 && facts->has_uuid && wire_left(&facts->oro) == 2 &&
	       client_asks_for(facts, DHCP6_OPT_DNS_SERVERS);
}

const char *firmware_note(const struct client_facts *facts)
{
	static const char *const note[FIRMWARE_KINDS] = {
		[FIRMWARE_UEFI_PXE] =
			"UEFI PXE reads only tftp:// URLs, without a port; it needs the URL in "
			"Advertise and Reply, and releases its address when the boot file starts",
		[FIRMWARE_UEFI_HTTP] =
			"UEFI HTTP Boot uses the URL of the Advertise; it accepts only a path that "
			"ends in .efi, .iso or .img, or the Content-Type application/efi",
		[FIRMWARE_IPXE] =
			"iPXE uses the URL of the Reply and sends the architecture of the firmware "
			"that loaded it; it sends requests only if router advertisements have the "
			"M or O flag, and waits 15 s for IPv4 unless its script has ifconf -c ipv6",
		[FIRMWARE_BIOS] = "BIOS boots over IPv6 only by iPXE in the network card's ROM",
	};

	if (looks_like_grub(facts))
		return "this is how GRUB asks; it uses no default route, so its files must be on "
		       "its own link";
	if (looks_like_uefi_stack(facts))
		return "this is how the IP stack of UEFI asks before PXE or HTTP Boot do; it does "
		       "not boot by this answer";
	return note[firmware_of(facts)];
}

bool firmware_takes_url(enum firmware_kind kind, const char *url, const char **why)
{
	*why = habits[kind].check_url(url);
	return *why == NULL;
}

/* Only octets that a URL may contain (RFC 3986): no space, control character, or other that must be
 * encoded. */
static bool has_only_url_octets(const char *url)
{
	for (; *url; url++)
		switch (*url) {
		case '"':
		case '<':
		case '>':
		case '\\':
		case '^':
		case '`':
			return false;
		default:
			if (*url <= ' ' || *url > '~')
				return false;
		}
	return true;
}

static const char *check_any_url(const char *url)
{
	size_t scheme =
		strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	if (scheme == 0 || strncmp(url + scheme, ":", 1) != 0)
		return "it has no scheme: write tftp://, http:// or https:// in front";
	if (!has_only_url_octets(url))
		return "it has a space or another character that must be written as %XX";
	return NULL;
}

/* The end of the host, "[address]" or "name"; NULL: it is neither. */
static const char *skip_host(const char *host)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;
	const char *end;

	if (*host != '[') {
		end = host + strcspn(host, ":/?#[]");
		return end > host ? end : NULL;
	}
	end = strchr(host, ']');
	if (!end || (size_t)(end - host) > sizeof(text))
		return NULL;
	memcpy(text, host + 1, (size_t)(end - host - 1));
	text[end - host - 1] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 ? end + 1 : NULL;
}

static const char *check_uefi_pxe_url(const char *url)
{
	static const char scheme[] = "tftp://";
	const char *path;

	if (strncmp(url, scheme, strlen(scheme)) != 0)
		return "UEFI PXE reads only tftp:// in lower case (UEFI HTTP Boot, the \"-http\" "
		       "architectures, reads http://)";
	path = skip_host(url + strlen(scheme));
	if (!path || (*path == ':' && path[1 + strcspn(path + 1, ":/")] == ':'))
		return "UEFI PXE needs a name or an IPv6 address in brackets after tftp://";
	if (*path == ':')
		return "UEFI PXE cannot parse a port";
	if (*path != '/' || !path[1])
		return "a path is missing: tftp://[2001:db8::69]/snponly.efi";
	if (strstr(path, "${"))
		return "UEFI PXE knows no variables, and bootd does not know this one";
	return check_any_url(url);
}

static const char *check_uefi_http_url(const char *url)
{
	const char *host;

	if (strncasecmp(url, "http://", 7) == 0)
		host = url + 7;
	else if (strncasecmp(url, "https://", 8) == 0)
		host = url + 8;
	else
		return "UEFI HTTP Boot reads only http:// or https://";
	host = skip_host(host);
	if (!host || (*host == ':' && host[1 + strcspn(host + 1, ":/")] == ':'))
		return "UEFI HTTP Boot needs a name or an IPv6 address in brackets as the host";
	if (strstr(host, "${"))
		return "UEFI HTTP Boot knows no variables, and bootd does not know this one";
	if (*host == ':')
		host += 1 + strspn(host + 1, "0123456789");
	if (*host != '/')
		return "a path is missing: http://[2001:db8::69]/ipxe.efi";
	return check_any_url(url);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && strncasecmp(text + len - n, end, n) == 0;
}

bool firmware_wants_content_type(enum firmware_kind kind, const char *url)
{
	size_t len = strcspn(url, "?#");

	return kind == FIRMWARE_UEFI_HTTP && !ends_with(url, len, ".efi") &&
	       !ends_with(url, len, ".iso") && !ends_with(url, len, ".img");
}

bool firmware_takes_params(
	enum firmware_kind kind, char *const param[], size_t params, const char **why)
{
	size_t digits;

	*why = NULL;
	if (!habits[kind].params_are_size || params == 0)
		return true;
	digits = strspn(param[0], "0123456789");
	if (digits > 0 && digits <= 5 && !param[0][digits])
		return true;
	*why = "UEFI PXE reads the first one as the file's size, 1 to 5 digits, in blocks of 512 "
	       "octets, and fails on any other text";
	return false;
}

void firmware_put_vendor_class(enum firmware_kind kind, struct wire_out *out)
{
	const char *text = habits[kind].vendor_class;
	size_t option, item;

	if (!text)
		return;
	option = dhcp6_open_option(out, DHCP6_OPT_VENDOR_CLASS);
	wire_put_u32(out, ENTERPRISE_INTEL);
	item = wire_open_len16(out);
	wire_put_bytes(out, text, strlen(text));
	wire_close_len16(out, item);
	dhcp6_close_option(out, option);
}
