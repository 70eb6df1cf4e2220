#include "base/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { STREAM_BLOCK = 1 << 16 };

void out_drop(struct out *o) {
    base_free(o->p);
    *o = (struct out){0};
}

bool out_flush(struct out *o) {
    if (o->sink && o->n && !o->stopped) o->stopped = !o->sink(o->ctx, out_str(o));
    if (o->sink) o->n = 0;
    return !o->stopped;
}

str out_str(const struct out *o) {
    return (str){o->p, o->n};
}

void out_bytes(struct out *o, str s) {
    if (s.n == 0) return;
    o->p = base_grow(o->p, &o->cap, o->n + s.n, 1);
    memcpy(o->p + o->n, s.p, (size_t)s.n);
    o->n += s.n;
    if (o->sink && o->n >= STREAM_BLOCK) out_flush(o);
}

void out_z(struct out *o, const char *z) {
    out_bytes(o, str_z(z));
}

void out_byte(struct out *o, u8 c) {
    out_bytes(o, (str){&c, 1});
}

void out_u64(struct out *o, u64 n) {
    u8 digits[20];
    isize at = countof(digits);
    do {
        digits[--at] = (u8)('0' + n % 10);
        n /= 10;
    } while (n);
    out_bytes(o, (str){digits + at, countof(digits) - at});
}

void out_i64(struct out *o, i64 n) {
    if (n < 0) out_byte(o, '-');
    out_u64(o, n < 0 ? 0 - (u64)n : (u64)n);
}

void out_printf(struct out *o, const char *format, ...) {
    char text[512];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    must(n >= 0);
    if (n < (int)sizeof text) {
        out_bytes(o, (str){(u8 *)text, n});
    } else {
        o->p = base_grow(o->p, &o->cap, o->n + n + 1, 1);
        vsnprintf((char *)o->p + o->n, (size_t)n + 1, format, again);
        o->n += n;
    }
    va_end(again);
}

isize utf8_len(str s) {
    if (s.n == 0) return 0;
    u8 c = s.p[0];
    if (c < 0x80) return 1;
    isize n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    if (c < 0xc2 || c > 0xf4 || s.n < n) return 0;
    for (isize i = 1; i < n; i++) {
        if ((s.p[i] & 0xc0) != 0x80) return 0;
    }
    /* overlong forms, UTF-16 surrogates, past U+10FFFF */
    if (c == 0xe0 && s.p[1] < 0xa0) return 0;
    if (c == 0xed && s.p[1] > 0x9f) return 0;
    if (c == 0xf0 && s.p[1] < 0x90) return 0;
    if (c == 0xf4 && s.p[1] > 0x8f) return 0;
    return n;
}

static const char *xml_entity(u8 c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: break;
    }
    if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') return "\xef\xbf\xbd";
    return NULL;
}

void out_xml(struct out *o, str s) {
    while (s.n) {
        isize n = utf8_len(s);
        const char *entity = n == 1 ? xml_entity(s.p[0]) : NULL;
        /* U+FFFE and U+FFFF are UTF-8 but no XML characters */
        if (n == 3 && s.p[0] == 0xef && s.p[1] == 0xbf && s.p[2] >= 0xbe) n = 0;
        if (n == 0) entity = "\xef\xbf\xbd";
        if (n == 0) n = 1;
        if (entity) {
            out_z(o, entity);
        } else {
            out_bytes(o, str_sub(s, 0, n));
        }
        s = str_from(s, n);
    }
}

static void json_text(struct out *o, str s) {
    out_byte(o, '"');
    while (s.n) {
        isize plain = 0;
        while (plain < s.n && s.p[plain] >= 0x20 && s.p[plain] < 0x7f &&
               s.p[plain] != '"' && s.p[plain] != '\\') {
            plain++;
        }
        out_bytes(o, str_sub(s, 0, plain));
        s = str_from(s, plain);
        if (s.n == 0) break;
        u8 c = s.p[0];
        isize n = utf8_len(s);
        if (c == '"' || c == '\\') {
            out_byte(o, '\\');
            out_byte(o, c);
        } else if (c == '\n') {
            out_z(o, "\\n");
        } else if (c == '\r') {
            out_z(o, "\\r");
        } else if (c == '\t') {
            out_z(o, "\\t");
        } else if (c < 0x20 || c == 0x7f) {
            out_printf(o, "\\u%04x", c);
        } else if (n) {
            out_bytes(o, str_sub(s, 0, n));
        } else {
            out_z(o, "\\ufffd");
        }
        s = str_from(s, n ? n : 1);
    }
    out_byte(o, '"');
}

static void json_lead(struct out *o, const char *key) {
    if (o->comma) out_byte(o, ',');
    o->comma = true;
    if (!key) return;
    json_text(o, str_z(key));
    out_byte(o, ':');
}

static void json_open(struct out *o, const char *key, u8 bracket) {
    json_lead(o, key);
    out_byte(o, bracket);
    o->comma = false;
}

static void json_close(struct out *o, u8 bracket) {
    out_byte(o, bracket);
    o->comma = true;
}

void json_begin_object(struct out *o, const char *key) {
    json_open(o, key, '{');
}
void json_end_object(struct out *o) {
    json_close(o, '}');
}
void json_begin_array(struct out *o, const char *key) {
    json_open(o, key, '[');
}
void json_end_array(struct out *o) {
    json_close(o, ']');
}

void json_str(struct out *o, const char *key, str value) {
    json_lead(o, key);
    json_text(o, value);
}

void json_z(struct out *o, const char *key, const char *value) {
    if (!value) {
        json_null(o, key);
        return;
    }
    json_str(o, key, str_z(value));
}

void json_i64(struct out *o, const char *key, i64 value) {
    json_lead(o, key);
    out_i64(o, value);
}

void json_fixed(struct out *o, const char *key, double value, int decimals) {
    json_lead(o, key);
    out_printf(o, "%.*f", decimals, value);
}

void json_bool(struct out *o, const char *key, bool value) {
    json_lead(o, key);
    out_z(o, value ? "true" : "false");
}

void json_null(struct out *o, const char *key) {
    json_lead(o, key);
    out_z(o, "null");
}

void json_i64_or_null(struct out *o, const char *key, i64 value) {
    if (value < 0) {
        json_null(o, key);
    } else {
        json_i64(o, key, value);
    }
}
