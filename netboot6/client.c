/* SPDX-License-Identifier: ISC */
/*
 * The control socket from the operator's side.
 */
#include "netboot6/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int client_connect(struct client *client, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int rc;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -errno;
	if (connect(client->fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
		client->in = fdopen(client->fd, "r");
		if (client->in)
			return 0;
	}
	rc = -errno;
	close(client->fd);
	return rc;
}

void client_close(struct client *client)
{
	fclose(client->in);
}

static int send_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int client_ask(struct client *client, int n_words, char *const words[])
{
	for (int i = 0; i < n_words; i++) {
		int rc;

		/* A request is words between blanks: one with a blank in it would be two. */
		if (!*words[i] || strpbrk(words[i], " \t\r\n"))
			return -EINVAL;
		rc = send_all(client->fd, words[i], strlen(words[i]));
		if (rc == 0)
			rc = send_all(client->fd, i + 1 < n_words ? " " : "\n", 1);
		if (rc < 0)
			return rc;
	}
	return 0;
}

json_t *client_read(struct client *client)
{
	char *line = NULL;
	size_t size = 0;
	json_t *json = NULL;

	if (getline(&line, &size, client->in) > 0)
		json = json_loads(line, 0, NULL);
	free(line);
	return json;
}
