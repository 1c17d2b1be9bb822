/* SPDX-License-Identifier: ISC */
/*
 * Checks of the whole configuration except its boot rules, one function per kind of error: values
 * that are valid alone and do not fit together. Each value alone is checked while it is read
 * (conf_expect.c).
 */
#include "bootd/config/conf_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "bootd/leases/lease_store.h"
#include "bootd/rules/conditions.h"

/* Of the file as a whole, and of a section in it or in a file that it includes. */
#define PROBLEM(error, ...) config_problem(problems, error, config->file, 0, __VA_ARGS__)
#define PROBLEM_IN(error, section, ...)                                                            \
	config_problem(problems, error, (section)->file, (section)->line, __VA_ARGS__)

void conf_check_host(const struct boot_config *config, const struct boot_host *host,
	struct config_problems *problems)
{
	if (host->has_address && !boot_config_subnet_of(config, &host->address))
		config_problem(problems, false, host->file, host->line,
			"host \"%s\": its address is in none of the subnets and will never be "
			"given",
			host->name);
	for (size_t i = 0; i < host->groups; i++)
		if (!boot_config_group(config, host->group[i]))
			config_problem(problems, false, host->file, host->line,
				"host \"%s\": there is no group \"%s\"", host->name,
				host->group[i]);
}

static void check_hosts(const struct boot_config *config, struct config_problems *problems)
{
	for (size_t i = 0; i < config->hosts.hosts; i++)
		conf_check_host(config, config->hosts.host[i], problems);
}

static void check_subnets(const struct boot_config *config, struct config_problems *problems)
{
	const struct subnet *a, *b;
	char place[CONFIG_PLACE];

	if (subnet_index_twins(&config->index, &a, &b))
		PROBLEM_IN(true, b, "subnet \"%s\" is there already (%s)", b->text,
			config_place(a->file, a->line, b->file, place));
	if (config->subnets == 0)
		PROBLEM(false, "there is no subnet: no request will be answered");
}

/* A subnet inside this one that has addresses of the pool, or NULL. */
static const struct subnet *subnet_in_pool(const struct boot_config *config,
	const struct subnet *subnet, const struct address_plan *plan)
{
	struct in6_addr high = address_after(&plan->pool_low, plan->pool_size - 1);
	const struct subnet *low_is_in = boot_config_subnet_of(config, &plan->pool_low);
	const struct subnet *high_is_in = boot_config_subnet_of(config, &high);
	const struct subnet *behind = subnet_index_behind(&config->index, &plan->pool_low);

	if (low_is_in != subnet)
		return low_is_in;
	if (high_is_in != subnet)
		return high_is_in;
	return behind && address_distance(&plan->pool_low, &behind->prefix.address) <
				       plan->pool_size
		       ? behind
		       : NULL;
}

static bool plans_meet(const struct address_plan *a, const struct address_plan *b)
{
	return a->addresses == SUBNET_POOL && b->addresses == SUBNET_POOL &&
	       (address_distance(&a->pool_low, &b->pool_low) < a->pool_size ||
		       address_distance(&b->pool_low, &a->pool_low) < b->pool_size);
}

static void check_plan(const struct boot_config *config, const struct subnet *subnet, size_t i,
	struct config_problems *problems)
{
	const struct address_plan *plan = subnet_plan(subnet, i);
	unsigned line = i == 0 ? subnet->line : subnet->class[i - 1].line;
	char place[CONFIG_PLACE];
	const struct subnet *other =
		plan->addresses == SUBNET_POOL ? subnet_in_pool(config, subnet, plan) : NULL;

	if (other && !prefix_equal(&other->prefix, &subnet->prefix))
		config_problem(problems, true, subnet->file, line,
			"subnet \"%s\": its pool has addresses of subnet \"%s\" (%s)", subnet->text,
			other->text, config_place(other->file, other->line, subnet->file, place));
	for (size_t k = 0; k < i; k++)
		if (plans_meet(plan, subnet_plan(subnet, k)))
			config_problem(problems, true, subnet->file, line,
				"class \"%s\": its pool has addresses of the pool of %s%s%s",
				subnet->class[i - 1].name, k == 0 ? "the subnet" : "class \"",
				k == 0 ? "" : subnet->class[k - 1].name, k == 0 ? "" : "\"");
}

/* A class that can never match, or one that leaves no client for what follows. */
static void check_class_order(const struct subnet *subnet, struct config_problems *problems)
{
	static const struct conditions all;

	for (size_t i = 0; i < subnet->classes; i++) {
		const struct address_class *class = &subnet->class[i];

		for (size_t k = 0; k < i; k++)
			if (conditions_cover(&subnet->class[k].when, &class->when)) {
				PROBLEM_IN(false, class,
					"class \"%s\" can never match: class \"%s\" (line %u) "
					"comes first and matches all of its machines",
					class->name, subnet->class[k].name, subnet->class[k].line);
				break;
			}
		if (conditions_cover(&class->when, &all))
			PROBLEM_IN(false, class,
				"class \"%s\" has no condition: no machine ever gets to the "
				"classes behind it and to the subnet's own addresses",
				class->name);
	}
}

static void check_plans(const struct boot_config *config, struct config_problems *problems)
{
	for (size_t i = 0; i < config->subnets; i++) {
		for (size_t k = 0; subnet_plan(&config->subnet[i], k); k++)
			check_plan(config, &config->subnet[i], k, problems);
		check_class_order(&config->subnet[i], problems);
	}
}

/* A service listens on any number of addresses, and on each of them once. */
static void check_endpoints(const char *section, const struct boot_endpoints *endpoints,
	struct config_problems *problems)
{
	if (endpoints->count > BOOT_ENDPOINTS_MAX)
		config_problem(problems, true, endpoints->where[BOOT_ENDPOINTS_MAX].file,
			endpoints->where[BOOT_ENDPOINTS_MAX].line,
			"%s: %zu addresses; expected at most %d", section, endpoints->count,
			BOOT_ENDPOINTS_MAX);
	for (size_t i = 1; i < endpoints->count; i++) {
		for (size_t k = 0; k < i; k++) {
			char address[INET6_ADDRSTRLEN];

			if (memcmp(&endpoints->at[i], &endpoints->at[k], sizeof(endpoints->at[i])))
				continue;
			inet_ntop(AF_INET6, &endpoints->at[i].sin6_addr, address, sizeof(address));
			config_problem(problems, true, endpoints->where[i].file,
				endpoints->where[i].line,
				"%s: [%s]:%u is there twice; expected each address and "
				"port once",
				section, address, ntohs(endpoints->at[i].sin6_port));
		}
	}
}

/* One port speaks either HTTP or HTTPS. */
static void check_both_http(const struct boot_config *config, struct config_problems *problems)
{
	const struct boot_endpoints *http = &config->http, *https = &config->https;

	for (size_t i = 0; i < https->count; i++)
		for (size_t k = 0; k < http->count; k++)
			if (memcmp(&https->at[i], &http->at[k], sizeof(https->at[i])) == 0)
				config_problem(problems, true, https->where[i].file,
					https->where[i].line,
					"https: http listens on the same address and port %u; "
					"expected another port, such as listen = \"[::]:443\"",
					ntohs(https->at[i].sin6_port));
}

static void check_files(const struct boot_config *config, struct config_problems *problems)
{
	const struct boot_endpoints *server = config->tftp.count > 0   ? &config->tftp
					      : config->http.count > 0 ? &config->http
								       : &config->https;

	check_endpoints("tftp", &config->tftp, problems);
	check_endpoints("http", &config->http, problems);
	check_endpoints("https", &config->https, problems);
	check_both_http(config, problems);
	if (server->count > 0 && !config->root)
		config_problem(problems, true, server->where[0].file, server->where[0].line,
			"root: it is not set; tftp, http and https need root = \"DIRECTORY\", whose files "
			"they serve, such as root = \"/srv/netboot6\"");
}

static void check_leases(const struct boot_config *config, struct config_problems *problems)
{
	const struct lease_driver *driver = lease_driver_of(config->leases);
	char why[LEASE_STORE_WHY];

	if (driver->check && driver->check(config->leases, why) < 0)
		PROBLEM(true, "leases: %s", why);
}

/* A socket that is bound to one address receives no multicast, which clients send to. */
static void check_listen(const struct boot_config *config, struct config_problems *problems)
{
	char text[INET6_ADDRSTRLEN];

	if (config->listen.count > 0 && !IN6_IS_ADDR_UNSPECIFIED(&config->dhcp.sin6_addr))
		config_problem(problems, false, config->file, 0,
			"listen: clients on these links are not heard, because dhcp-listen is the "
			"address %s; expected dhcp-listen = \"[::]:547\", or no listen",
			inet_ntop(AF_INET6, &config->dhcp.sin6_addr, text, sizeof(text)));
}

int conf_check(const struct boot_config *config, struct config_problems *problems)
{
	check_listen(config, problems);
	check_hosts(config, problems);
	check_subnets(config, problems);
	check_plans(config, problems);
	check_files(config, problems);
	check_leases(config, problems);
	return conf_check_rules(config, problems);
}
