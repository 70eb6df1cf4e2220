/* The real messages of RFC 4475, read from $SIPWEAVE_CORPUS/rfc4475: none is lost, and the notes are what
 * its section says is wrong, no more. Valid messages have none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sip/torture.h"

static const struct torture rows[] = {
    /* 3.1.1.1 */
    {"wsinv.dat", "", "INVITE", "wsinv.ndaksdj@192.0.2.1", "98asjd8", "1918181833n",
     "390skdjuw", 9, 14, 150},
    /* 3.1.1.2 */
    {"intmeth.dat", "", "!interesting-Method0123456789_*+`.%indeed'~",
     "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "_token~1'+`*%!-.", "",
     "z9hG4bK-.!%66*_+`'~", 139122385, 8, 0},
    /* 3.1.1.3 */
    {"esc01.dat", "", "INVITE", "esc01.239409asdfakjkn23onasd0-3234", "938", "",
     "z9hG4bKkdjuw", 234234, 9, 150},
    /* 3.1.1.4 */
    {"escnull.dat", "", "REGISTER", "escnull.39203ndfvkjdasfkq3w4otrq0adsfdfnavd",
     "839923423", "", "z9hG4bKkdjuw", 14398234, 9, 0},
    /* 3.1.1.5 */
    {"esc02.dat", "", "RE%47IST%45R", "esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf",
     "f232jadfj23", "", "z9hG4bK209%fzsnel234", 29344, 10, 0},
    /* 3.1.1.6 */
    {"lwsdisp.dat", "", "OPTIONS", "lwsdisp.1234abcd@funky.example.com", "323", "",
     "z9hG4bKkdjuw", 60, 7, 0},
    /* 3.1.1.7 */
    {"longreq.dat", "", "INVITE", "longreq.onereallyreallyr…",
     "129829829829829829829829…", "", "", 3882340, 43, 150},
    /* 3.1.1.8: what follows the body is noise, and is said */
    {"dblreq.dat", "body-long", "REGISTER", "dblreq.0ha0isndaksdj99sdfafnl3lk233412",
     "43251j3j324", "", "z9hG4bKkdjuw23492", 8, 8, 0},
    /* 3.1.1.9 */
    {"semiuri.dat", "", "OPTIONS", "semiuri.0ha0isndaksdj", "33242", "", "z9hG4bKkdjuw",
     8, 8, 0},
    /* 3.1.1.10 */
    {"transports.dat", "", "OPTIONS", "transports.kijh4akdnaqjkwendsasfdj", "323", "",
     "z9hG4bKkdjuw", 60, 12, 0},
    /* 3.1.1.11 */
    {"mpart01.dat", "", "MESSAGE", "3d9485ad0c49859b@Zmx1ZmZ5LW1hYy0xNi5sb2NhbA..",
     "2fb0dcc9", "", "z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-", 1, 14, 553},
    /* 3.1.1.12 */
    {"unreason.dat", "", "200", "unreason.1234ksdfak3j2erwedfsASdf", "11141343", "2229",
     "z9hG4bK1324923", 35, 8, 154},
    /* 3.1.1.13 */
    {"noreason.dat", "", "100", "noreason.asndj203insdf99223ndf", "39ansfi3",
     "902jndnke3", "z9hG4bK2398ndaoe", 35, 7, 0},
    /* 3.1.2.1: in Via and in Contact */
    {"badinv01.dat", "via contact", "INVITE", "badinv01.0ha0isndaksdjasdf3234nas",
     "134161461246", "", "", 8, 9, 152},
    /* 3.1.2.2 */
    {"clerr.dat", "body-short", "INVITE", "clerr.0ha0isndaksdjweiafasdk3", "93942939o2",
     "", "z9hG4bK-39234-23523", 8, 9, 154},
    /* 3.1.2.3 */
    {"ncl.dat", "content-length", "INVITE", "ncl.0ha0isndaksdj2193423r542w35", "32394234",
     "", "z9hG4bKkdjuw", 0, 9, 152},
    /* 3.1.2.4: CSeq, Max-Forwards, Expires and ;expires */
    {"scalar02.dat", "cseq-range max-forwards expires", "REGISTER",
     "scalar02.23o0pd9vanlq3wnrlnewofjas9ui32", "239232jh3", "", "z9hG4bK342sdfoi3",
     4294967295, 9, 0},
    /* 3.1.2.5: CSeq and the warn-code; no range is defined for Retry-After */
    {"scalarlg.dat", "cseq-range warning", "503",
     "scalarlg.noase0of0234hn2qofoaf0232aewf2394r", "2easdjfejw", "",
     "z9hG4bKzzxdiwo34sw", 4294967295, 8, 0},
    /* 3.1.2.6 */
    {"quotbal.dat", "quote", "INVITE", "quotbal.aksdj", "93334", "", "z9hG4bKkdjuw39234",
     8, 9, 152},
    /* 3.1.2.7 */
    {"ltgtruri.dat", "request-uri", "INVITE", "ltgtruri.1@192.0.2.5", "39291", "", "", 1,
     9, 159},
    /* 3.1.2.8 */
    {"lwsruri.dat", "request-uri", "INVITE",
     "lwsruri.asdfasdoeoi2323-asdfwrn23-asd834rk423", "231413434", "3xfe-9921883-z9f",
     "z9hG4bKkdjuw2395", 2130706432, 9, 159},
    /* 3.1.2.9 */
    {"lwsstart.dat", "start-line", "INVITE",
     "lwsstart.dfknq234oi243099adsdfnawe3@example.com", "8814", "", "z9hG4bKkdjuw3923",
     1893884, 9, 150},
    /* 3.1.2.10 */
    {"trws.dat", "start-line", "OPTIONS", "trws.oicu34958239neffasdhr2345r", "329429089",
     "", "z9hG4bK299342093", 238923, 8, 0},
    /* 3.1.2.11 */
    {"escruri.dat", "request-uri", "INVITE",
     "escruri.23940-asdfhj-aje3br-234q098w-fawerh2q-h4n5", "341518", "", "z9hG4bKkdjuw",
     149209342, 9, 150},
    /* 3.1.2.12 */
    {"baddate.dat", "date", "INVITE", "baddate.239423mnsadf3j23lj42--sedfnm234",
     "2234923", "", "z9hG4bKkdjuw", 1392934, 10, 150},
    /* 3.1.2.13 */
    {"regbadct.dat", "contact", "REGISTER", "regbadct.k345asrl3fdbv@10.0.0.1", "998332",
     "", "z9hG4bKkdjuw", 1, 8, 0},
    /* 3.1.2.14 */
    {"badaspec.dat", "to", "OPTIONS", "badaspec.sdf0234n2nds0a099u23h3hnnw009cdkne3",
     "433423", "", "z9hG4bKkdju43234", 3923239, 8, 0},
    /* 3.1.2.15; the file also ends before its blank line */
    {"baddn.dat", "from to headers-cut", "OPTIONS", "baddn.31415@c.example.com", "43", "",
     "z9hG4bKkdjuw", 3923239, 8, 0},
    /* 3.1.2.16 */
    {"badvers.dat", "version", "OPTIONS", "badvers.31417@c.example.com", "qweoiqpe", "",
     "z9hG4bKkdjuw", 1, 7, 0},
    /* 3.1.2.17 */
    {"mismatch01.dat", "cseq-method", "OPTIONS", "mismatch01.dj0234sxdfl3", "34525", "",
     "z9hG4bKkdjuw", 8, 7, 0},
    /* 3.1.2.18 */
    {"mismatch02.dat", "cseq-method", "NEWMETHOD", "mismatch02.dj0234sxdfl3", "34525", "",
     "z9hG4bKkdjuw", 8, 9, 138},
    /* 3.1.2.19 */
    {"bigcode.dat", "status", "0", "bigcode.asdof3uj203asdnf3429uasdhfas3ehjasdfas9i",
     "39ansfi3", "902jndnke3", "z9hG4bK2398ndaoe", 353494, 7, 0},
    /* 3.2.1 */
    {"badbranch.dat", "via", "OPTIONS", "badbranch.sadonfo23i420jv0as0derf3j3n", "33242",
     "", "z9hG4bK", 8, 8, 0},
    /* 3.3.1; Max-Forwards is missing as well */
    {"insuf.dat", "no-from no-to no-call-id no-max-forwards", "INVITE", "", "", "",
     "z9hG4bKkdj.insuf", 193942, 4, 152},
    /* 3.3.2 */
    {"unkscm.dat", "extension-required", "OPTIONS", "unkscm.nasdfasser0q239nwsdfasdkl34",
     "384", "", "z9hG4bKkdjuw39234", 3923423, 7, 0},
    /* 3.3.3 */
    {"novelsc.dat", "extension-required", "OPTIONS", "novelsc.asdfasser0q239nwsdfasdkl34",
     "384", "", "z9hG4bKkdjuw39234", 3923423, 7, 0},
    /* 3.3.4: well formed, and a registrar's business */
    {"unksm2.dat", "", "REGISTER", "unksm2.daksdj@hyphenated-host.example.com", "3234233",
     "", "z9hG4bKkdjuw", 234902, 8, 0},
    /* 3.3.5 */
    {"bext01.dat", "extension-required", "OPTIONS", "bext01.0ha0isndaksdj", "242etr", "",
     "z9hG4bKkdjuw", 8, 9, 0},
    /* 3.3.6 */
    {"invut.dat", "extension-required", "INVITE", "invut.0ha0isndaksdjadsfij34n23d",
     "8392034", "", "z9hG4bKkdjuw", 235448, 9, 40},
    /* 3.3.7 */
    {"regaut01.dat", "extension-required", "REGISTER", "regaut01.0ha0isndaksdj",
     "87321hj23128", "", "z9hG4bKkdjuw", 9338, 8, 0},
    /* 3.3.8 */
    {"multi01.dat", "duplicate", "INVITE", "multi01.98asdh@192.0.2.1", "3413415", "",
     "z9hG4bKkdjuw", 5, 15, 154},
    /* 3.3.9: the first Content-Length is believed */
    {"mcl01.dat", "duplicate body-long", "OPTIONS",
     "mcl01.fhn2323orihawfdoa3o4r52o3irsdf", "3923942", "", "z9hG4bK293423", 15932, 9,
     13},
    /* 3.3.10 */
    {"bcast.dat", "", "200", "bcast.0384840201234ksdfak3j2erwedfsASdf", "11141343",
     "2229", "z9hG4bK1324923", 35, 9, 154},
    /* 3.3.11 */
    {"zeromf.dat", "", "OPTIONS", "zeromf.jfasdlfnm2o2l43r5u0asdfas", "3ghsd41", "",
     "z9hG4bKkdjuw2349i", 39234321, 7, 0},
    /* 3.3.12 */
    {"cparam01.dat", "", "REGISTER", "cparam01.70710@saturn.example.com",
     "DkfVgjkrtMwaerKKpe", "", "z9hG4bKkdjuw", 2, 8, 0},
    /* 3.3.13 */
    {"cparam02.dat", "", "REGISTER", "cparam02.70710@saturn.example.com", "838293", "",
     "z9hG4bKkdjuw", 3, 8, 0},
    /* 3.3.14 */
    {"regescrt.dat", "", "REGISTER", "regescrt.k345asrl3fdbv@192.0.2.1", "8", "",
     "z9hG4bKkdjuw", 14398234, 8, 0},
    /* 3.3.15 */
    {"sdp01.dat", "extension-required", "INVITE", "sdp01.ndaksdj9342dasdd", "234", "",
     "z9hG4bKkdjuw", 8, 10, 150},
    /* 3.4.1: fine but for RFC 3261's Max-Forwards */
    {"inv2543.dat", "no-max-forwards", "INVITE", "inv2543.1717@ift.client.example.com",
     "", "", "", 56, 7, 105},
};

static const char *corpus_folder(char *path, size_t size) {
    const char *corpus = getenv("SIPWEAVE_CORPUS");
    if (!corpus) {
        print_message(
            "SIPWEAVE_CORPUS is not set: the messages of RFC 4475 are not at hand\n");
        skip();
    }
    snprintf(path, size, "%s/rfc4475", corpus ? corpus : "");
    return path;
}

static void the_messages_of_rfc_4475(void **state) {
    (void)state;
    char path[1024];
    const char *folder = corpus_folder(path, sizeof path);
    bool ok = true;
    for (isize i = 0; i < countof(rows); i++) ok = torture_check(folder, &rows[i]) && ok;
    assert_true(ok);
    assert_int_equal(countof(rows), 49);
}

/* test.dat beside them is no message, and is still read as far as it goes. */
static void the_file_that_is_no_message(void **state) {
    (void)state;
    char path[1024];
    static const struct torture row = {
        "test.dat", "start-line to from header-colon no-via no-cseq",
        "INVITE",   "test.0ha0isndaksdj@192.0.2.1",
        "",         "",
        "",         0,
        10,         18};
    assert_true(torture_check(corpus_folder(path, sizeof path), &row));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_messages_of_rfc_4475),
        cmocka_unit_test(the_file_that_is_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
