/* number.h: telephone numbers in the forms they take on the way, and users that are no numbers at all.
 *
 *     as it stands                  raw                  plain (what people search)   key
 *     +44 (0)1632 960123            +441632960123        441632960123                 …2960123
 *     0044-1632-960123              00441632960123       441632960123                 …2960123
 *     01632960123;npdi;rn=+4480     01632960123          1632960123                   …2960123
 *     1234%2301632960123            1234#01632960123     1632960123                   …2960123
 *     *6701632960123                *6701632960123       1632960123                   …2960123
 *     201                           201                  201                          201
 *     0201                          0201                 0201                         0201
 *     Alice                         alice                alice                        alice
 *     anonymous                     anonymous            anonymous                    none
 *
 * Two numbers may be one when they end alike: a country code is then all that differs. */
#ifndef SIPWEAVE_NUMBER_H
#define SIPWEAVE_NUMBER_H

#include "base/base.h"

enum {
    NUMBER_MAX = 64, /* bytes kept of a number; what is longer is none */
    NUMBER_LAST =
        5, /* so many digits asked for find what ends in them; what stands before
                        fewer of them is no prefix */
    NUMBER_WHOLE =
        7, /* so many digits can be all but the country code of a longer number: the key's */
    NUMBER_COUNTRY = 4, /* digits that a country code and a trunk prefix have at most */
};

struct number {
    u8 raw[NUMBER_MAX];   /* lower case, without separators, %23 undone */
    u8 plain[NUMBER_MAX]; /* also without what is dialled before the number itself */
    isize nraw, nplain;
    isize ndigits; /* of the number as dialled; 0: a name, or a code such as *67 */
    bool digits;   /* plain is digits only */
    bool withheld; /* anonymous, unavailable, empty …: says nothing about who */
    u64 key; /* equal keys: the same subscriber, as far as digits can tell; 0 when withheld */
};

/* `text` is the user part of a SIP URI, the number of a tel URI, such a URI, or what somebody has typed. */
struct number number_read(str text);
/* The beginning of a number: nothing is known of its length, so every prefix is taken off. */
struct number number_read_start(str text);

/* key and withheld of number_read; quick for plain digits, and a plus before them. */
struct number_key {
    u64 key;
    bool withheld;
};
struct number_key number_key_of(str text);

static inline str number_raw(const struct number *n) {
    return (str){n->raw, n->nraw};
}
static inline str number_plain(const struct number *n) {
    return (str){n->plain, n->nplain};
}

/* Only what a number is written with, and how many of its bytes are digits; 0: it is no number. */
isize number_written_digits(str text);

#endif
