/* SPDX-License-Identifier: ISC */
/*
 * init works on files of this machine and asks no daemon. Without --name the certificate is for
 * the global addresses of this machine and its host name, which is what URLs in bootd.conf have.
 */
#include "netboot6/tls_command.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dhcp6/prefix.h"
#include "tls/tls_authority.h"
#include "tls/tls_view.h"

enum { EXIT_USAGE = 2, NAMES_MAX = 64, NAME_SIZE = 256 };

struct names {
	char text[NAMES_MAX][NAME_SIZE];
	const char *name[NAMES_MAX];
	size_t n;
};

/* --- the names of the certificate -------------------------------------------------------- */

static void add_name(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->name[i], name) == 0)
			return;
	if (names->n == NAMES_MAX)
		return;
	snprintf(names->text[names->n], NAME_SIZE, "%s", name);
	names->name[names->n] = names->text[names->n];
	names->n++;
}

static void add_own_addresses(struct names *names)
{
	struct ifaddrs *all = NULL;
	char text[INET6_ADDRSTRLEN];

	if (getifaddrs(&all) < 0)
		return;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_in6 *at = (const void *)a->ifa_addr;

		if (at && at->sin6_family == AF_INET6 &&
			address_is_global_unicast(&at->sin6_addr) &&
			inet_ntop(AF_INET6, &at->sin6_addr, text, sizeof(text)))
			add_name(names, text);
	}
	freeifaddrs(all);
}

static void add_own_names(struct names *names)
{
	char host[NAME_SIZE] = "";

	add_own_addresses(names);
	if (gethostname(host, sizeof(host) - 1) == 0 && *host)
		add_name(names, host);
}

static void add_given_names(struct names *names, const struct request *request)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	for (int i = 0; i < request->n_given; i++) {
		const char *name = request->given[i].value;

		if (request->given[i].id != OPTION_NAME)
			continue;
		if (inet_pton(AF_INET6, name, &address) == 1)
			name = inet_ntop(AF_INET6, &address, text, sizeof(text));
		add_name(names, name);
	}
}

/* --- init ---------------------------------------------------------------------------------- */

static void print_bootd_conf(const struct tls_wish *wish, const struct tls_made *made)
{
	printf("\nIn bootd.conf:\n\n"
	       "https { certificate = \"%s/%s.crt\"  key = \"%s/%s.key\" }\n",
		wish->directory, wish->stem, wish->directory, wish->stem);
	if (!made->has_group)
		printf("\nThere is no group %s on this machine: let the user of bootd read "
		       "%s/%s.key,\nsuch as by chgrp and chmod 640.\n",
			wish->group, wish->directory, wish->stem);
	printf("\nAfter \"netboot6 boot reload\" new connections get the certificate. It is valid "
	       "for %d days;\nrun this command again before they end.\n",
		wish->days);
}

static void print_enrolment(const char *directory)
{
	printf("\nMachines must trust the CA. Once for each machine, or in its image:\n\n"
	       "UEFI setup menu   copy %s/ca.der to a FAT stick; Device Manager, Tls Auth\n"
	       "                  Configuration, Server CA Configuration, Enroll Cert\n"
	       "OVMF (QEMU)       -fw_cfg name=etc/edk2/https/cacerts,file=%s/ca.esl\n"
	       "libvirt           the same -fw_cfg by <qemu:commandline>\n"
	       "HPE iLO           NewCertificates of the Redfish resource "
	       "/redfish/v1/Systems/1/bios/oem/hpe/tlsconfig/settings/\n"
	       "Redfish           POST %s/ca.crt to Boot.Certificates of the ComputerSystem,\n"
	       "                  if it has that (CertificateType PEM)\n"
	       "iPXE              build it with TRUST=%s/ca.crt; a signed iPXE cannot be changed\n"
	       "Linux initrd      put %s/ca.crt among its CA certificates\n\n"
	       "%s/ca.key is needed to make certificates only: keep it where strangers do not get "
	       "it,\nbest not on the boot server.\n",
		directory, directory, directory, directory, directory, directory);
}

/* Digits only, 1 to TLS_DAYS_MAX; 0: something else. */
static int read_days(const char *text)
{
	char *end;
	long days = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == '\0' && days >= 1 && days <= TLS_DAYS_MAX
		       ? (int)days
		       : 0;
}

static int read_wish(const struct request *request, struct tls_wish *wish)
{
	const char *days = request_value(request, OPTION_DAYS);
	const char *key = request_value(request, OPTION_KEY);
	const char *directory = request_value(request, OPTION_DIRECTORY);

	wish->days = days ? read_days(days) : TLS_SERVER_DAYS;
	if (wish->days == 0) {
		fprintf(stderr, "netboot6: --days %s: expected a number from 1 to %d\n", days,
			TLS_DAYS_MAX);
		return EXIT_USAGE;
	}
	if (key && strcmp(key, "rsa") != 0 && strcmp(key, "ecdsa") != 0) {
		fprintf(stderr, "netboot6: --key %s: expected rsa or ecdsa\n", key);
		return EXIT_USAGE;
	}
	wish->kind = key && strcmp(key, "ecdsa") == 0 ? TLS_KEY_ECDSA : TLS_KEY_RSA;
	wish->stem = wish->kind == TLS_KEY_ECDSA ? "server-ecdsa" : "server";
	wish->directory = directory ? directory : SYSCONFDIR "/netboot6/tls";
	return EXIT_SUCCESS;
}

static int run_init(const struct request *request)
{
	static struct names names;
	struct tls_wish wish = {.group = "netboot6-bootd"};
	struct tls_made made;
	char why[TLS_WHY];
	int status = read_wish(request, &wish);

	if (status != EXIT_SUCCESS)
		return status;
	if (request_has(request, OPTION_NAME))
		add_given_names(&names, request);
	else
		add_own_names(&names);
	wish.name = names.name;
	wish.names = names.n;
	if (names.n == 0) {
		fprintf(stderr, "netboot6: this machine has neither a global IPv6 address nor a "
				"name; expected --name NAME\n");
		return EXIT_FAILURE;
	}
	if (tls_authority_init(&wish, &made, why) < 0) {
		fprintf(stderr, "netboot6: %s\n", why);
		return EXIT_FAILURE;
	}
	printf("%s CA: %s/ca.crt\nnew certificate: %s/%s.crt\nvalid for:",
		made.has_new_ca ? "new" : "existing", wish.directory, wish.directory, wish.stem);
	for (size_t i = 0; i < names.n; i++)
		printf(" %s", names.name[i]);
	printf("\n");
	print_bootd_conf(&wish, &made);
	if (made.has_new_ca)
		print_enrolment(wish.directory);
	return EXIT_SUCCESS;
}

/* --- check --------------------------------------------------------------------------------- */

static int check_files(const struct request *request)
{
	struct tls_certificate *certificate[REQUEST_GIVEN_MAX];
	struct tls_problem problem;
	json_t *view = NULL;
	size_t n = 0;
	int status = EXIT_SUCCESS;

	for (int i = 0; i < request->n_given && status == EXIT_SUCCESS; i++) {
		if (request->given[i].id != OPTION_CERTIFICATE)
			continue;
		if (tls_certificate_read(&certificate[n], request->given[i].value, &problem) < 0) {
			fprintf(stderr, "netboot6: %s\n", problem.why);
			status = EXIT_FAILURE;
		} else {
			n++;
		}
	}
	if (status == EXIT_SUCCESS) {
		view = tls_view((const struct tls_certificate *const *)certificate, n, time(NULL));
		status = request_show(request, view);
	}
	json_decref(view);
	while (n > 0)
		tls_certificate_free(certificate[--n]);
	return status;
}

static int run_check(struct request *request)
{
	if (request_has(request, OPTION_CERTIFICATE))
		return check_files(request);
	request->n_words = 1; /* "tls", which bootd knows */
	return request_run(request);
}

static int refuse_option(const char *action, enum option_id id)
{
	fprintf(stderr, "netboot6: boot tls %s has no option --%s\n", action,
		option_table[id].name);
	return EXIT_USAGE;
}

int tls_command_run(struct request *request)
{
	const option_set of_init = OPTION_BIT(OPTION_NAME) | OPTION_BIT(OPTION_DIRECTORY) |
				   OPTION_BIT(OPTION_DAYS) | OPTION_BIT(OPTION_KEY);
	const char *action = request->words[1];
	bool is_init = strcmp(action, "init") == 0;

	if (!is_init && strcmp(action, "check") != 0) {
		fprintf(stderr, "netboot6: boot tls %s: expected init or check\n", action);
		return EXIT_USAGE;
	}
	for (int i = 0; i < request->n_given; i++) {
		enum option_id id = request->given[i].id;

		if (is_init ? id == OPTION_CERTIFICATE || id == OPTION_JSON || id == OPTION_CONTROL
			    : (of_init & OPTION_BIT(id)) != 0)
			return refuse_option(action, id);
	}
	return is_init ? run_init(request) : run_check(request);
}
