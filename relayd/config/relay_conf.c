/* SPDX-License-Identifier: ISC */
/*
 * Questions to a configuration that has been read.
 */
#include "relayd/config/relay_conf.h"

#include <stdlib.h>
#include <string.h>

static void free_rule(struct relay_link_rule *rule)
{
	link_patterns_fini(&rule->pattern);
	free(rule->interface_id);
	free(rule->remote_id);
	free(rule->subscriber_id);
}

void relay_conf_free(struct relay_conf *conf)
{
	if (!conf)
		return;
	link_patterns_fini(&conf->interfaces);
	link_patterns_fini(&conf->trusted);
	free(conf->relays);
	for (size_t i = 0; i < conf->n_rules; i++)
		free_rule(&conf->rule[i]);
	free(conf->rule);
	for (size_t i = 0; i < conf->n_servers; i++) {
		free(conf->server[i].title);
		link_patterns_fini(&conf->server[i].links);
		free(conf->server[i].answers_from);
	}
	free(conf->pools);
	free(conf->state);
	free(conf->user);
	free(conf->control);
	for (size_t i = 0; i < conf->metrics_names; i++)
		free(conf->metrics_name[i]);
	free(conf->metrics_name);
	free(conf);
}

bool relay_conf_has_vrf(const struct relay_conf *conf)
{
	for (size_t i = 0; i < conf->n_servers; i++)
		if (*conf->server[i].vrf)
			return true;
	return false;
}

bool relay_conf_has_routes(const struct relay_conf *conf)
{
	for (size_t i = 0; i < conf->n_rules; i++)
		if (conf->rule[i].routes)
			return true;
	return false;
}

bool relay_link_rule_has_suffix(const struct relay_link_rule *rule)
{
	static const uint8_t none[8];

	return memcmp(&rule->link_address, none, sizeof(none)) == 0 &&
	       !IN6_IS_ADDR_UNSPECIFIED(&rule->link_address);
}

const struct relay_link_rule *relay_conf_rule(
	const struct relay_conf *conf, const char *name, const struct link *link)
{
	for (size_t i = 0; i + 1 < conf->n_rules; i++) {
		const struct link_patterns *pattern = &conf->rule[i].pattern;

		if (link ? link_patterns_match_link(pattern, link)
			 : link_patterns_match(pattern, name))
			return &conf->rule[i];
	}
	return relay_conf_global(conf);
}

const struct relay_link_rule *relay_conf_global(const struct relay_conf *conf)
{
	return &conf->rule[conf->n_rules - 1];
}

bool relay_source_equal(const struct relay_source *a, const struct relay_source *b)
{
	return a->kind == b->kind && IN6_ARE_ADDR_EQUAL(&a->address, &b->address) &&
	       strcmp(a->link, b->link) == 0;
}

const char *const relay_forward_words[] = {[RELAY_FORWARD_ALL] = "all",
	[RELAY_FORWARD_FIRST] = "first-reachable",
	[RELAY_FORWARD_HASH] = "hash",
	NULL};

const char *const relay_without_address_words[] = {
	[RELAY_DROP] = "drop", [RELAY_UNSPECIFIED] = "unspecified", NULL};

int relay_conf_word(const char *word, const char *const words[])
{
	for (int i = 0; words[i]; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}
