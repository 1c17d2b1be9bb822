/* SPDX-License-Identifier: ISC */
/*
 * Any octets as a message with delegated prefixes, and as a state file: what is read of a file is
 * the same again when it is written and read once more.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/prefixes/delegation_message.h"
#include "relayd/prefixes/delegation_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_message(const uint8_t *data, size_t size)
{
	static const struct in6_addr peer = {.s6_addr = {0xfe, 0x80, [15] = 1}};
	struct delegation_message message;
	struct delegated_prefix item;

	if (!delegation_message_read(wire_in_of(data, size), &peer, &message))
		return;
	for (size_t items = 0; delegation_message_next(&message, &item); items++) {
		assert(items <= size); /* each takes octets */
		if (item.has_prefix)
			assert(delegation_prefix_is_usable(&item.prefix));
	}
}

static void read_file(const uint8_t *data, size_t size)
{
	struct delegation_records records = {0};
	struct delegation_record *record = NULL, again;
	char line[DELEGATION_RECORD_MAX];
	char *text = malloc(size + 1);

	memcpy(text, data, size);
	text[size] = '\0';
	assert(delegation_records_read(&records, text, size) == 0);
	while ((record = delegation_records_next(&records, record))) {
		size_t len = delegation_record_format(record, line);

		assert(len > 0 && len < sizeof(line) && line[len - 1] == '\n');
		line[len - 1] = '\0';
		assert(delegation_record_parse(line, &again) == 0);
		assert(again.state == record->state && again.iaid == record->iaid);
		assert(memcmp(&again.prefix, &record->prefix, sizeof(again.prefix)) == 0);
	}
	delegation_records_free(&records);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	read_message(data, size);
	read_file(data, size);
	return 0;
}
