/* SPDX-License-Identifier: ISC */
/*
 * Questions to a configuration that has been read.
 */
#include "relayd/config/relay_conf.h"

#include <stdlib.h>

void relay_conf_free(struct relay_conf *conf)
{
	if (!conf)
		return;
	link_patterns_fini(&conf->interfaces);
	link_patterns_fini(&conf->trusted);
	free(conf->relays);
	for (size_t i = 0; i < conf->n_rules; i++)
		link_patterns_fini(&conf->rule[i].pattern);
	free(conf->rule);
	for (size_t i = 0; i < conf->n_servers; i++) {
		free(conf->server[i].title);
		link_patterns_fini(&conf->server[i].links);
		free(conf->server[i].answers_from);
	}
	free(conf->interface_id);
	free(conf->remote_id);
	free(conf->subscriber_id);
	free(conf->user);
	free(conf->control);
	free(conf);
}

bool relay_conf_has_vrf(const struct relay_conf *conf)
{
	for (size_t i = 0; i < conf->n_servers; i++)
		if (*conf->server[i].vrf)
			return true;
	return false;
}

const struct relay_link_rule *relay_conf_rule(const struct relay_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->n_rules; i++)
		if (link_patterns_match(&conf->rule[i].pattern, name))
			return &conf->rule[i];
	return NULL;
}
