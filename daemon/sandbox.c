/* SPDX-License-Identifier: ISC */
/*
 * The list of system calls, in groups by what needs them: a new library or feature gets its
 * calls into the group where it belongs, or a group of its own, with a word of why.
 * One list for both daemons: they are made of the same libraries.
 *
 * Refused calls trap (SIGSYS), so that the handler can name them before it lets them fail.
 */
#include "daemon/sandbox.h"

#include <config.h>

#include <errno.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>
#include <unistd.h>

#include "daemon/log.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- the list ------------------------------------------------------------------------ */

static const char *const allowed[] = {
	/* libc: memory, time, signals, threads that are there */
	"brk",
	"mmap",
	"munmap",
	"mremap",
	"mprotect",
	"madvise",
	"membarrier",
	"mincore",
	"clock_gettime",
	"clock_getres",
	"clock_nanosleep",
	"nanosleep",
	"gettimeofday",
	"time",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"sigaltstack",
	"restart_syscall",
	"rt_sigtimedwait",
	"tgkill",
	"exit",
	"exit_group",
	"futex",
	"futex_waitv",
	"set_robust_list",
	"get_robust_list",
	"set_tid_address",
	"rseq",
	"sched_yield",
	"sched_getaffinity",
	"getrandom",
	"uname",
	"sysinfo",
	"getrusage",
	"prlimit64",
	"getrlimit",
	"getpid",
	"gettid",
	"getppid",
	"getuid",
	"geteuid",
	"getgid",
	"getegid",
	"getresuid",
	"getresgid",
	"getgroups",
	"capget",
	/* descriptors and the loop (libevent, the netlink monitors' epoll and timers) */
	"read",
	"readv",
	"pread64",
	"preadv",
	"preadv2",
	"write",
	"writev",
	"pwrite64",
	"pwritev",
	"pwritev2",
	"close",
	"close_range",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"pipe",
	"pipe2",
	"epoll_create",
	"epoll_create1",
	"epoll_ctl",
	"epoll_wait",
	"epoll_pwait",
	"epoll_pwait2",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"eventfd",
	"eventfd2",
	"timerfd_create",
	"timerfd_settime",
	"timerfd_gettime",
	"signalfd4",
	/* sockets that are there: UDP, netlink, control, HTTP, databases; their making is below */
	"bind",
	"connect",
	"listen",
	"accept",
	"accept4",
	"shutdown",
	"getsockname",
	"getpeername",
	"getsockopt",
	"setsockopt",
	"sendto",
	"sendmsg",
	"sendmmsg",
	"recvfrom",
	"recvmsg",
	"recvmmsg",
	"sendfile",
	/* files: reloads, the file root, SQLite, secrets; permissions are the kernel's to judge */
	"open",
	"openat",
	"openat2",
	"access",
	"faccessat",
	"faccessat2",
	"stat",
	"lstat",
	"fstat",
	"newfstatat",
	"statx",
	"statfs",
	"fstatfs",
	"lseek",
	"readlink",
	"readlinkat",
	"getcwd",
	"getdents",
	"getdents64",
	"fsync",
	"fdatasync",
	"ftruncate",
	"fallocate",
	"fadvise64",
	"readahead",
	"flock",
	"umask",
	"mkdir",
	"mkdirat",
	"rmdir",
	"unlink",
	"unlinkat",
	"rename",
	"renameat",
	"renameat2",
	"link",
	"linkat",
	"chmod",
	"fchmod",
	"fchmodat",
	"fchown",
	"utimensat",
	"copy_file_range",
	/* directories that are watched */
	"inotify_init",
	"inotify_init1",
	"inotify_add_watch",
	"inotify_rm_watch",
#ifdef NB6_SANITIZED
	/* the leak check at exit stops all threads from a process beside, the symboliser is one */
	"ptrace",
	"wait4",
	"clone",
	"clone3",
	"vfork",
	"fork",
	"execve",
	"prctl",
	"arch_prctl",
	"kill",
	"setpgid",
	"process_vm_readv",
	"personality",
	"setrlimit",
#endif
};

/* What some of these are called on 32-bit processors, where they came with wider values. */
static const char *const allowed_with_32_bits[] = {"_llseek", "_newselect", "arm_fadvise64_64",
	"clock_getres_time64", "clock_gettime64", "clock_nanosleep_time64", "fadvise64_64",
	"fchown32", "fcntl64", "fstat64", "fstatat64", "fstatfs64", "ftruncate64", "futex_time64",
	"getegid32", "geteuid32", "getgid32", "getgroups32", "getresgid32", "getresuid32",
	"getuid32", "lstat64", "mmap2", "ppoll_time64", "pselect6_time64", "recv",
	"recvmmsg_time64", "rt_sigtimedwait_time64", "send", "sendfile64", "sigreturn", "stat64",
	"statfs64", "timerfd_gettime64", "timerfd_settime64", "ugetrlimit", "utimensat_time64"};

/* Calls that are allowed with one of some values of an argument only. */
static const struct {
	const char *name;
	unsigned argument;
	uint64_t mask; /* of the argument; 0: all of it */
	uint64_t value;
} allowed_with[] = {
	{"socket", 0, 0, AF_UNIX},
	{"socket", 0, 0, AF_INET},
	{"socket", 0, 0, AF_INET6},
	{"socket", 0, 0, AF_NETLINK},
	{"socketpair", 0, 0, AF_UNIX},
	{"ioctl", 1, 0, TCGETS}, /* isatty(3) */
	{"ioctl", 1, 0, FIONBIO},
	{"ioctl", 1, 0, FIONREAD},
	{"ioctl", 1, 0, SIOCOUTQ}, /* how much a client has still to take */
	{"ioctl", 1, 0, SIOCGIFNAME},
	{"ioctl", 1, 0, SIOCGIFINDEX},
	/* threads, where a library makes them; processes are not made */
	{"clone", 0, CLONE_THREAD, CLONE_THREAD},
	{"prctl", 0, 0, PR_SET_NAME},
	{"prctl", 0, 0, PR_GET_NAME},
	{"prctl", 0, 0, PR_SET_VMA},
};

static int allow_all(scmp_filter_ctx filter, const char *const *names, size_t n)
{
	int rc = 0;

	/* A call that this architecture does not have is no error. */
	for (size_t i = 0; rc == 0 && i < n; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);

		if (number >= 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
	}
	return rc;
}

static int allow(scmp_filter_ctx filter)
{
	int rc = allow_all(filter, allowed, COUNT(allowed));

	if (rc == 0)
		rc = allow_all(filter, allowed_with_32_bits, COUNT(allowed_with_32_bits));
#ifdef __i386__
	/* The C library's way to sockets; the family is in memory, where a filter cannot look. */
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketcall), 0);
#endif
	for (size_t i = 0; rc == 0 && i < COUNT(allowed_with); i++) {
		int number = seccomp_syscall_resolve_name(allowed_with[i].name);
		uint64_t mask = allowed_with[i].mask ? allowed_with[i].mask : UINT32_MAX;

		if (number >= 0)
			rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
				SCMP_CMP64(allowed_with[i].argument, SCMP_CMP_MASKED_EQ, mask,
					allowed_with[i].value));
	}
#ifndef NB6_SANITIZED
	/* Its flags are in memory, where a filter cannot look: libc then takes clone(2). */
	if (rc == 0)
		rc = seccomp_rule_add(
			filter, SCMP_ACT_ERRNO(ENOSYS), seccomp_syscall_resolve_name("clone3"), 0);
#endif
	return rc;
}

/* --- what is refused -------------------------------------------------------------------- */

/* Where a system call's result is when it returns: what differs between processors. */
#if defined(__x86_64__)
#define RESULT_OF(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__i386__)
#define RESULT_OF(context) ((context)->uc_mcontext.gregs[REG_EAX])
#elif defined(__aarch64__)
#define RESULT_OF(context) (*(long long *)&(context)->uc_mcontext.regs[0])
#elif defined(__arm__)
#define RESULT_OF(context) (*(long *)&(context)->uc_mcontext.arm_r0)
#elif defined(__riscv)
#define RESULT_OF(context) (*(long *)&(context)->uc_mcontext.__gregs[REG_A0])
#elif defined(__s390x__)
#define RESULT_OF(context) (*(long *)&(context)->uc_mcontext.gregs[2])
#endif

#ifdef RESULT_OF
static const uint32_t refusal = SCMP_ACT_TRAP;
#else /* the call fails, and nobody says which it was */
static const uint32_t refusal = SCMP_ACT_ERRNO(EPERM);
#endif

enum { CALLS_MAX = 1024 };

/* Made before, for a signal handler must not allocate. */
static char *call_name[CALLS_MAX];
static bool was_told[CALLS_MAX];

static void report(int number)
{
	const char *name = call_name[number] ? call_name[number] : "?";
	char line[160] = "<4>sandbox: refused a system call: ", digits[8];
	int at = (int)sizeof(digits) - 1;

	digits[at] = '\0';
	do
		digits[--at] = (char)('0' + number % 10);
	while (number /= 10);
	strncat(line, name, 64);
	strcat(line, " (number ");
	strcat(line, digits + at);
	strcat(line, "); please report it; --no-sandbox goes on without\n");
	if (write(STDERR_FILENO, line, strlen(line)) < 0)
		return; /* no log is open */
}

/* Let the call fail with EPERM: the value goes where the kernel would have put it. */
static void refuse(int signal_number, siginfo_t *info, void *context)
{
	ucontext_t *machine = context;
	int before = errno;

	(void)signal_number;
	if (info->si_syscall >= 0 && info->si_syscall < CALLS_MAX && !was_told[info->si_syscall]) {
		was_told[info->si_syscall] = true;
		report(info->si_syscall);
	}
#ifdef RESULT_OF
	RESULT_OF(machine) = -EPERM;
#else
	(void)machine;
#endif
	errno = before;
}

static int prepare_refusals(void)
{
	struct sigaction action = {.sa_sigaction = refuse, .sa_flags = SA_SIGINFO | SA_NODEFER};

	for (int number = 0; number < CALLS_MAX; number++) {
		free(call_name[number]);
		call_name[number] = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	}
	sigemptyset(&action.sa_mask);
	return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

int sandbox_enter(void)
{
	scmp_filter_ctx filter;
	int rc = prepare_refusals();

	if (rc < 0)
		return rc;
	filter = seccomp_init(refusal);
	if (!filter)
		return -ENOMEM;
	/* Found by halving; those without arguments to look at the kernel remembers itself. */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	rc = allow(filter);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}

void sandbox_enter_or_tell(void)
{
	int rc = sandbox_enter();

	if (rc < 0)
		log_warning("sandbox: system calls cannot be restricted: %s: going on without",
			strerror(-rc));
	else
		log_info("sandbox: system calls that are not needed are refused from now on");
}
