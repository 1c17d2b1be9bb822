/* SPDX-License-Identifier: ISC */
/* A build without OpenSSL (--without-tls): every certificate is refused with that as the reason. */
#include <errno.h>
#include <string.h>

#include "tls/tls_authority.h"
#include "tls/tls_server.h"

static int refuse(struct tls_problem *problem)
{
	*problem = (struct tls_problem){.setting = "certificate"};
	strcpy(problem->why, "this build has no TLS; expected one that is configured --with-tls");
	return -ENOSYS;
}

bool tls_is_built(void)
{
	return false;
}

int tls_credentials_load(struct tls_credentials **out, const struct tls_files *files, size_t n,
	const struct tls_credentials *before, struct tls_problem *problem)
{
	(void)files, (void)n, (void)before;
	*out = NULL;
	return refuse(problem);
}

int tls_certificate_read(
	struct tls_certificate **out, const char *file, struct tls_problem *problem)
{
	(void)file;
	*out = NULL;
	return refuse(problem);
}

int tls_authority_init(const struct tls_wish *wish, struct tls_made *made, char why[TLS_WHY])
{
	struct tls_problem problem;
	int rc = refuse(&problem);

	(void)wish, (void)made;
	memcpy(why, problem.why, TLS_WHY);
	return rc;
}

/* There are no credentials and no server, so that nothing below is called with one. */

void tls_certificate_free(struct tls_certificate *certificate)
{
	(void)certificate;
}

void tls_credentials_free(struct tls_credentials *credentials)
{
	(void)credentials;
}

size_t tls_credentials_count(const struct tls_credentials *credentials)
{
	(void)credentials;
	return 0;
}

const struct tls_certificate *tls_credentials_at(
	const struct tls_credentials *credentials, size_t i)
{
	(void)credentials, (void)i;
	return NULL;
}

struct tls_server *tls_server_new(const char *service)
{
	(void)service;
	return NULL;
}

void tls_server_free(struct tls_server *server)
{
	(void)server;
}

void tls_server_set(struct tls_server *server, struct tls_credentials *credentials)
{
	(void)server, (void)credentials;
}

const struct tls_credentials *tls_server_credentials(const struct tls_server *server)
{
	(void)server;
	return NULL;
}

struct http_transport tls_server_transport(struct tls_server *server)
{
	(void)server;
	return (struct http_transport){NULL, NULL};
}

void tls_server_get_stats(const struct tls_server *server, struct tls_stats *out)
{
	(void)server;
	*out = (struct tls_stats){0};
}
