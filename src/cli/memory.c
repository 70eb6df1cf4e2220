/* memory.c: how much memory there is for tables, and where they go when there is not enough (base/spill.h).
 *
 * There is what the system says is available, what the control groups of this process leave (a container's limit), and what
 * `ulimit -m` allows: the least of these. */
#include "base/spill.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/vfs.h>
#include <unistd.h>

#define UNKNOWN INT64_MAX

static char folder[256];
static void (*tidy)(void *ctx); /* before the end */
static void *tidy_ctx;

/* ---- how much there is ---------------------------------------------------------------------------- */

/* A small file of the kernel's; empty where there is none. */
static str kernel_file(const char *path, u8 *room, isize size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return (str){0};
    ssize_t n = read(fd, room, (size_t)size);
    close(fd);
    return (str){room, n > 0 ? n : 0};
}

static i64 leading_number(str s) {
    s = str_trim(s);
    isize n = 0;
    while (n < s.n && is_digit(s.p[n])) n++;
    struct str_number number = str_u64(str_sub(s, 0, n), INT64_MAX);
    return number.ok ? (i64)number.value : UNKNOWN;
}

/* Of lines "name number" or "name: number". */
static i64 number_of(str text, str name) {
    while (text.n) {
        struct str_pair line = str_cut(text, '\n');
        str rest = str_from(line.head, name.n);
        if (str_starts(line.head, name) && rest.n &&
            (rest.p[0] == ' ' || rest.p[0] == ':'))
            return leading_number(str_from(rest, 1));
        text = line.tail;
    }
    return UNKNOWN;
}

/* What the system can give, and with what it would write to its swap. */
static void available(i64 *memory, i64 *swap) {
    u8 room[8192];
    str text = kernel_file("/proc/meminfo", room, countof(room));
    i64 kb = number_of(text, S("MemAvailable")), swap_kb = number_of(text, S("SwapFree"));
    *memory = kb < UNKNOWN / 2048 ? kb * 1024 : UNKNOWN;
    *swap = swap_kb < UNKNOWN / 2048 ? swap_kb * 1024 : 0;
}

static i64 group_file(const char *root, str path, const char *file, str name) {
    char full[512];
    u8 room[8192];
    int n = snprintf(full, sizeof full, "%s%.*s/%s", root, (int)path.n,
                     (const char *)path.p, file);
    if (n < 0 || n >= (int)sizeof full) return UNKNOWN;
    str text = kernel_file(full, room, countof(room));
    return name.n ? number_of(text, name) : leading_number(text);
}

/* What a control group, and those that it is in, leave. Inside a container its own may stand at the root. */
static i64 group_left(const char *root, str path, const char *limit, str used) {
    i64 least = UNKNOWN;
    for (;; path.n--) {
        if (path.n && path.p[path.n - 1] == '/') path.n--;
        i64 most = group_file(root, path, limit, (str){0});
        i64 taken = group_file(root, path, "memory.stat", used);
        if (most != UNKNOWN)
            least = i64_min(least, taken == UNKNOWN ? most : i64_max(0, most - taken));
        while (path.n && path.p[path.n - 1] != '/') path.n--;
        if (!path.n) return least;
    }
}

/* Lines "9:memory:/path", and of the new kind "0::/path". */
static i64 groups_left(void) {
    u8 room[4096];
    str text = kernel_file("/proc/self/cgroup", room, countof(room));
    i64 least = UNKNOWN;
    while (text.n) {
        struct str_pair line = str_cut(text, '\n');
        struct str_pair rest = str_cut(str_cut(line.head, ':').tail, ':');
        text = line.tail;
        if (!rest.ok) continue;
        if (rest.head.n == 0)
            least = i64_min(
                least, group_left("/sys/fs/cgroup", rest.tail, "memory.max", S("anon")));
        if (str_find_str(rest.head, S("memory")) >= 0)
            least = i64_min(least, group_left("/sys/fs/cgroup/memory", rest.tail,
                                              "memory.limit_in_bytes", S("total_rss")));
    }
    return least;
}

static i64 allowed(void) {
    struct rlimit most;
    if (getrlimit(RLIMIT_RSS, &most) != 0 || most.rlim_cur > (rlim_t)INT64_MAX)
        return UNKNOWN;
    return (i64)most.rlim_cur;
}

/* ---- where to, and what when that is full --------------------------------------------------------- */

bool cli_is_on_disk(const char *path) {
    struct statfs s;
    if (!path || path[0] != '/' || strlen(path) >= sizeof folder) return false;
    return statfs(path, &s) == 0 && s.f_type != TMPFS_MAGIC && s.f_type != RAMFS_MAGIC &&
           access(path, W_OK | X_OK) == 0;
}

static const char *choose_folder(void) {
    const char *const folders[] = {getenv("TMPDIR"), "/var/tmp", "/tmp"};
    for (isize i = 0; i < countof(folders); i++) {
        if (!cli_is_on_disk(folders[i])) continue;
        snprintf(folder, sizeof folder, "%s", folders[i]);
        return folder;
    }
    return NULL;
}

static _Noreturn void end(enum spill_end why, int error) {
    double gb = (double)base_spilled() / 1e9;
    if (why == SPILL_NO_SPACE) {
        cli_say("what does not fit into memory goes into files in %s, and after %.1f GB "
                "there is no room for more (%s); TMPDIR names another folder",
                folder, gb, strerror(error));
    } else if (!folder[0]) {
        cli_say("this does not fit into memory, and there is no folder on a disk where "
                "it could go; TMPDIR names one");
    } else {
        cli_say("there is not enough memory for this");
    }
    if (tidy) tidy(tidy_ctx);
    _exit(EXIT_USAGE);
}

/* A page of a file was asked for and did not come. Without such files it is a fault of ours, and ends as one. */
static void on_bus_error(int number) {
    static const char sentence[] =
        "sipweave: a file with what does not fit into memory can no longer be read or "
        "written: is the disk well?\n";
    if (base_spilled() == 0) {
        signal(number, SIG_DFL);
        raise(number);
    }
    (void)!write(STDERR_FILENO, sentence, sizeof sentence - 1);
    if (tidy) tidy(tidy_ctx);
    _exit(EXIT_USAGE);
}

void cli_memory(void (*at_end)(void *ctx), void *ctx) {
    enum { LEAST = 1 << 20 };
    struct sigaction bus = {.sa_handler = on_bus_error};
    i64 free, swap, may = i64_min(groups_left(), allowed());
    available(&free, &swap);
    if (i64_min(free, may) == UNKNOWN) return;
    i64 room = i64_min(free, may),
        all = free == UNKNOWN ? may : i64_min(free + swap, may);
    struct spill how = {.folder = choose_folder(),
                        .least = LEAST,
                        .room = room / 4 * 3,
                        .kept = room / 8,
                        .all = all,
                        .end = end};
    tidy = at_end;
    tidy_ctx = ctx;
    base_spill(&how);
    sigaction(SIGBUS, &bus, NULL);
    /* a file that may not grow is told as a full disk is */
    signal(SIGXFSZ, SIG_IGN);
}

void cli_memory_report(void) {
    double mb = (double)base_spilled_most() / 1e6;
    if (mb > 0)
        cli_say("%.0f MB did not fit into memory and went into files in %s", mb, folder);
}
