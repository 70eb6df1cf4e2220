/* static.c: the files of the page, embedded in the program, and the ladder's style sheet. Hashed and packed
 * once, at the start. */
#include "serve/inner.h"

#include "draw/draw.h"
#include "serve/assets.h"

#include <stdio.h>

enum { PACK_LEVEL = 9 };

struct page {
    struct served *files;
    isize n;
};

static const char *type_of(str name) {
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".svg", "image/svg+xml"},
        {".json", "application/json"},
        {".png", "image/png"},
        {".woff2", "font/woff2"},
        {".txt", "text/plain; charset=utf-8"},
    };
    for (isize i = 0; i < countof(types); i++) {
        if (str_ends(name, str_z(types[i][0]))) return types[i][1];
    }
    return "application/octet-stream";
}

static void add(struct page *p, arena *boot, str name, str bytes) {
    struct served *f = &p->files[p->n++];
    struct out packed = {0};
    gzip_pack(&packed, bytes, PACK_LEVEL);
    f->name = name;
    f->bytes = bytes;
    f->type = type_of(name);
    if (packed.n < bytes.n) f->packed = arena_copy(boot, out_str(&packed));
    out_drop(&packed);
    snprintf(f->etag, sizeof f->etag, "%016llx",
             (unsigned long long)hash_bytes(bytes, 0));
}

struct page *page_open(struct server *s) {
    struct page *p = arena_new(&s->boot, struct page, 1);
    p->files = arena_new(&s->boot, struct served, assets_n + 1);
    for (isize i = 0; i < assets_n; i++) {
        add(p, &s->boot, str_z(assets[i].name), (str){assets[i].p, assets[i].n});
    }
    struct out css = {0};
    draw_css(&css);
    add(p, &s->boot, S("ladder.css"), arena_copy(&s->boot, out_str(&css)));
    out_drop(&css);
    return p;
}

const struct served *page_file(const struct page *p, str name) {
    for (isize i = 0; i < p->n; i++) {
        if (str_eq(p->files[i].name, name)) return &p->files[i];
    }
    return NULL;
}

void serve_index(struct request *r, struct answer *a) {
    a->file = page_file(r->server->page, S("index.html"));
    if (!a->file)
        answer_error(a, MHD_HTTP_NOT_FOUND, "this program was built without its page");
}

void serve_file(struct request *r, struct answer *a) {
    str name = r->url.segments[0];
    a->file = page_file(r->server->page, name);
    if (!a->file) {
        answer_error(a, MHD_HTTP_NOT_FOUND, "there is no page /%.*s",
                     (int)i64_min(name.n, 100), (const char *)name.p);
    }
}
