/* SPDX-License-Identifier: ISC */
/*
 * A URL leads to this server if its scheme is one that we serve, its port ours, and its host an
 * address of this machine, which is found by binding a socket to it: that works in the sandbox
 * too. URLs with host names or variables are not checked.
 */
#include "bootd/config/conf_file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bootd/files/boot_file.h"
#include "bootd/files/file_root.h"
#include "bootd/files/pe_image.h"
#include "dhcp6/names.h"
#include "http/http_query.h"
#include "netlink/link_monitor.h"

enum { GROUPS_MAX = 256 };

/* The user who reads the files: `user`, or the one that runs this process. */
struct reader {
	uid_t uid;
	gid_t gid[GROUPS_MAX];
	int gids;
};

/* False if it cannot be determined: then files count as readable. */
static bool find_reader(const struct boot_config *config, struct reader *reader)
{
	const struct passwd *user;

	if (!config->user)
		return false; /* we are that user, and opening the file has shown it */
	user = getpwnam(config->user);
	if (!user)
		return false;
	reader->uid = user->pw_uid;
	reader->gids = GROUPS_MAX;
	return getgrouplist(config->user, user->pw_gid, reader->gid, &reader->gids) >= 0;
}

static bool can_read(const struct reader *reader, const struct stat *st)
{
	if (reader->uid == 0)
		return true;
	if (st->st_uid == reader->uid)
		return st->st_mode & S_IRUSR;
	for (int i = 0; i < reader->gids; i++)
		if (st->st_gid == reader->gid[i])
			return st->st_mode & S_IRGRP;
	return st->st_mode & S_IROTH;
}

/* --- whose URL is it ------------------------------------------------------------- */

static bool is_local(const struct in6_addr *address)
{
	const struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_addr = *address};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_ours = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return is_ours;
}

/* "[address]" or "[address]:port"; *rest is what follows. */
static bool read_authority(
	const char *text, uint16_t default_port, struct sockaddr_in6 *at, const char **rest)
{
	char authority[INET6_ADDRSTRLEN + 16];
	size_t len = strcspn(text, "/");

	if (*text != '[' || len >= sizeof(authority))
		return false;
	memcpy(authority, text, len);
	authority[len] = '\0';
	*rest = text + len;
	return config_endpoint(authority, default_port, at) == 0;
}

static bool is_served_at(const struct boot_endpoints *list, const struct sockaddr_in6 *at)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct sockaddr_in6 *listener = &list->at[i];

		if (listener->sin6_port == at->sin6_port &&
			(IN6_IS_ADDR_UNSPECIFIED(&listener->sin6_addr)
					? is_local(&at->sin6_addr)
					: IN6_ARE_ADDR_EQUAL(&listener->sin6_addr, &at->sin6_addr)))
			return true;
	}
	return false;
}

/* Below /netboot6/ are no files. */
static bool is_file_of_http(const char *rest, char path[FILE_PATH_SIZE])
{
	return strncmp(rest, "/netboot6/", 10) != 0 &&
	       percent_decode(rest, strcspn(rest, "?#"), path, FILE_PATH_SIZE) > 1;
}

/* The path of the file below root that the URL names; false: it is not ours, or has no file. */
static bool local_path(const struct boot_config *config, const char *url, char path[FILE_PATH_SIZE])
{
	struct sockaddr_in6 at;
	const char *rest;

	if (strchr(url, '$'))
		return false;
	if (strncasecmp(url, "tftp://", 7) == 0 && read_authority(url + 7, 69, &at, &rest) &&
		is_served_at(&config->tftp, &at))
		return percent_decode(rest, strcspn(rest, ";"), path, FILE_PATH_SIZE) > 1;
	if (strncasecmp(url, "http://", 7) == 0 && read_authority(url + 7, 80, &at, &rest) &&
		is_served_at(&config->http, &at))
		return is_file_of_http(rest, path);
	if (strncasecmp(url, "https://", 8) == 0 && read_authority(url + 8, 443, &at, &rest) &&
		is_served_at(&config->https, &at))
		return is_file_of_http(rest, path);
	return false;
}

/* --- files ----------------------------------------------------------------------- */

/* Does the rule choose firmware by its architecture, and none that this program is for? */
static bool is_for_others(const struct boot_rule *rule, const char *processor)
{
	const struct dhcp6_arch *arch;
	bool has_efi = false;

	for (unsigned i = 0; (arch = dhcp6_arch_row(i)) != NULL; i++) {
		if ((arch->way != DHCP6_BOOT_UEFI && arch->way != DHCP6_BOOT_HTTP) ||
			dhcp6_arch_is_of(arch, "x86") || /* a BIOS, which boots no EFI program */
			!conditions_allow_arch(&rule->when, arch->code))
			continue;
		if (dhcp6_arch_is_of(arch, processor))
			return false;
		has_efi = true;
	}
	return has_efi;
}

/* A file that firmware will refuse: it is empty, was cut off, or is for another processor. */
static void check_content(const struct boot_config *config, const struct boot_rule *rule,
	const char *path, const struct file_view *view, struct config_problems *problems)
{
	struct pe_image image;
	const char *processor;

	if (view->size == 0) {
		config_problem(problems, false, rule->file, rule->line,
			"url: the file of boot \"%s\", %s%s, is empty; expected a boot program",
			rule->name, config->root, path);
		return;
	}
	if (pe_image_read(view->fd, &image) < 0)
		return; /* not an EFI program: nothing to compare it with */
	if (image.least_length > view->size)
		config_problem(problems, false, rule->file, rule->line,
			"url: the file of boot \"%s\", %s%s, was cut off: it has %" PRIu64
			" octets, and its header names %" PRIu64
			"; expected the whole file: copy it again",
			rule->name, config->root, path, view->size, image.least_length);
	processor = pe_machine_name(image.machine);
	if (processor && is_for_others(rule, processor))
		config_problem(problems, false, rule->file, rule->line,
			"url: the file of boot \"%s\", %s%s, is a program for %s, and no \"arch\" "
			"of this rule is; expected a program that this firmware can run",
			rule->name, config->root, path, processor);
}

static void check_rule(const struct boot_config *config, const struct boot_rule *rule,
	const struct file_root *root, const struct reader *reader, struct config_problems *problems)
{
	char path[FILE_PATH_SIZE];
	struct file_view view;
	struct stat st;
	size_t len;
	int rc;

	if (!local_path(config, rule->url, path))
		return;
	rc = file_root_open(root, path, &view);
	if (rc < 0) {
		config_problem(problems, false, rule->file, rule->line,
			"url: the file of boot \"%s\", %s%s, cannot be served: %s%s", rule->name,
			config->root, path, file_root_error(rc),
			rc == -ENOENT && built_in_script(path, &len)
				? "; a built-in script is served in its place"
				: "");
		return;
	}
	if (reader && fstat(view.fd, &st) == 0 && !can_read(reader, &st))
		config_problem(problems, false, rule->file, rule->line,
			"url: the file of boot \"%s\", %s%s, cannot be read by user \"%s\"; "
			"expected a readable file, such as after chmod a+r",
			rule->name, config->root, path, config->user);
	check_content(config, rule, path, &view, problems);
	close(view.fd);
}

int conf_check_files(const struct boot_config *config, struct config_problems *problems)
{
	struct reader reader;
	bool has_reader = find_reader(config, &reader);
	struct file_root *root;
	int rc;

	if (!config->root)
		return 0; /* conf_check() reports it, if it is needed */
	rc = file_root_new(config->root, &root);
	if (rc < 0) {
		config_problem(problems, true, config->file, 0,
			"root: \"%s\" cannot be opened: %s; expected a directory such as "
			"\"/srv/netboot6\"",
			config->root, strerror(-rc));
		return -EINVAL;
	}
	for (size_t i = 0; i < config->rules; i++)
		check_rule(config, &config->rule[i], root, has_reader ? &reader : NULL, problems);
	file_root_free(root);
	return 0;
}

/* --- links ----------------------------------------------------------------------- */

static void check_link(const struct link_table *links, const char *setting, const char *name,
	const char *file, struct config_problems *problems)
{
	if (!link_table_has_name(links, name))
		config_problem(problems, false, file, 0,
			"%s: this host has no link \"%s\" now; if the name is right, the link is "
			"used as soon as it exists",
			setting, name);
}

void conf_check_links(const struct boot_config *config, struct config_problems *problems)
{
	struct link_table links;

	if (link_monitor_snapshot(&links) < 0)
		return;
	for (size_t i = 0; i < config->listen.count; i++)
		if (link_pattern_is_name(config->listen.pattern[i]))
			check_link(&links, "listen", config->listen.pattern[i], config->file,
				problems);
	for (size_t i = 0; i < config->subnets; i++)
		if (config->subnet[i].interface)
			check_link(&links, "interface", config->subnet[i].interface, config->file,
				problems);
	link_table_fini(&links);
}
