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
	cfg_t *cfg = conf_syntax_of_hosts();
	char *text = malloc(size + 1), *rewritten;
	int rc;

	memcpy(text, data, size);
	text[size] = '\0';
	rewritten = conf_option_rewrite(text);
	assert(cfg && rewritten);
	conf_host_begin("fuzz", conf_host_into_table, &table);
	rc = config_parse_text(cfg, "fuzz", rewritten, &problems);
	conf_host_end();
	assert(rc == 0 || *problems.text != '\0');
	check_found(&table);
	host_table_fini(&table);
	cfg_free(cfg);
	free(rewritten);
	free(text);
	return 0;
}
