/* inner.h: the server from inside; only files of this folder include it. */
#ifndef SIPWEAVE_SERVE_INNER_H
#define SIPWEAVE_SERVE_INNER_H

#include "serve/clock.h"
#include "base/out.h"
#include "serve/server.h"
#include "serve/url.h"
#include "store/store.h"

#include <microhttpd.h>
#include <pthread.h>

struct events;
struct listeners;
struct page;
struct reader;
struct route;
struct served;
struct shelf;
struct upload;
struct worker;

struct server {
    arena boot;
    struct server_options o; /* strings in boot */
    i64 started_us;
    const char *url, *syslog;
    str listen_ip;       /* as a Host header may name it */
    struct store *store; /* the one that writes */
    struct MHD_Daemon *http;
    struct page *page;
    struct shelf *shelf;
    struct events *events;
    struct worker *worker;
    struct listeners *listeners;
    pthread_mutex_t lock; /* over what follows */
    struct reader *idle;
    int nidle, uploads;
};

/* One zeroed thing that outlives this call; released with base_free. */
#define heap_new(type) ((type *)heap_block((isize)sizeof(type)))
void *heap_block(isize size);

/* ---- readers.c: who reads for a request --------------------------------------------------- */

/* A store of its own and the memory of one answer, used by one thread at a time and then again. */
struct reader {
    arena view;
    arena boot;          /* of the store */
    struct store *store; /* opened when first asked for */
    bool failed;         /* the store gave an error: the next request opens another */
    struct reader *next;
};
struct reader *reader_take(struct server *s);
void reader_give(struct server *s, struct reader *r);
/* NULL: *sentence (in the view) says why. */
struct store *reader_store(struct server *s, struct reader *r, str *sentence);
void readers_close(struct server *s);

/* ---- a request and its answer ------------------------------------------------------------ */

struct request {
    struct server *server;
    struct MHD_Connection *connection;
    str target; /* as it was sent; */
    u8 *bytes;  /* the request's own */
    bool begun, answered;
    const struct route *route;
    struct upload *upload;
    struct out body; /* of a POST that is no upload */
    /* while the answer is made */
    struct reader *reader;
    arena *view;
    struct url url;
};

struct answer {
    unsigned status;
    const char *type;
    const char *allow;           /* the methods that would do; NULL: this one does */
    str download;                /* file name to save it under; empty: show it */
    struct out body;             /* given to the connection by answer_send */
    const struct served *file;   /* or a file of the page */
    struct MHD_Response *stream; /* or something that does not end */
};

/* Makes the answer {"error": …}. */
void answer_error(struct answer *a, unsigned status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The store failed: its sentence, with the status that fits. */
void answer_store_error(struct answer *a, struct reader *r, enum err e);
enum MHD_Result answer_send(struct request *r, struct answer *a);
/* Compresses into *to with gzip's framing. */
void gzip_pack(struct out *to, str bytes, int level);

typedef void handler(struct request *r, struct answer *a);

/* ---- the pages and calls of docs/api.md ------------------------------------------------------ */

handler serve_status, serve_calls, serve_spread, serve_volume, serve_call, serve_messages,
    serve_ladder_svg, serve_ladder_json, serve_ladder_txt, serve_export, serve_events,
    serve_import, serve_split, serve_join, serve_undo, serve_decisions, serve_index,
    serve_file;

/* The reader's store. NULL: the answer says why. */
struct store *request_store(struct request *r, struct answer *a);
/* The call that X names, with its messages; it borrows from *n, which the caller closes whatever comes. `alone`: what almost
 * belongs is not weighed anew. NULL: the answer says why. */
struct near;
struct call *call_load(struct request *r, str x, struct near *n, bool alone,
                       struct answer *a);
/* A part of a body that is no upload; what is too long is cut. */
bool body_takes(struct request *r, str part);

/* Writes the object of /api/v1/status. */
void status_write(struct server *s, struct reader *r, bool sources, struct out *o);

/* ---- static.c: the files of the page ---------------------------------------------------------- */

struct served {
    str name, bytes, packed; /* packed: with gzip; empty when that saves nothing */
    const char *type;
    char etag[24];
};
struct page *page_open(struct server *s);
/* NULL where there is no such file. */
const struct served *page_file(const struct page *p, str name);

/* ---- import.c: bodies of POST ------------------------------------------------------------------ */

/* Before the body: false when it is refused (the answer is made). */
bool upload_begin(struct request *r, struct answer *a);
/* A part of the body. False: hang up. */
bool upload_take(struct request *r, str part);
void upload_end(struct request *r);

/* ---- http.c ---------------------------------------------------------------------------------------- */

/* Serves on this listening socket. */
struct MHD_Daemon *http_open(struct server *s, int socket);

#endif
