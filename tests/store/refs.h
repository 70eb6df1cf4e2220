/* refs.h: what holds of Call-IDs, (2) and (8), as questions whose answer has to be 0. */
#ifndef SIPWEAVE_TESTS_STORE_REFS_H
#define SIPWEAVE_TESTS_STORE_REFS_H

/* Bit ref & 7 of its byte, read from the hexadecimal digit that has it. */
#define LOOSE_BIT                                                                        \
    "EXISTS(SELECT 1 FROM loose WHERE at=ref>>12 AND"                                    \
    "(instr('0123456789ABCDEF',substr(hex(substr(bits,1+((ref&4095)>>3),1)),"            \
    "2-((ref>>2)&1),1))-1)>>(ref&3)&1)"

#define REFS_CHECKS                                                                      \
    "SELECT count(*) FROM (SELECT ref FROM part EXCEPT SELECT ref FROM leg)"             \
    " WHERE NOT " LOOSE_BIT,                                                             \
        "SELECT count(*) FROM call_id WHERE (ref IN (SELECT ref FROM leg)"               \
        " OR ref NOT IN (SELECT ref FROM part)) AND " LOOSE_BIT,                         \
        "SELECT count(*) FROM call_id WHERE ref NOT IN (SELECT ref FROM part)"           \
        " AND ref NOT IN (SELECT ref FROM leg)",                                         \
        "SELECT count(*) FROM call_id WHERE stretch<>ref>>16",                           \
        "SELECT count(*) FROM loose WHERE length(bits)<>512 OR bits=zeroblob(512)"

#endif
