/* phone.h: one telephone number, in the forms that it takes.
 *
 *     as it stands                  raw                  plain (what is compared)
 *     +44 (0)1632 960123            +441632960123        441632960123
 *     0044-1632-960123              00441632960123       441632960123
 *     01632960123;npdi;rn=+4480     01632960123           1632960123
 *     1234#01632960123              1234#01632960123      1632960123
 *     alice                         alice                alice
 *
 * Two numbers may be one when they end alike: a country code is then all that differs. */
#ifndef SIPWEAVE_STORE_PHONE_H
#define SIPWEAVE_STORE_PHONE_H

#include "base/base.h"

enum {
    PHONE_MAX = 64, /* bytes kept of a number; what is longer is none */
    PHONE_LAST = 5, /* so many digits asked for find what ends in them */
    PHONE_WHOLE =
        7, /* so many digits stored can be all but the country code of a longer number */
    PHONE_COUNTRY = 4, /* digits that a country code and a trunk prefix have at most */
};

struct phone {
    u8 raw[PHONE_MAX], plain[PHONE_MAX];
    isize nraw, nplain;
    bool digits; /* plain is digits only */
};

struct phone phone_read(str text);
/* The beginning of a number: nothing is known of its length, so every prefix is taken off. */
struct phone phone_read_start(str text);
static inline str phone_raw(const struct phone *n) {
    return (str){n->raw, n->nraw};
}
static inline str phone_plain(const struct phone *n) {
    return (str){n->plain, n->nplain};
}
/* Backwards, into `to`; PHONE_MAX bytes at most. */
str phone_reversed(str s, u8 *to);

#endif
