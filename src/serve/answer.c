/* answer.c: from what a handler wrote to what goes over the wire: ETag, 304, gzip, the headers that keep a
 * browser from doing anything but what the page wants. */
#include "serve/inner.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

/* What is long is packed less well: a slow line waits for its bytes, a fast one for the packing. */
enum { PACK_FROM = 1024, PACK_LEVEL = 4, LONG_FROM = 1 << 20, LONG_LEVEL = 1 };

/* ---- making one -------------------------------------------------------------------------------- */

void answer_error(struct answer *a, unsigned status, const char *format, ...) {
    char text[1024];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    out_drop(&a->body);
    a->status = status;
    a->type = "application/json";
    a->download = (str){0};
    json_begin_object(&a->body, NULL);
    json_str(&a->body, "error", (str){(u8 *)text, i64_min(n, (isize)sizeof text - 1)});
    json_end_object(&a->body);
}

void answer_store_error(struct answer *a, struct reader *r, enum err e) {
    str why = store_error(r->store);
    if (why.n == 0) why = str_z(err_text(e));
    r->failed = e != ERR_NOT_FOUND && e != ERR_USAGE;
    answer_error(
        a, e == ERR_BUSY ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_INTERNAL_SERVER_ERROR,
        "%.*s", (int)why.n, (const char *)why.p);
}

void gzip_pack(struct out *to, str bytes, int level) {
    z_stream z = {0};
    /* 15: the largest window; +16: gzip's framing */
    if (deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        return;
    union { /* zlib reads only, and takes no const */
        const u8 *in;
        Bytef *z;
    } p = {bytes.p};
    z.next_in = p.z;
    isize left = bytes.n;
    int rc = Z_OK;
    while (rc == Z_OK) {
        if (z.avail_in == 0 && left) {
            z.avail_in = (uInt)i64_min(left, 1 << 30);
            left -= z.avail_in;
        }
        to->p = base_grow(to->p, &to->cap, to->n + 65536, 1);
        z.next_out = to->p + to->n;
        z.avail_out = 65536;
        rc = deflate(&z, left ? Z_NO_FLUSH : Z_FINISH);
        to->n += 65536 - z.avail_out;
    }
    deflateEnd(&z);
    if (rc != Z_STREAM_END) to->n = 0;
}

/* ---- what the client said ---------------------------------------------------------------------- */

static str header(struct request *r, const char *name) {
    return str_z(MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name));
}

/* RFC 9110 §12.5.3, as far as gzip goes: named, and not with q=0. */
static bool accepts_gzip(struct request *r) {
    str list = header(r, "Accept-Encoding");
    while (list.n) {
        struct str_pair item = str_cut(list, ',');
        struct str_pair coding = str_cut(item.head, ';');
        list = item.tail;
        if (!str_eq_nocase(str_trim(coding.head), S("gzip"))) continue;
        str q = str_trim(coding.tail);
        if (!str_starts_nocase(q, S("q=0"))) return true;
        for (isize i = 3; i < q.n; i++) {
            if (q.p[i] >= '1' && q.p[i] <= '9') return true;
        }
        return false;
    }
    return false;
}

/* RFC 9110 §13.1.2; the comparison is weak, and what is packed counts as the same. */
static bool has_it(struct request *r, const char *etag) {
    str list = header(r, "If-None-Match"), mine = str_z(etag);
    while (list.n) {
        struct str_pair item = str_cut(list, ',');
        str tag = str_trim(item.head);
        list = item.tail;
        if (str_eq(tag, S("*"))) return true;
        if (str_starts(tag, S("W/"))) tag = str_from(tag, 2);
        if (tag.n < 2 || tag.p[0] != '"' || tag.p[tag.n - 1] != '"') continue;
        tag = str_sub(tag, 1, tag.n - 2);
        if (str_ends(tag, S("-gz"))) tag = str_sub(tag, 0, tag.n - 3);
        if (str_eq(tag, mine)) return true;
    }
    return false;
}

/* ---- sending -------------------------------------------------------------------------------------- */

static void common_headers(struct MHD_Response *m) {
    static const char *const fixed[][2] = {
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
         "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors "
         "'none'"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Cache-Control", "no-cache"},
    };
    for (isize i = 0; i < countof(fixed); i++)
        MHD_add_response_header(m, fixed[i][0], fixed[i][1]);
}

static void add_download(struct MHD_Response *m, str name) {
    char text[256] = "attachment; filename=\"";
    isize n = (isize)strlen(text);
    for (isize i = 0; i < name.n && n < 200; i++) {
        u8 c = name.p[i];
        text[n++] = is_alnum(c) || c == '.' || c == '-' ? (char)c : '_';
    }
    text[n++] = '"';
    text[n] = 0;
    MHD_add_response_header(m, "Content-Disposition", text);
}

static void drop_body(void *p) {
    base_free(p);
}

/* Gives the body away. */
static struct MHD_Response *body_response(struct out *body) {
    struct MHD_Response *m = MHD_create_response_from_buffer_with_free_callback(
        (size_t)body->n, body->p, drop_body);
    if (m) {
        *body = (struct out){0};
    }
    return m;
}

static struct MHD_Response *made_response(struct request *r, struct answer *a,
                                          const char *etag) {
    struct out packed = {0};
    if (a->body.n > PACK_FROM && accepts_gzip(r)) {
        gzip_pack(&packed, out_str(&a->body),
                  a->body.n > LONG_FROM ? LONG_LEVEL : PACK_LEVEL);
    }
    bool pack = packed.n && packed.n < a->body.n;
    struct MHD_Response *m = body_response(pack ? &packed : &a->body);
    char tag[32];
    snprintf(tag, sizeof tag, "\"%s%s\"", etag, pack ? "-gz" : "");
    if (m) MHD_add_response_header(m, "ETag", tag);
    if (m && pack) MHD_add_response_header(m, "Content-Encoding", "gzip");
    out_drop(&packed);
    return m;
}

static struct MHD_Response *file_response(struct request *r, const struct served *f) {
    bool pack = f->packed.n && accepts_gzip(r);
    str bytes = pack ? f->packed : f->bytes;
    union { /* libmicrohttpd reads only, and takes no const */
        const u8 *in;
        void *out;
    } p = {bytes.p};
    struct MHD_Response *m =
        MHD_create_response_from_buffer((size_t)bytes.n, p.out, MHD_RESPMEM_PERSISTENT);
    char tag[32];
    snprintf(tag, sizeof tag, "\"%s%s\"", f->etag, pack ? "-gz" : "");
    if (m) MHD_add_response_header(m, "ETag", tag);
    if (m && pack) MHD_add_response_header(m, "Content-Encoding", "gzip");
    return m;
}

static struct MHD_Response *unchanged(const char *etag) {
    struct MHD_Response *m =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    char tag[32];
    snprintf(tag, sizeof tag, "\"%s\"", etag);
    if (m) MHD_add_response_header(m, "ETag", tag);
    return m;
}

enum MHD_Result answer_send(struct request *r, struct answer *a) {
    struct MHD_Response *m = a->stream;
    char etag[24];
    if (!m) {
        u64 hash = hash_bytes(out_str(&a->body), 0);
        snprintf(etag, sizeof etag, "%s", a->file ? a->file->etag : "");
        if (!a->file) snprintf(etag, sizeof etag, "%016llx", (unsigned long long)hash);
        if (a->file) a->type = a->file->type;
        if (a->status == MHD_HTTP_OK && has_it(r, etag)) {
            a->status = MHD_HTTP_NOT_MODIFIED;
            m = unchanged(etag);
        } else {
            m = a->file ? file_response(r, a->file) : made_response(r, a, etag);
        }
    }
    out_drop(&a->body);
    if (!m) return MHD_NO;
    common_headers(m);
    if (a->status != MHD_HTTP_NOT_MODIFIED)
        MHD_add_response_header(m, "Content-Type", a->type);
    if (!a->stream) MHD_add_response_header(m, "Vary", "Accept-Encoding");
    if (a->allow) MHD_add_response_header(m, "Allow", a->allow);
    if (a->download.n) add_download(m, a->download);
    enum MHD_Result result = MHD_queue_response(r->connection, a->status, m);
    MHD_destroy_response(m);
    r->answered = true;
    return result;
}
