/* chars.c: which byte may stand where, computed by the compiler from the rules' own words. */
#include "sip/inner.h"

#define ALNUM(c)                                                                         \
    (((c) >= '0' && (c) <= '9') || ((c) >= 'A' && (c) <= 'Z') ||                         \
     ((c) >= 'a' && (c) <= 'z'))
#define TOKEN(c)                                                                         \
    (ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '!' || (c) == '%' || (c) == '*' ||   \
     (c) == '_' || (c) == '+' || (c) == '`' || (c) == '\'' || (c) == '~')
#define WORD(c)                                                                          \
    (TOKEN(c) || (c) == '(' || (c) == ')' || (c) == '<' || (c) == '>' || (c) == ':' ||   \
     (c) == '\\' || (c) == '"' || (c) == '/' || (c) == '[' || (c) == ']' ||              \
     (c) == '?' || (c) == '{' || (c) == '}')
/* unreserved; the % of an escape is looked at by itself */
#define PLAIN(c)                                                                         \
    (ALNUM(c) || (c) == '-' || (c) == '_' || (c) == '.' || (c) == '!' || (c) == '~' ||   \
     (c) == '*' || (c) == '\'' || (c) == '(' || (c) == ')')
#define USER(c)                                                                          \
    (PLAIN(c) || (c) == '&' || (c) == '=' || (c) == '+' || (c) == '$' || (c) == ',' ||   \
     (c) == ';' || (c) == '?' || (c) == '/')
#define HOST(c) (ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '_')
#define PARAM(c)                                                                         \
    (PLAIN(c) || (c) == '[' || (c) == ']' || (c) == '/' || (c) == ':' || (c) == '&' ||   \
     (c) == '+' || (c) == '$' || (c) == ';' || (c) == '=')
#define HEADER(c)                                                                        \
    (PLAIN(c) || (c) == '[' || (c) == ']' || (c) == '/' || (c) == '?' || (c) == ':' ||   \
     (c) == '+' || (c) == '$' || (c) == '&' || (c) == '=')
#define LWS(c)   ((c) == ' ' || (c) == '\t' || (c) == '\r' || (c) == '\n')
#define VALUE(c) (TOKEN(c) || (c) == '[' || (c) == ']' || (c) == ':')

#define ONE(c)                                                                           \
    (u8)((TOKEN(c) ? SIP_CH_TOKEN : 0) | (WORD(c) ? SIP_CH_WORD : 0) |                   \
         (USER(c) ? SIP_CH_USER : 0) | (HOST(c) ? SIP_CH_HOST : 0) |                     \
         (PARAM(c) ? SIP_CH_PARAM : 0) | (HEADER(c) ? SIP_CH_HEADER : 0) |               \
         (LWS(c) ? SIP_CH_LWS : 0) | (VALUE(c) ? SIP_CH_VALUE : 0))
#define FOUR(c)      ONE(c), ONE((c) + 1), ONE((c) + 2), ONE((c) + 3)
#define SIXTEEN(c)   FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define SIXTYFOUR(c) SIXTEEN(c), SIXTEEN((c) + 16), SIXTEEN((c) + 32), SIXTEEN((c) + 48)

const u8 sip_chars[256] = {SIXTYFOUR(0), SIXTYFOUR(64), SIXTYFOUR(128), SIXTYFOUR(192)};

const char sip_why_no_start[] = "this is no SIP start line";
const char sip_why_quote[] = "a quoted string is not closed";
const char sip_why_cseq_range[] = "the number is over 2^32 - 1";

isize sip_quote_end(str s, isize at) {
    for (isize i = at + 1; i < s.n; i++) {
        if (s.p[i] == '"') return i + 1;
        if (s.p[i] == '\\') i++;
    }
    return -1;
}
