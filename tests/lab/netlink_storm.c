/* SPDX-License-Identifier: ISC */
/*
 * A storm of link and address changes against the link monitor, with an event
 * socket so small that events are lost all the time.
 *
 *	netlink_storm [-s SEED] [-n CHANGES] [-b BUFFER]
 *
 * A child makes random changes in this network namespace (which must be one of
 * the lab's own: every link here is fair game) as fast as the kernel takes
 * them, while the parent follows. After each round the parent's table must become
 * equal to that of a monitor started afresh. At the end the table is printed, one
 * "link" or "address" line each, for a judge that shares no code with us.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "netlink/link_monitor.h"
#include "tests/unit/random.h"

enum {
	CHANGES_PER_ROUND = 500,
	SETTLE_WITHIN_S = 20,
	NAMES = 60,
	ADDRESSES = 200,
};

/* --- chance ---------------------------------------------------------------- */

static const char *random_name(void)
{
	static char name[IFNAMSIZ];

	snprintf(name, sizeof(name), "n%zu", random_below(NAMES));
	return name;
}

static struct in6_addr random_address(void)
{
	struct in6_addr address;

	inet_pton(AF_INET6, "2001:db8::", &address);
	address.s6_addr[15] = (uint8_t)(1 + random_below(ADDRESSES));
	return address;
}

/* --- changes --------------------------------------------------------------- */

static struct mnl_socket *changes;
static char request[4096] __attribute__((aligned(8)));

static struct nlmsghdr *link_request(uint16_t type, uint16_t flags, int ifindex)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifinfomsg *header;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->ifi_index = ifindex;
	return nlh;
}

/* True if the kernel did it; what it refuses (no such link, name taken ...) is no matter. */
static bool ask(struct nlmsghdr *nlh)
{
	char answer[8192];
	ssize_t len;

	if (mnl_socket_sendto(changes, nlh, nlh->nlmsg_len) < 0)
		return false;
	len = mnl_socket_recvfrom(changes, answer, sizeof(answer));
	return len > 0 && mnl_cb_run(answer, (size_t)len, 0, 0, NULL, NULL) >= 0;
}

static struct nlattr *kind_open(struct nlmsghdr *nlh, struct nlattr **info, const char *kind)
{
	*info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, kind);
	return mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
}

static bool add_veth(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data, *peer;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, random_name());
	data = kind_open(nlh, &info, "veth");
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, random_name());
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return ask(nlh);
}

static bool add_macvlan(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info, *data;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, random_name());
	mnl_attr_put_u32(nlh, IFLA_LINK, if_nametoindex(random_name()));
	data = kind_open(nlh, &info, "macvlan");
	mnl_attr_put_u32(nlh, IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	return ask(nlh);
}

static bool add_bridge(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, 0);
	struct nlattr *info;

	mnl_attr_put_strz(nlh, IFLA_IFNAME, random_name());
	mnl_attr_nest_end(nlh, kind_open(nlh, &info, "bridge"));
	mnl_attr_nest_end(nlh, info);
	return ask(nlh);
}

static int random_link(void)
{
	return (int)if_nametoindex(random_name());
}

static bool delete_link(void)
{
	return ask(link_request(RTM_DELLINK, 0, random_link()));
}

static bool set_up_or_down(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, 0, random_link());
	struct ifinfomsg *header = mnl_nlmsg_get_payload(nlh);

	header->ifi_change = IFF_UP;
	header->ifi_flags = random_below(4) ? IFF_UP : 0;
	return ask(nlh);
}

static bool set_master(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, 0, random_link());

	mnl_attr_put_u32(nlh, IFLA_MASTER, random_below(2) ? (uint32_t)random_link() : 0);
	return ask(nlh);
}

static bool set_mtu(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, 0, random_link());

	mnl_attr_put_u32(nlh, IFLA_MTU, 1300 + (uint32_t)random_below(200));
	return ask(nlh);
}

static bool set_mac(void)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, 0, random_link());
	uint8_t mac[6] = {0x02, 0, 0, 0, (uint8_t)random_below(256), (uint8_t)random_below(256)};

	mnl_attr_put(nlh, IFLA_ADDRESS, sizeof(mac), mac);
	return ask(nlh);
}

static bool rename_to(int ifindex, const char *name)
{
	struct nlmsghdr *nlh = link_request(RTM_NEWLINK, 0, ifindex);

	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	return ask(nlh);
}

static bool rename_link(void)
{
	int ifindex = random_link();

	return rename_to(ifindex, random_name());
}

/* Two links change names, by way of a third name. */
static bool swap_names(void)
{
	char a[IFNAMSIZ], b[IFNAMSIZ];
	int one, two;

	strcpy(a, random_name());
	strcpy(b, random_name());
	one = (int)if_nametoindex(a);
	two = (int)if_nametoindex(b);
	if (!one || !two || one == two || !rename_to(one, "between"))
		return false;
	if (rename_to(two, a))
		return rename_to(one, b);
	return rename_to(one, a); /* the other was up, or is gone */
}

static struct nlmsghdr *address_request(
	uint16_t type, uint16_t flags, int ifindex, const struct in6_addr *address)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(request);
	struct ifaddrmsg *header;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	header = mnl_nlmsg_put_extra_header(nlh, sizeof(*header));
	header->ifa_family = AF_INET6;
	header->ifa_prefixlen = 64;
	header->ifa_index = (uint32_t)ifindex;
	mnl_attr_put(nlh, IFA_LOCAL, sizeof(*address), address);
	return nlh;
}

static bool put_address(int ifindex, const struct in6_addr *address)
{
	struct nlmsghdr *nlh =
		address_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, ifindex, address);
	struct ifa_cacheinfo life = {.ifa_prefered = UINT32_MAX, .ifa_valid = UINT32_MAX};

	if (random_below(4) == 0)
		life.ifa_prefered = 0; /* deprecated */
	mnl_attr_put_u32(nlh, IFA_FLAGS, random_below(8) ? IFA_F_NODAD : 0);
	mnl_attr_put(nlh, IFA_CACHEINFO, sizeof(life), &life);
	return ask(nlh);
}

static bool add_address(void)
{
	struct in6_addr address = random_address();

	return put_address(random_link(), &address);
}

static bool delete_address(void)
{
	struct in6_addr address = random_address();

	return ask(address_request(RTM_DELADDR, 0, random_link(), &address));
}

/* A VRRP router that takes over: many at once, on one link. */
static bool add_many_addresses(void)
{
	struct in6_addr address = random_address();
	int ifindex = random_link();
	unsigned i, done = 0;

	for (i = 0; i < ADDRESSES; i++) {
		address.s6_addr[15] = (uint8_t)(1 + i);
		done += put_address(ifindex, &address);
	}
	return done > 0;
}

static const struct {
	unsigned weight;
	bool (*make)(void);
} kinds_of_change[] = {
	{12, add_veth},
	{8, add_macvlan},
	{4, add_bridge},
	{4, delete_link},
	{30, set_up_or_down},
	{12, set_master},
	{8, set_mtu},
	{8, set_mac},
	{10, rename_link},
	{10, swap_names},
	{60, add_address},
	{50, delete_address},
	{4, add_many_addresses},
};

static bool random_change(void)
{
	unsigned total = 0, at, i;

	for (i = 0; i < sizeof(kinds_of_change) / sizeof(kinds_of_change[0]); i++)
		total += kinds_of_change[i].weight;
	at = random_below(total);
	for (i = 0; at >= kinds_of_change[i].weight; i++)
		at -= kinds_of_change[i].weight;
	return kinds_of_change[i].make();
}

/* The child: a round of changes for each octet from the parent, and one octet back. */
static void make_changes(int from_parent, int to_parent)
{
	char go;
	int done;

	changes = mnl_socket_open(NETLINK_ROUTE);
	if (!changes || mnl_socket_bind(changes, 0, MNL_SOCKET_AUTOPID) < 0)
		_exit(1);
	while (read(from_parent, &go, 1) == 1) {
		for (done = 0; done < CHANGES_PER_ROUND;)
			done += random_change();
		if (write(to_parent, &go, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

/* --- following ------------------------------------------------------------- */

static size_t told; /* links, as the callbacks tell */

__attribute__((format(printf, 1, 2), noreturn)) static void fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("netlink_storm: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void on_added(void *arg, struct link *l)
{
	if (l->user)
		fail("%s: added twice", l->name);
	l->user = arg;
	told++;
}

static void on_changed(void *arg, struct link *l, unsigned what)
{
	if (l->user != arg || !what)
		fail("%s: changed and not known", l->name);
	if (l->name[0] && link_table_find_name(arg, l->name) != l)
		fail("%s: not found by its name", l->name);
}

static void on_addresses(void *arg, struct link *l)
{
	if (l->user != arg)
		fail("%s: addresses changed and not known", l->name);
}

static void on_removed(void *arg, struct link *l)
{
	if (l->user != arg)
		fail("%s: removed and not known", l->name);
	told--;
}

static const struct link_table_ops ops = {.link_added = on_added,
	.link_changed = on_changed,
	.link_removed = on_removed,
	.addresses_changed = on_addresses};

/* --- comparing ------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static bool difference(bool print, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (print) {
		vfprintf(stderr, fmt, ap);
		fputc('\n', stderr);
	}
	va_end(ap);
	return true;
}

/*
 * An address that is tentative the kernel may give other flags without a word
 * (replaced while its link is down); it speaks when the address becomes usable.
 */
static bool address_differs(const struct link_address *a, const struct link_address *b)
{
	if (a->prefixlen != b->prefixlen || a->scope != b->scope)
		return true;
	if (a->flags & b->flags & IFA_F_TENTATIVE)
		return false;
	return a->flags != b->flags || a->proto != b->proto;
}

static bool addresses_differ(const struct link *l, const struct link *other, bool print)
{
	const struct link_address *a, *b;
	char text[INET6_ADDRSTRLEN];
	bool differ = false;

	for (a = l->addresses; a; a = a->next) {
		inet_ntop(AF_INET6, &a->address, text, sizeof(text));
		b = link_find_address(other, &a->address);
		if (!b)
			differ = difference(print, "%s: %s on one side only", l->name, text);
		else if (address_differs(a, b))
			differ = difference(
				print, "%s: %s: flags %x / %x", l->name, text, a->flags, b->flags);
	}
	return differ;
}

static bool links_differ(const struct link *a, const struct link *b, bool print)
{
	if (strcmp(a->name, b->name) != 0 || strcmp(a->kind, b->kind) != 0)
		return difference(print, "%d: %s / %s", a->ifindex, a->name, b->name);
	if (a->lower != b->lower || a->master != b->master || a->mtu != b->mtu)
		return difference(print, "%s: lower %d / %d, master %d / %d, mtu %u / %u", a->name,
			a->lower, b->lower, a->master, b->master, a->mtu, b->mtu);
	if (a->flags != b->flags || a->operstate != b->operstate)
		return difference(print, "%s: flags %x / %x, operstate %u / %u", a->name, a->flags,
			b->flags, a->operstate, b->operstate);
	if (a->mac_len != b->mac_len || memcmp(a->mac, b->mac, a->mac_len) != 0)
		return difference(print, "%s: MAC", a->name);
	return addresses_differ(a, b, print) || addresses_differ(b, a, print);
}

static bool tables_differ(const struct link_table *ours, const struct link_table *fresh, bool print)
{
	const struct link *l, *other;
	bool differ = false;

	for (l = link_table_first(ours); l; l = link_table_next(ours, l)) {
		other = link_table_find(fresh, l->ifindex);
		if (!other)
			differ = difference(print, "%s (%d): gone", l->name, l->ifindex);
		else
			differ |= links_differ(l, other, print);
		if (link_table_find_name(ours, l->name) != l)
			differ = difference(print, "%s: not found by name", l->name);
	}
	for (l = link_table_first(fresh); l; l = link_table_next(fresh, l)) {
		if (!link_table_find(ours, l->ifindex))
			differ = difference(print, "%s (%d): missing", l->name, l->ifindex);
	}
	return differ;
}

static bool is_up_to_date(const struct link_monitor *m, bool print)
{
	struct link_monitor afresh;
	struct link_table table;
	bool differ;

	if (link_table_init(&table, NULL, NULL) < 0 || link_monitor_init(&afresh, &table, NULL) < 0)
		fail("no second monitor");
	differ = !link_monitor_is_synced(&afresh) || tables_differ(m->table, &table, print);
	link_monitor_fini(&afresh);
	link_table_fini(&table);
	return link_monitor_is_synced(m) && !differ;
}

/* --- rounds ---------------------------------------------------------------- */

static void follow(struct link_monitor *m, struct pollfd fds[2], int timeout_ms)
{
	int err;

	if (poll(fds, 2, timeout_ms) < 0)
		fail("poll: %s", strerror(errno));
	if (!fds[0].revents)
		return;
	err = link_monitor_read(m);
	if (err < 0 && err != -EAGAIN)
		fail("monitor: %s", strerror(-err));
}

static void play_round(struct link_monitor *m, int from_child, int to_child)
{
	struct pollfd fds[2] = {
		{.fd = link_monitor_fd(m), .events = POLLIN}, {.fd = from_child, .events = POLLIN}};
	time_t limit;
	char go = 1;

	if (write(to_child, &go, 1) != 1)
		fail("the child is gone");
	while (!fds[1].revents)
		follow(m, fds, -1);
	if (read(from_child, &go, 1) != 1)
		fail("the child is gone");
	fds[1].fd = -1;
	limit = time(NULL) + SETTLE_WITHIN_S;
	follow(m, fds, 0);
	while (!is_up_to_date(m, false)) {
		if (time(NULL) > limit) {
			is_up_to_date(m, true);
			fail("the table did not become what the kernel has (whole: %d)",
				link_monitor_is_synced(m));
		}
		follow(m, fds, 50);
	}
	if (told != link_table_count(m->table))
		fail("%zu links reported, %zu exist", told, link_table_count(m->table));
}

static void print_table(const struct link_table *table)
{
	const struct link_address *a;
	const struct link *l;
	char text[INET6_ADDRSTRLEN];

	for (l = link_table_first(table); l; l = link_table_next(table, l)) {
		printf("link %d %s %s %u %d %d %02x:%02x:%02x:%02x:%02x:%02x\n", l->ifindex,
			l->name, l->kind[0] ? l->kind : "-", l->mtu, l->lower, l->master, l->mac[0],
			l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5]);
		for (a = l->addresses; a; a = a->next)
			printf("address %d %s %u\n", l->ifindex,
				inet_ntop(AF_INET6, &a->address, text, sizeof(text)), a->prefixlen);
	}
}

static void storm(struct link_monitor *m, long number)
{
	int down[2], up[2];
	pid_t child;

	if (pipe(down) < 0 || pipe(up) < 0)
		fail("pipe: %s", strerror(errno));
	child = fork();
	if (child == 0) {
		close(down[1]);
		make_changes(down[0], up[1]);
	}
	close(down[0]);
	close(up[1]);
	for (; number > 0; number -= CHANGES_PER_ROUND)
		play_round(m, up[0], down[1]);
	close(down[1]);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	struct link_monitor_options options = {.receive_buffer = 2048};
	unsigned long seed = (unsigned long)time(NULL);
	struct link_monitor monitor;
	struct link_table table;
	long number = 10000;
	int option, err;

	while ((option = getopt(argc, argv, "s:n:b:")) != -1) {
		if (option == 's')
			seed = strtoul(optarg, NULL, 0);
		else if (option == 'n')
			number = strtol(optarg, NULL, 0);
		else if (option == 'b')
			options.receive_buffer = (int)strtol(optarg, NULL, 0);
		else
			return 2;
	}
	random_state = seed;
	signal(SIGPIPE, SIG_IGN);
	fprintf(stderr, "netlink_storm -s %lu -n %ld -b %d\n", seed, number,
		options.receive_buffer);
	if (link_table_init(&table, &ops, &table) < 0)
		fail("no memory");
	err = link_monitor_init(&monitor, &table, &options);
	if (err)
		fail("monitor: %s", strerror(-err));
	storm(&monitor, number);
	fprintf(stderr,
		"events %lu overruns %lu resyncs %lu interrupted %lu failed %lu malformed %lu\n",
		(unsigned long)monitor.counters.events, (unsigned long)monitor.counters.overruns,
		(unsigned long)monitor.counters.resyncs,
		(unsigned long)monitor.counters.interrupted_dumps,
		(unsigned long)monitor.counters.failed_dumps,
		(unsigned long)monitor.counters.malformed);
	print_table(&table);
	link_monitor_fini(&monitor);
	link_table_fini(&table);
	return 0;
}
