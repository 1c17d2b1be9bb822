/* SPDX-License-Identifier: ISC */
/*
 * Any text as bootd.conf: it is taken or refused with words, and never more.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bootd/config/conf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_problems problems = {0};
	struct boot_config *config = NULL;
	char *text = malloc(size + 1);
	int rc;

	memcpy(text, data, size);
	text[size] = '\0';
	rc = conf_text_load("fuzz", text, &config, &problems);
	assert(rc == 0 ? config != NULL : *problems.text != '\0');
	boot_config_free(config);
	free(text);
	return 0;
}
