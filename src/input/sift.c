#include "input/parts.h"

static bool only_of(str s, str allowed) {
    for (isize i = 0; i < s.n; i++) {
        if (str_find(allowed, s.p[i]) < 0) return false;
    }
    return true;
}

/* CRLFCRLF and CRLF of RFC 5626; NULs of Snom and Cisco; "jaK" of Vonage and Sipura; "hello" of Linphone
 * (nDPI sip_hello.pcapng); single bytes of many. */
bool input_is_keep_alive(str payload) {
    static const str known[] = {{(const u8 *)"jaK", 3}, {(const u8 *)"hello", 5}};
    if (payload.n <= 1 || only_of(payload, S("\r\n \t"))) return true;
    if (payload.n <= 64 && only_of(payload, S("\0"))) return true;
    for (isize i = 0; i < countof(known); i++) {
        str word = str_sub(payload, 0, known[i].n);
        str rest = str_from(payload, known[i].n);
        if (str_eq(word, known[i]) && only_of(rest, S("\r\n\0"))) return true;
    }
    return false;
}
