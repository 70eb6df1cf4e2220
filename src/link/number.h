/* number.h: telephone numbers in the forms they take on the way: +44…, 0044…, 0…, 1234#0…,
 * 020 7946 0452, ;npdi;rn=…; and users that are no numbers at all. */
#ifndef SIPWEAVE_NUMBER_H
#define SIPWEAVE_NUMBER_H

#include "base/base.h"

enum { NUMBER_DIGITS = 32, NUMBER_TAIL = 7 };

/* What stays the same whatever a network does to a number: the last seven digits of a long one, all
 * digits of a short one (an extension), the lower-case word of a name. */
struct number {
    u8 digits[NUMBER_DIGITS]; /* without prefixes, separators and parameters */
    u8 ndigits;
    bool withheld; /* anonymous, unavailable, empty …: says nothing about who */
    u64 key; /* equal keys: the same subscriber, as far as digits can tell; 0 when withheld */
};

/* `user` is the user part of a SIP URI or the number of a tel URI. */
struct number number_read(str user);

#endif
