/* out.h: text under construction. Grows in an arena or on the heap, or streams to a sink when
 * a block is full, so that a report of any size is written in bounded memory.
 *
 * JSON goes through here as well: a writer, not a tree, because the pure part of sipweave allocates
 * nothing outside its arenas and has to pass bytes that no JSON library accepts (SIP is not always
 * UTF-8; what is not becomes U+FFFD). Reading JSON is a library's job. */
#ifndef SIPWEAVE_OUT_H
#define SIPWEAVE_OUT_H

#include "base/arena.h"

/* Takes a finished block; false stops the output (a closed pipe): later writes are dropped. */
typedef bool out_sink(void *ctx, str block);

struct out {
    u8 *p;
    isize n, cap;
    out_sink *sink; /* NULL: keep everything */
    void *ctx;
    bool stopped; /* the sink refused a block */
    bool comma;   /* JSON: the next value needs one before it */
};

void out_drop(struct out *o);  /* releases the buffer */
bool out_flush(struct out *o); /* hands what is there to the sink; false when stopped */
str out_str(const struct out *o); /* borrows: valid until the next write */

void out_bytes(struct out *o, str s);
void out_z(struct out *o, const char *z);
void out_byte(struct out *o, u8 c);
void out_u64(struct out *o, u64 n);
void out_i64(struct out *o, i64 n);
void out_printf(struct out *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* & < > " ' become entities; bytes that XML 1.0 has no place for, and bytes that are not UTF-8,
 * become U+FFFD. Safe in text and in quoted attributes. */
void out_xml(struct out *o, str s);

/* JSON. Commas are placed by the writer; the caller pairs begin and end. A NULL key is an array item. */
void json_begin_object(struct out *o, const char *key);
void json_end_object(struct out *o);
void json_begin_array(struct out *o, const char *key);
void json_end_array(struct out *o);
void json_str(struct out *o, const char *key, str value);
void json_z(struct out *o, const char *key, const char *value); /* NULL writes null */
void json_i64(struct out *o, const char *key, i64 value);
void json_fixed(struct out *o, const char *key, double value, int decimals);
void json_bool(struct out *o, const char *key, bool value);
void json_null(struct out *o, const char *key);
/* a number, or null where value < 0 */
void json_i64_or_null(struct out *o, const char *key, i64 value);

/* The length of the UTF-8 character at the start of s, 0 where there is no valid one. */
isize utf8_len(str s);

#endif
