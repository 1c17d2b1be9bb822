/* SPDX-License-Identifier: ISC */
/*
 * The sockets of bootd and the services that answer on them: DHCPv6 by UDP, its leases by
 * TCP, a boot server's port, TFTP, HTTP, the live page, control and metrics. Each is opened
 * if the configuration in force wants it, and is in `parts` if a view shows it.
 *
 * The functions that return a value return 0 or -errno, then with the reason in the log: if a
 * port is used by another process, with the name of that process. What was opened before stays
 * open for boot_sockets_close().
 */
#ifndef NB6_BOOTD_BOOT_SOCKETS_H
#define NB6_BOOTD_BOOT_SOCKETS_H

struct boot_config;
struct boot_control;
struct boot_files;
struct boot_parts;
struct loop;

struct boot_sockets {
	struct loop *loop;
	struct boot_parts *parts;
	struct boot_port *boot_port;      /* NULL: no subnet has addresses = proxy */
	struct boot_port *next_boot_port; /* of a configuration that is prepared */
	struct boot_page *page;           /* NULL: no page section */
	struct control *control;
	struct metrics_server *metrics; /* NULL: only the control socket gives them */
};

/* parts->exchange is ready; answers begin. */
int boot_sockets_open_dhcp(struct boot_sockets *sockets);
int boot_sockets_open_files(struct boot_sockets *sockets, const struct boot_files *files);
int boot_sockets_open_page(struct boot_sockets *sockets);
/*
 * Boots go on without control socket and metrics, so failures are logged only; but -EADDRINUSE if
 * another bootd answers on the control socket.
 */
int boot_sockets_open_control(struct boot_sockets *sockets, struct boot_control *control);
void boot_sockets_open_metrics(struct boot_sockets *sockets);
/* Log which addresses of listeners were assigned or removed: every few seconds. */
void boot_sockets_check_addresses(struct boot_sockets *sockets);
void boot_sockets_close(struct boot_sockets *sockets);

/*
 * A reload. The boot server's port needs no privilege, so it is opened and closed as the subnets
 * of `config` need it. The other sockets were opened with privileges that are dropped: commit
 * warns if `config` has other addresses for them. `config` is not in force yet.
 */
int boot_sockets_prepare(struct boot_sockets *sockets, const struct boot_config *config);
void boot_sockets_commit(struct boot_sockets *sockets, const struct boot_config *config);
void boot_sockets_cancel(struct boot_sockets *sockets);

#endif
