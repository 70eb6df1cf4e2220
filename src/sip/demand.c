/* demand.c: what a message asks for beyond the usual (RFC 4475 §3.3): option tags, authentication
 * schemes, body types. The message is fine; a receiver that does not know them will refuse it. */
#include "sip/inner.h"

static bool is_listed(str word, const char *const *list, isize n) {
    for (isize i = 0; i < n; i++) {
        if (str_eq_nocase(word, str_z(list[i]))) return true;
    }
    return false;
}

/* The option tags that IANA lists. */
static const char *const option_tags[] = {
    "100rel",
    "199",
    "answermode",
    "early-session",
    "eventlist",
    "explicitsub",
    "from-change",
    "geolocation-http",
    "geolocation-sip",
    "gin",
    "gruu",
    "histinfo",
    "ice",
    "join",
    "multiple-refer",
    "norefersub",
    "nosub",
    "outbound",
    "path",
    "policy",
    "precondition",
    "pref",
    "privacy",
    "recipient-list-invite",
    "recipient-list-message",
    "recipient-list-subscribe",
    "record-aware",
    "replaces",
    "resource-priority",
    "sdp-anat",
    "sec-agree",
    "siprec",
    "tdialog",
    "timer",
    "trickle-ice",
    "uui",
};

static const char *const auth_schemes[] = {"Digest", "Basic",    "Bearer",
                                           "NTLM",   "Kerberos", "TLS-DSK"};

static const char *const body_types[] = {
    "application/sdp",
    "application/isup",
    "application/qsig",
    "application/pkcs7-mime",
    "application/pkcs7-signature",
    "application/resource-lists+xml",
    "application/pidf+xml",
    "application/rs-metadata",
    "application/rs-metadata+xml",
    "application/dtmf-relay",
};

static void check_require(struct sip_msg *m, str value) {
    str tag;
    while (sip_list_next(&value, &tag)) {
        if (is_listed(tag, option_tags, countof(option_tags))) continue;
        sip_note_part(m, SIP_NOTE_EXTENSION_REQUIRED, tag);
        return;
    }
}

static void check_scheme(struct sip_msg *m, str value) {
    str scheme = str_sub(value, 0, sip_span(value, 0, SIP_CH_TOKEN));
    if (scheme.n == 0 || is_listed(scheme, auth_schemes, countof(auth_schemes))) return;
    sip_note_part(m, SIP_NOTE_EXTENSION_REQUIRED, scheme);
}

/* Of the bodies that an INVITE may bring; whole families and vendors' own pass. */
static void check_body_type(struct sip_msg *m, str value) {
    str type = str_trim(str_cut(value, ';').head);
    if (is_listed(type, body_types, countof(body_types))) return;
    if (str_starts_nocase(type, S("multipart/")) || str_starts_nocase(type, S("text/")) ||
        str_starts_nocase(type, S("message/")) || str_starts_nocase(type, S("image/")) ||
        str_starts_nocase(type, S("application/vnd.")) ||
        str_starts_nocase(type, S("application/x-"))) {
        return;
    }
    sip_note_part(m, SIP_NOTE_EXTENSION_REQUIRED, type);
}

/* An INVITE whose answer may not be a session description can hardly be answered (§20.1). */
static void check_accept(struct sip_msg *m, str value) {
    if (value.n == 0 || str_find_nocase(value, S("application/sdp")) >= 0) return;
    if (str_find_nocase(value, S("*/*")) >= 0) return;
    if (str_find_nocase(value, S("application/*")) >= 0) return;
    sip_note_part(m, SIP_NOTE_EXTENSION_REQUIRED, value);
}

void sip_demand_check(struct sip_msg *m, const struct sip_header *h) {
    switch (h->id) {
    case SIP_HDR_REQUIRE: check_require(m, h->value); break;
    case SIP_HDR_AUTHORIZATION:
    case SIP_HDR_PROXY_AUTHORIZATION:
    case SIP_HDR_WWW_AUTHENTICATE:
    case SIP_HDR_PROXY_AUTHENTICATE: check_scheme(m, h->value); break;
    case SIP_HDR_CONTENT_TYPE:
        if (m->method == SIP_METHOD_INVITE) check_body_type(m, h->value);
        break;
    case SIP_HDR_ACCEPT:
        if (m->method == SIP_METHOD_INVITE) check_accept(m, h->value);
        break;
    default: break;
    }
}
