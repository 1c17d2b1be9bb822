/* SPDX-License-Identifier: ISC */
/*
 * Writers of options. Lengths are patched in when an option is closed, so no
 * caller ever counts octets.
 */
#include <errno.h>
#include <string.h>

#include "dhcp6/option.h"

enum { LABEL_MAX = 63, NAME_MAX_WIRE = 255 };

size_t dhcp6_open_option(struct wire_out *out, uint16_t code)
{
	wire_put_u16(out, code);
	return wire_open_len16(out);
}

void dhcp6_close_option(struct wire_out *out, size_t mark)
{
	wire_close_len16(out, mark);
}

void dhcp6_put_option(struct wire_out *out, uint16_t code, const void *data, size_t len)
{
	size_t mark = dhcp6_open_option(out, code);

	wire_put_bytes(out, data, len);
	dhcp6_close_option(out, mark);
}

void dhcp6_put_status(struct wire_out *out, uint16_t code, const char *text)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_STATUS_CODE);

	wire_put_u16(out, code);
	wire_put_bytes(out, text, strlen(text));
	dhcp6_close_option(out, mark);
}

void dhcp6_put_linklayer(struct wire_out *out, uint16_t hw_type, const uint8_t *mac, size_t len)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_CLIENT_LINKLAYER_ADDR);

	wire_put_u16(out, hw_type);
	wire_put_bytes(out, mac, len);
	dhcp6_close_option(out, mark);
}

void dhcp6_put_u8_option(struct wire_out *out, uint16_t code, uint8_t value)
{
	dhcp6_put_option(out, code, &value, 1);
}

void dhcp6_put_u16_option(struct wire_out *out, uint16_t code, uint16_t value)
{
	size_t mark = dhcp6_open_option(out, code);

	wire_put_u16(out, value);
	dhcp6_close_option(out, mark);
}

void dhcp6_put_u32_option(struct wire_out *out, uint16_t code, uint32_t value)
{
	size_t mark = dhcp6_open_option(out, code);

	wire_put_u32(out, value);
	dhcp6_close_option(out, mark);
}

size_t dhcp6_open_ia_na(struct wire_out *out, uint32_t iaid, uint32_t t1_s, uint32_t t2_s)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_IA_NA);

	wire_put_u32(out, iaid);
	wire_put_u32(out, t1_s);
	wire_put_u32(out, t2_s);
	return mark;
}

void dhcp6_put_iaaddr(struct wire_out *out, const struct in6_addr *address, uint32_t preferred_s,
	uint32_t valid_s)
{
	size_t mark = dhcp6_open_option(out, DHCP6_OPT_IAADDR);

	wire_put_in6(out, address);
	wire_put_u32(out, preferred_s);
	wire_put_u32(out, valid_s);
	dhcp6_close_option(out, mark);
}

void dhcp6_put_addresses(
	struct wire_out *out, uint16_t code, const struct in6_addr *address, size_t n)
{
	if (n > 0)
		dhcp6_put_option(out, code, address, n * sizeof(*address));
}

int dhcp6_put_domain(struct wire_out *out, const char *name)
{
	uint8_t wire[NAME_MAX_WIRE];
	struct wire_out labels = wire_out_of(wire, sizeof(wire));

	while (*name) {
		size_t len = strcspn(name, ".");

		if (len == 0 || len > LABEL_MAX)
			return -EINVAL;
		wire_put_u8(&labels, (uint8_t)len);
		wire_put_bytes(&labels, name, len);
		name += len;
		if (*name == '.')
			name++;
	}
	wire_put_u8(&labels, 0);
	if (labels.bad || labels.len == 1)
		return -EINVAL;
	wire_put_bytes(out, wire, labels.len);
	return 0;
}
