/* SPDX-License-Identifier: ISC */
/*
 * Any text as a file of hosts-directory: its hosts are read or refused with words, and those that
 * are read are found by what identifies them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_found(const struct host_table *table)
{
	for (size_t i = 0; i < table->hosts; i++) {
		const struct boot_host *host = table->host[i];

		assert(host_table_by_name(table, host->name) == host);
		for (size_t k = 0; k < host->macs; k++)
			assert(host_table_by_mac(table, host->mac[k]) == host);
		if (host->has_address)
			assert(host_table_by_address(table, &host->address) == host);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_problems problems = {0};
	struct host_table table = {0};
	struct conf_receiver receiver = {"fuzz", conf_host_into_table, NULL, &table};
	struct config_section *cfg = conf_syntax_of_hosts(&receiver);
	char *text = malloc(size + 1);
	int rc;

	memcpy(text, data, size);
	text[size] = '\0';
	assert(cfg);
	rc = config_parse_text(cfg, "fuzz", text, &problems);
	assert(rc == 0 || *problems.text != '\0');
	check_found(&table);
	host_table_fini(&table);
	config_free(cfg);
	free(text);
	return 0;
}
