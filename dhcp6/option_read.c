/* SPDX-License-Identifier: ISC */
/*
 * Readers of single options. Each sees the octets of its option alone, so
 * that an option that lies about what it holds fails by itself.
 */
#include <errno.h>

#include "dhcp6/message.h"
#include "dhcp6/option.h"

static int result(const struct wire_in *data)
{
	return data->bad ? -EBADMSG : 0;
}

/* For options of a fixed size: what is left over is an error as well. */
static int result_at_end(const struct wire_in *data)
{
	return data->bad || wire_left(data) > 0 ? -EBADMSG : 0;
}

int dhcp6_get_ia_na(struct wire_in data, struct dhcp6_ia_na *ia)
{
	ia->iaid = wire_get_u32(&data);
	ia->t1_s = wire_get_u32(&data);
	ia->t2_s = wire_get_u32(&data);
	ia->options = data;
	return result(&data);
}

int dhcp6_get_iaaddr(struct wire_in data, struct dhcp6_iaaddr *addr)
{
	addr->address = wire_get_in6(&data);
	addr->preferred_s = wire_get_u32(&data);
	addr->valid_s = wire_get_u32(&data);
	addr->options = data;
	return result(&data);
}

int dhcp6_get_iaprefix(struct wire_in data, struct dhcp6_iaprefix *prefix)
{
	prefix->preferred_s = wire_get_u32(&data);
	prefix->valid_s = wire_get_u32(&data);
	prefix->len = wire_get_u8(&data);
	prefix->prefix = wire_get_in6(&data);
	prefix->options = data;
	return result(&data);
}

static int check_all(struct wire_in options)
{
	struct dhcp6_option option;

	while (dhcp6_option_next(&options, &option))
		;
	return result(&options);
}

int dhcp6_check_ia(uint16_t code, struct wire_in data)
{
	struct dhcp6_iaprefix prefix;
	struct dhcp6_iaaddr address;
	struct dhcp6_option option;
	struct dhcp6_ia_na ia; /* IA_PD begins alike */
	int rc = dhcp6_get_ia_na(data, &ia);

	while (rc == 0 && dhcp6_option_next(&ia.options, &option)) {
		struct wire_in in = option.data;

		if (code == DHCP6_OPT_IA_NA && option.code == DHCP6_OPT_IAADDR) {
			rc = dhcp6_get_iaaddr(in, &address);
			in = address.options;
		} else if (code == DHCP6_OPT_IA_PD && option.code == DHCP6_OPT_IAPREFIX) {
			rc = dhcp6_get_iaprefix(in, &prefix);
			in = prefix.options;
		} else {
			continue;
		}
		if (rc == 0)
			rc = check_all(in);
	}
	return rc < 0 ? rc : result(&ia.options);
}

int dhcp6_get_vendor_class(struct wire_in data, struct dhcp6_vendor_class *vendor)
{
	vendor->enterprise = wire_get_u32(&data);
	vendor->classes = data;
	return result(&data);
}

int dhcp6_get_linklayer(struct wire_in data, struct dhcp6_linklayer *linklayer)
{
	linklayer->hw_type = wire_get_u16(&data);
	linklayer->address = data;
	return result(&data);
}

int dhcp6_get_remote_id(struct wire_in data, struct dhcp6_remote_id *remote)
{
	remote->enterprise = wire_get_u32(&data);
	remote->id = data;
	return result(&data);
}

int dhcp6_get_lq_query(struct wire_in data, struct dhcp6_lq_query *query)
{
	query->type = wire_get_u8(&data);
	query->link_address = wire_get_in6(&data);
	query->options = data;
	return result(&data);
}

int dhcp6_get_nii(struct wire_in data, struct dhcp6_nii *nii)
{
	nii->type = wire_get_u8(&data);
	nii->major = wire_get_u8(&data);
	nii->minor = wire_get_u8(&data);
	return result_at_end(&data);
}

int dhcp6_get_status(struct wire_in data, struct dhcp6_status *status)
{
	status->code = wire_get_u16(&data);
	status->text = data;
	return result(&data);
}

int dhcp6_get_u8(struct wire_in data, uint8_t *value)
{
	*value = wire_get_u8(&data);
	return result_at_end(&data);
}

int dhcp6_get_u16(struct wire_in data, uint16_t *value)
{
	*value = wire_get_u16(&data);
	return result_at_end(&data);
}

bool dhcp6_code_next(struct wire_in *list, uint16_t *code)
{
	if (wire_left(list) == 0)
		return false;
	*code = wire_get_u16(list);
	return !list->bad;
}

bool dhcp6_code_listed(struct wire_in list, uint16_t code)
{
	uint16_t listed;

	while (dhcp6_code_next(&list, &listed))
		if (listed == code)
			return true;
	return false;
}

bool dhcp6_class_next(struct wire_in *list, struct wire_in *item)
{
	uint16_t len;

	if (wire_left(list) == 0)
		return false;
	len = wire_get_u16(list);
	*item = wire_get_sub(list, len);
	return !list->bad;
}
