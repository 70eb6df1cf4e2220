/* sdp.h: a session description (RFC 8866), parsed in place; tolerant, nothing allocated.
 * Slices lie inside the bytes given. Lines past the limits are counted, not kept. */
#ifndef SIPWEAVE_SDP_H
#define SIPWEAVE_SDP_H

#include "base/err.h"

enum { SDP_MAX_MEDIA = 16, SDP_MAX_NOTES = 8 };

enum sdp_direction { SDP_SENDRECV, SDP_SENDONLY, SDP_RECVONLY, SDP_INACTIVE };

struct sdp_media {
    str type;                     /* "audio" */
    u16 port;                     /* 0: refused or held back */
    u16 nports;                   /* 1 unless "port/n" */
    str proto;                    /* "RTP/AVP" */
    str formats;                  /* "8 101", as written */
    str address;                  /* of its own c= line, else the session's */
    str rtcp;                     /* value of a=rtcp, empty where absent */
    enum sdp_direction direction; /* its own, else the session's */
    str ice_ufrag, fingerprint, crypto,
        ssrc;  /* first of each, its own, else the session's; empty where absent */
    str lines; /* from its m= line to the next one, for a closer look */
};

struct sdp {
    str origin_user, session_id, session_version, origin_address; /* o= */
    str session_name;                                             /* s= */
    str address;                                                  /* c= of the session */
    struct sdp_media media[SDP_MAX_MEDIA];
    isize nmedia;
    isize media_skipped;              /* past SDP_MAX_MEDIA */
    struct fail notes[SDP_MAX_NOTES]; /* what is malformed, by offset in the text */
    isize nnotes;
};

/* ERR_OK: an SDP, perhaps with notes. ERR_SYNTAX: no "v=" line comes first; *f says so. */
must_use enum err sdp_parse(struct sdp *d, str text, struct fail *f);

/* Takes the next "x=value" line off *rest; line ends CRLF, LF or CR. False at the end. */
struct sdp_line {
    u8 type; /* 'm'; 0 where the line is malformed (value is then the whole line) */
    str value;
};
bool sdp_line_next(str *rest, struct sdp_line *line);

/* The value of the attribute in these lines: "a=NAME:value" or "a=NAME" (empty, *found true). First one wins. */
str sdp_attribute(str lines, str name, bool *found);

#endif
