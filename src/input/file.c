/* file.c: opens a path or standard input, recognises what it is by its first bytes, and hands it to
 * the reader of that format. A new format is a file of its own and a line of `formats`.
 *
 * Files whose sources can give their bytes back stay open, in `kept`, until input_files_close. */
#include "input/parts.h"

#include "base/out.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct input_format formats[] = {
    {"pcap", capture_recognise, capture_read},
    {"pcapng", capture_ng_recognise, capture_read},
    {"FireBrick logs", firebrick_recognise, firebrick_file_read},
    {"syslog files", syslog_file_recognise, syslog_file_read},
};

/* Formats that people will try and that are not read, so that they are told what it is. */
static const struct foreign {
    u8 magic[8];
    int n;
    const char *what;
} foreign[] = {
    {"\x1f\x8b", 2, "is compressed with gzip; compressed files are not read yet"},
    {"\x28\xb5\x2f\xfd", 4, "is compressed with zstd; compressed files are not read yet"},
    {"\x04\x22\x4d\x18", 4, "is compressed with lz4; compressed files are not read yet"},
    {"\xfd"
     "7zXZ",
     5, "is compressed with xz; compressed files are not read yet"},
    {"BZh", 3, "is compressed with bzip2; compressed files are not read yet"},
    {"PK\x03\x04", 4, "is a zip archive; archives are not read yet"},
    {"GMBU", 4, "is a capture of Microsoft Network Monitor, which is not read yet"},
    {"\xff\xfe", 2, "is UTF-16 text, which is not read; saved as UTF-8 it will be"},
    {"snoop", 6, "is a capture of snoop, which is not read yet"},
};

/* ---- files that stay open ----------------------------------------------------------------------- */

struct kept_file {
    int fd;
    str name; /* of its source, so that two files do not get one name */
    str path;
    struct kept_file *next;
};
static struct kept_file *kept;

static str heap_copy(str s) {
    isize cap = 0;
    u8 *p = base_grow(NULL, &cap, s.n + 1, 1);
    if (s.n) memcpy(p, s.p, (size_t)s.n);
    return (str){p, s.n};
}

static void heap_drop(str s) {
    union {
        const u8 *in;
        void *out;
    } p = {s.p};
    base_free(p.out);
}

/* Takes a descriptor of its own for the file. */
static struct kept_file *keep(int fd, const struct input_job *job) {
    isize cap = 0;
    struct kept_file *k = base_grow(NULL, &cap, (isize)sizeof *k, 1);
    *k = (struct kept_file){fd, heap_copy(job->name), heap_copy(job->path), kept};
    kept = k;
    return k;
}

static void unkeep(void) {
    struct kept_file *k = kept;
    kept = k->next;
    close(k->fd);
    heap_drop(k->name);
    heap_drop(k->path);
    base_free(k);
}

void input_files_close(void) {
    while (kept) unkeep();
}

static str kept_read(void *ctx, u64 at, u32 n, arena *a) {
    const struct kept_file *k = ctx;
    if (at > INT64_MAX - (u64)n) return (str){0};
    u8 *p = arena_new(a, u8, n);
    for (u32 done = 0; done < n;) {
        ssize_t got = pread(k->fd, p + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return (str){0};
        done += (u32)got;
    }
    return (str){p, n};
}

/* ---- names ------------------------------------------------------------------------------------------ */

static str base_name(str path) {
    isize slash = path.n;
    while (slash > 0 && path.p[slash - 1] != '/') slash--;
    return str_from(path, slash);
}

/* Another file of that name is open already: then the whole path is the name. */
static str source_name(str path) {
    str name = base_name(path);
    for (const struct kept_file *k = kept; k; k = k->next) {
        if (str_eq(k->name, name) && !str_eq(k->path, path)) return path;
    }
    return name;
}

static bool drop_ending(str *name, str ending) {
    bool ends =
        name->n > ending.n && str_eq_nocase(str_from(*name, name->n - ending.n), ending);
    if (ends) name->n -= ending.n;
    return ends;
}

/* "boxless.log" was written by boxless; "boxless.log.1" too. Names that say nothing give nothing. */
static str device_name(str name) {
    static const char *const generic[] = {
        "log",    "logs", "messages",  "syslog", "daemon",  "debug",
        "trace",  "voip", "sip",       "output", "console", "local0",
        "local7", "user", "firebrick", "call",   "capture", "test"};
    isize digits = name.n;
    while (digits > 0 && is_digit(name.p[digits - 1])) digits--;
    if (digits > 1 && digits < name.n && name.p[digits - 1] == '.') name.n = digits - 1;
    if (!drop_ending(&name, S(".log"))) (void)drop_ending(&name, S(".txt"));
    for (isize i = 0; i < countof(generic); i++) {
        if (str_eq_nocase(name, str_z(generic[i]))) return (str){0};
    }
    return name;
}

/* ---- sentences ---------------------------------------------------------------------------------------- */

static enum err refuse(struct input_job *job, enum err e, const char *why) {
    *job->sentence =
        arena_printf(job->boot, "%s: %s", arena_z(job->boot, job->path), why);
    return e;
}

static enum err refuse_errno(struct input_job *job, int error) {
    switch (error) {
    case ENOENT: return refuse(job, ERR_NOT_FOUND, "there is no such file");
    case EACCES:
    case EPERM: return refuse(job, ERR_REFUSED, "may not be read (permission denied)");
    case EISDIR: return refuse(job, ERR_USAGE, "is a folder, not a file");
    default: return refuse(job, ERR_IO, strerror(error));
    }
}

static bool printable(str s) {
    for (isize i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~') return false;
    }
    return true;
}

/* "its first bytes are …": as text where they are text */
static void put_first_bytes(struct out *o, str head) {
    isize line = str_find(head, '\n');
    str text = str_trim(str_sub(head, 0, line >= 0 && line < 32 ? line : 32));
    if (text.n && printable(text)) {
        out_printf(o, "\"%.*s\"", (int)text.n, (const char *)text.p);
        return;
    }
    for (isize i = 0; i < head.n && i < 8; i++)
        out_printf(o, i ? " %02x" : "%02x", head.p[i]);
}

static enum err refuse_unknown(struct input_job *job, str head) {
    struct out o = {0};
    for (isize i = 0; i < countof(foreign); i++) {
        if (str_starts(head, (str){foreign[i].magic, foreign[i].n}))
            return refuse(job, ERR_FORMAT, foreign[i].what);
    }
    out_bytes(&o, job->path);
    out_z(&o, ": not a format that sipweave reads (its first bytes are ");
    put_first_bytes(&o, head);
    out_z(&o, "); it reads ");
    for (isize i = 0; i < countof(formats); i++) {
        if (i) out_z(&o, i + 1 < countof(formats) ? ", " : " and ");
        out_z(&o, formats[i].name);
    }
    *job->sentence = arena_copy(job->boot, out_str(&o));
    out_drop(&o);
    return ERR_FORMAT;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static enum err read_as_recognised(struct input_job *job) {
    str head = stream_sniff(&job->in);
    if (str_starts(head, S("\xef\xbb\xbf"))) { /* UTF-8's mark: an editor was here */
        job->in.at = 3;
        head = str_from(head, 3);
    }
    if (head.n == 0 && job->in.error) return refuse_errno(job, job->in.error);
    if (head.n == 0) return refuse(job, ERR_FORMAT, "is empty");
    for (isize i = 0; i < countof(formats); i++) {
        if (!formats[i].recognise(head)) continue;
        enum err e = formats[i].read(job);
        if (e == ERR_OK && job->in.error) {
            str why = arena_printf(
                job->boot, "%s: cannot be read any further than byte %llu (%s)",
                arena_z(job->boot, job->path),
                (unsigned long long)stream_offset(&job->in), strerror(job->in.error));
            job->sink->damage(job->sink->ctx, why);
        }
        return e;
    }
    return refuse_unknown(job, head);
}

static enum err read_stdin(struct input_job *job) {
    struct stat st;
    job->path = job->name = S("standard input");
    job->in.fd = STDIN_FILENO;
    if (fstat(STDIN_FILENO, &st) == 0)
        job->changed_us = (i64)st.st_mtim.tv_sec * US_PER_S;
    return read_as_recognised(job);
}

static enum err read_path(struct input_job *job, const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    job->path = str_z(path);
    if (fd < 0) return refuse_errno(job, errno);
    struct stat st;
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        return refuse_errno(job, EISDIR);
    }
    job->changed_us = (i64)st.st_mtim.tv_sec * US_PER_S;
    job->name = source_name(job->path);
    job->device = device_name(base_name(job->path));
    job->in.fd = fd;
    if (!S_ISREG(st.st_mode)) { /* a named pipe: nothing to come back to */
        enum err e = read_as_recognised(job);
        close(fd);
        return e;
    }
    job->read_ctx = keep(fd, job);
    job->read = kept_read;
    enum err e = read_as_recognised(job);
    if (!job->keep_open) unkeep();
    return e;
}

enum err input_file_read(const char *path, const struct input_options *o,
                         const struct input_sink *sink, arena *boot, str *sentence) {
    struct input_job job = {.options = o, .sink = sink, .boot = boot};
    job.sentence = sentence;
    *sentence = (str){0};
    enum err e = strcmp(path, "-") == 0 ? read_stdin(&job) : read_path(&job, path);
    stream_drop(&job.in);
    return e;
}
