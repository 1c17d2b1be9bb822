/* SPDX-License-Identifier: ISC */
/*
 * TFTP packets over the cursors of dhcp6/wire.h.
 */
#include "bootd/tftp/tftp_packet.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dhcp6/wire.h"

static const char *const option_name[TFTP_OPTION_KINDS] = {
	[TFTP_BLKSIZE] = "blksize",
	[TFTP_TIMEOUT] = "timeout",
	[TFTP_TSIZE] = "tsize",
	[TFTP_WINDOWSIZE] = "windowsize",
};

/* The text up to the next NUL, which is consumed too; NULL and bad if there is none. */
static const char *get_string(struct wire_in *in)
{
	const uint8_t *end = wire_left(in) ? memchr(in->pos, 0, wire_left(in)) : NULL;

	if (!end) {
		in->bad = true;
		return NULL;
	}
	return (const char *)wire_get_bytes(in, (size_t)(end - in->pos) + 1);
}

static int decode_path(struct wire_in *in, char path[FILE_PATH_SIZE])
{
	const char *text = get_string(in);

	if (!text || text[0] == '\0' || strlen(text) >= FILE_PATH_SIZE)
		return -EBADMSG;
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			return -EBADMSG;
	strcpy(path, text);
	return 0;
}

/* Digits only, and no more than fit: anything else is not a value we know. */
static bool parse_number(const char *text, uint64_t *out)
{
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 18 || text[digits] != '\0')
		return false;
	*out = 0;
	for (; *text; text++)
		*out = *out * 10 + (uint64_t)(*text - '0');
	return true;
}

static bool has_option(const struct tftp_option_list *list, enum tftp_option_kind kind)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->option[i].kind == kind)
			return true;
	return false;
}

static void keep_option(struct tftp_option_list *list, const char *name, const char *value)
{
	uint64_t number;

	for (int kind = 0; kind < TFTP_OPTION_KINDS; kind++)
		if (strcasecmp(name, option_name[kind]) == 0 && !has_option(list, kind) &&
			parse_number(value, &number))
			list->option[list->n++] = (struct tftp_option){kind, number};
}

static int decode_request(struct wire_in *in, struct tftp_request *out)
{
	const char *mode, *name, *value;
	int error = decode_path(in, out->path);

	mode = error ? NULL : get_string(in);
	if (!mode)
		return -EBADMSG;
	out->octet = strcasecmp(mode, "octet") == 0;
	out->options.n = 0;
	while (wire_left(in) > 0) {
		name = get_string(in);
		if (name && name[0] == '\0')
			break;
		value = get_string(in);
		if (!name || !value)
			return -EBADMSG;
		keep_option(&out->options, name, value);
	}
	return 0;
}

/* The text may lack its NUL: firmware is not always careful when it gives up. */
static int decode_error(struct wire_in *in, struct tftp_packet *out)
{
	size_t len, n;
	const uint8_t *text;

	out->error.code = wire_get_u16(in);
	len = wire_left(in);
	text = wire_get_bytes(in, len);
	if (!text)
		return -EBADMSG;
	for (n = 0; n < len && n < TFTP_TEXT_SIZE - 1 && text[n] != 0; n++)
		out->error.text[n] = text[n] < 0x20 || text[n] > 0x7e ? '?' : (char)text[n];
	out->error.text[n] = '\0';
	return 0;
}

int tftp_decode(const void *buf, size_t len, struct tftp_packet *out)
{
	struct wire_in in = wire_in_of(buf, len);
	uint16_t opcode = wire_get_u16(&in);

	if (in.bad)
		return -EBADMSG;
	out->opcode = opcode;
	switch (opcode) {
	case TFTP_RRQ:
	case TFTP_WRQ:
		return decode_request(&in, &out->request);
	case TFTP_ACK:
		out->block = wire_get_u16(&in);
		return in.bad ? -EBADMSG : 0;
	case TFTP_ERROR:
		return decode_error(&in, out);
	default:
		return -EPROTO;
	}
}

static void put_string(struct wire_out *out, const char *text)
{
	wire_put_bytes(out, text, strlen(text) + 1);
}

size_t tftp_encode_oack(void *buf, size_t size, const struct tftp_option_list *options)
{
	struct wire_out out = wire_out_of(buf, size);
	char value[24];

	wire_put_u16(&out, TFTP_OACK);
	for (size_t i = 0; i < options->n; i++) {
		snprintf(value, sizeof(value), "%" PRIu64, options->option[i].value);
		put_string(&out, option_name[options->option[i].kind]);
		put_string(&out, value);
	}
	return out.bad ? 0 : out.len;
}

size_t tftp_encode_error(void *buf, size_t size, enum tftp_error_code code, const char *text)
{
	struct wire_out out = wire_out_of(buf, size);

	wire_put_u16(&out, TFTP_ERROR);
	wire_put_u16(&out, (uint16_t)code);
	put_string(&out, text);
	return out.bad ? 0 : out.len;
}

void tftp_encode_data_header(void *buf, uint16_t block)
{
	struct wire_out out = wire_out_of(buf, TFTP_HEADER_SIZE);

	wire_put_u16(&out, TFTP_DATA);
	wire_put_u16(&out, block);
}

bool tftp_option_agree(const struct tftp_option *asked, uint64_t size,
	const struct tftp_limits *limits, uint64_t *value)
{
	switch (asked->kind) {
	case TFTP_BLKSIZE:
		if (asked->value < TFTP_BLOCK_SIZE_LEAST || asked->value > TFTP_BLOCK_SIZE_MOST)
			return false;
		*value = asked->value < limits->block_size_max ? asked->value
							       : limits->block_size_max;
		return true;
	case TFTP_TIMEOUT:
		*value = asked->value;
		return asked->value >= 1 && asked->value <= 255;
	case TFTP_TSIZE:
		*value = size;
		return true;
	case TFTP_WINDOWSIZE:
		if (asked->value < 1 || asked->value > 65535)
			return false;
		*value = asked->value < limits->window_max ? asked->value : limits->window_max;
		return true;
	default:
		return false;
	}
}
