/* SPDX-License-Identifier: ISC */
/*
 * Any text as relayd.conf: it is taken or refused with words, and never more.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "relayd/config/relay_conf_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_problems problems = {0};
	struct relay_conf *conf = NULL;
	char *text = malloc(size + 1);
	int rc;

	memcpy(text, data, size);
	text[size] = '\0';
	rc = relay_conf_read_text("fuzz", text, &conf, &problems);
	assert(rc == 0 ? conf != NULL : *problems.text != '\0');
	relay_conf_free(conf);
	free(text);
	return 0;
}
