/* import.c: a file that comes as the body of a POST.
 *
 *     body ──part by part──> /var/tmp/sipweave-XXXXXX/boxless.log ──worker_import──> database ──> answer
 *
 * It keeps its name, because a log's name is the name of the device that wrote it. The folder is nobody else's,
 * and goes when the request ends. */
#include "serve/inner.h"

#include "base/time.h"
#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { AT_ONCE = 8, NAME_MAX_BYTES = 120 };
static const u64 SIZE_MAX_BYTES = (u64)2 << 30;

struct upload {
    char folder[256], path[512];
    str name; /* in path */
    int file;
    u64 size;
    int error; /* errno of the write that failed: the rest is read and thrown away */
};

/* ---- the file ------------------------------------------------------------------------------------- */

/* The last part of what the browser calls it, as far as it is fit to be a file's name. */
static void name_file(struct upload *u, str wanted) {
    isize from = wanted.n, folder = str_z(u->folder).n;
    while (from > 0 && wanted.p[from - 1] != '/' && wanted.p[from - 1] != '\\') from--;
    str name = str_sub(wanted, from, NAME_MAX_BYTES);
    if (name.n == 0 || str_eq(name, S(".")) || str_eq(name, S(".."))) name = S("upload");
    snprintf(u->path, sizeof u->path, "%s/%.*s", u->folder, (int)name.n,
             (const char *)name.p);
    for (char *p = u->path + folder + 1; *p; p++) {
        if ((u8)*p < ' ' || *p == 127) *p = '_';
    }
    u->name = str_from(str_z(u->path), folder + 1);
}

/* A file without a name, which the system drops even when this program is killed; the path is a link to it. */
static void open_file(struct upload *u) {
    char link[64];
    u->file = open(u->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    snprintf(link, sizeof link, "/proc/self/fd/%d", u->file);
    if (u->file >= 0 && symlink(link, u->path) == 0 && access(u->path, R_OK) == 0) return;
    /* not every file system can */
    if (u->file >= 0) close(u->file);
    unlink(u->path);
    u->file = open(u->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static bool make_file(struct upload *u, str wanted) {
    const char *temp = getenv("TMPDIR");
    if (!temp || temp[0] != '/' || strlen(temp) > 200) temp = "/var/tmp";
    snprintf(u->folder, sizeof u->folder, "%s/sipweave-XXXXXX", temp);
    if (!mkdtemp(u->folder)) {
        u->error = errno;
        u->folder[0] = 0;
        return false;
    }
    name_file(u, wanted);
    open_file(u);
    if (u->file < 0) u->error = errno;
    return u->file >= 0;
}

static bool uploads_change(struct server *s, int by) {
    pthread_mutex_lock(&s->lock);
    bool ok = by < 0 || s->uploads < AT_ONCE;
    if (ok) s->uploads += by;
    pthread_mutex_unlock(&s->lock);
    return ok;
}

static void say_error(struct answer *a, int error) {
    bool full = error == ENOSPC || error == EDQUOT;
    answer_error(a, full ? MHD_HTTP_INSUFFICIENT_STORAGE : MHD_HTTP_INTERNAL_SERVER_ERROR,
                 "the file cannot be kept while it is read: %s", strerror(error));
}

bool upload_begin(struct request *r, struct answer *a) {
    str length = str_z(
        MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, "Content-Length"));
    struct str_number n = str_u64(length, SIZE_MAX_BYTES);
    if (length.n && !n.ok) {
        answer_error(a, MHD_HTTP_CONTENT_TOO_LARGE,
                     "a file of more than 2 GiB is too large for the page; \"sipweave "
                     "import\" takes it");
        return false;
    }
    if (!uploads_change(r->server, 1)) {
        answer_error(a, MHD_HTTP_SERVICE_UNAVAILABLE,
                     "%d files are being read in already; try again when one is done",
                     AT_ONCE);
        return false;
    }
    r->upload = heap_new(struct upload);
    r->upload->file = -1;
    if (make_file(r->upload, url_param(&r->url, "name"))) return true;
    say_error(a, r->upload->error);
    return false;
}

bool upload_take(struct request *r, str part) {
    struct upload *u = r->upload;
    if (!u) return true;
    u->size += (u64)part.n;
    if (u->size > SIZE_MAX_BYTES) return false;
    while (part.n && !u->error) {
        ssize_t n = write(u->file, part.p, (size_t)part.n);
        if (n < 0 && errno != EINTR) u->error = errno;
        if (n > 0) part = str_from(part, n);
    }
    return true;
}

void upload_end(struct request *r) {
    struct upload *u = r->upload;
    if (!u) return;
    if (u->file >= 0) close(u->file);
    if (u->path[0]) unlink(u->path);
    if (u->folder[0]) rmdir(u->folder);
    uploads_change(r->server, -1);
    base_free(u);
    r->upload = NULL;
}

/* ---- the answer ----------------------------------------------------------------------------------- */

/* A sentence without the folder of ours, which says nothing to anybody. */
static void put_plain(struct out *o, const struct upload *u, str sentence) {
    str folder = str_z(u->folder);
    for (;;) {
        isize at = str_find_str(sentence, folder);
        if (at < 0) break;
        out_bytes(o, str_sub(sentence, 0, at));
        sentence = str_from(sentence, at + folder.n + 1);
    }
    out_bytes(o, sentence);
}

static void write_damage(struct out *o, const struct upload *u, str lines) {
    struct out plain = {0};
    while (lines.n) {
        struct str_pair cut = str_cut(lines, '\n');
        lines = cut.tail;
        if (cut.head.n == 0) continue;
        plain.n = 0;
        put_plain(&plain, u, cut.head);
        json_str(o, NULL, out_str(&plain));
    }
    out_drop(&plain);
}

static void write_skips(struct out *o, const struct skips *s) {
    json_begin_array(o, "skipped");
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (!s->n[i]) continue;
        json_begin_object(o, NULL);
        json_z(o, "reason", skip_name((enum skip_reason)i));
        json_z(o, "text", skip_text((enum skip_reason)i));
        json_i64(o, "count", (i64)s->n[i]);
        json_i64(o, "first", (i64)s->first[i]);
        json_end_object(o);
    }
    json_end_array(o);
}

static void write_import(struct out *o, const struct upload *u,
                         const struct import *job) {
    json_begin_object(o, NULL);
    json_str(o, "name", u->name);
    json_i64(o, "sightings", (i64)job->sightings);
    json_i64(o, "new", (i64)job->fresh);
    json_i64(o, "calls", (i64)job->calls);
    json_z(o, "first", job->first[0] ? job->first : NULL);
    write_skips(o, &job->skips);
    json_begin_array(o, "damage");
    write_damage(o, u, out_str(&job->damage));
    json_end_array(o);
    json_end_object(o);
}

static void refuse(struct answer *a, const struct upload *u, const struct import *job) {
    struct out why = {0};
    unsigned status = MHD_HTTP_UNPROCESSABLE_CONTENT;
    if (job->err == ERR_DISK_FULL) status = MHD_HTTP_INSUFFICIENT_STORAGE;
    if (job->err == ERR_BUSY) status = MHD_HTTP_SERVICE_UNAVAILABLE;
    put_plain(&why, u, out_str(&job->why));
    answer_error(a, status, "%.*s", (int)i64_min(why.n, 1000), (const char *)why.p);
    out_drop(&why);
}

void serve_import(struct request *r, struct answer *a) {
    struct upload *u = r->upload;
    if (!u || u->error) {
        say_error(a, u ? u->error : EIO);
        return;
    }
    struct import job = {.path = u->path};
    worker_import(r->server->worker, &job);
    if (job.err != ERR_OK) {
        refuse(a, u, &job);
    } else {
        a->type = "application/json";
        write_import(&a->body, u, &job);
    }
    import_drop(&job);
}
