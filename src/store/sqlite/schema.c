#include "store/sqlite/schema.h"

/* Read with schema.h: the picture and the invariants stand there. */
const char store_schema[] =
    /* capture points; `uses`: how many sightings are of it */
    "CREATE TABLE source(id INTEGER PRIMARY KEY, name TEXT NOT NULL, device TEXT NOT "
    "NULL,"
    " kind INTEGER NOT NULL, uses INTEGER NOT NULL, UNIQUE(name,device,kind)) STRICT;"

    /* addresses; `uses`: how often sightings have it as source or destination */
    "CREATE TABLE endpoint(id INTEGER PRIMARY KEY, family INTEGER NOT NULL, ip BLOB NOT "
    "NULL,"
    " port INTEGER NOT NULL, uses INTEGER NOT NULL, UNIQUE(family,ip,port)) STRICT;"

    /* stretch = ref >> 16 */
    "CREATE TABLE call_id(stretch INTEGER NOT NULL, text TEXT NOT NULL,"
    " ref INTEGER NOT NULL, PRIMARY KEY(stretch,text)) STRICT, WITHOUT ROWID;"

    /* packed sightings; kept_us: when the first of them came, by the store's clock */
    "CREATE TABLE block(id INTEGER PRIMARY KEY,"
    " first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, n INTEGER NOT NULL,"
    " kept_us INTEGER NOT NULL,"
    " format INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX block_time ON block(first_us);"
    "CREATE TABLE part(ref INTEGER NOT NULL, block INTEGER NOT NULL,"
    " PRIMARY KEY(ref,block)) STRICT, WITHOUT ROWID;"

    /* calls as they were linked last; digest: hash of the summary */
    "CREATE TABLE call(no INTEGER PRIMARY KEY, id TEXT NOT NULL,"
    " start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, status INTEGER NOT NULL, duration_ms INTEGER NOT NULL, "
    "digest INTEGER NOT NULL,"
    " blocks BLOB NOT NULL, format INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX call_start ON call(start_us);"
    "CREATE UNIQUE INDEX call_by_id ON call(no>>14,id);"

    /* id: hash of the leg's id */
    "CREATE TABLE leg(ref INTEGER NOT NULL, call INTEGER NOT NULL,"
    " id INTEGER NOT NULL, PRIMARY KEY(ref,call,id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX leg_id ON leg(call>>14,id);"

    /* slice = start_us >> 22 */
    "CREATE TABLE word(stretch INTEGER NOT NULL, kind INTEGER NOT NULL, text TEXT NOT "
    "NULL, slice INTEGER NOT NULL,"
    " data BLOB NOT NULL, PRIMARY KEY(stretch,kind,text,slice)) STRICT, WITHOUT ROWID;"

    /* how many calls start in a minute; at = start_us / 60000000 */
    "CREATE TABLE volume(at INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " state INTEGER NOT NULL, n INTEGER NOT NULL, PRIMARY KEY(at,kind,state)) STRICT,"
    " WITHOUT ROWID;"

    /* what many calls say; uses: calls that are packed with it. AUTOINCREMENT: no number comes twice */
    "CREATE TABLE dictionary(id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " uses INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"

    /* what legs are found by from other legs; at = start_us >> 24 */
    "CREATE TABLE mark(at INTEGER PRIMARY KEY, format INTEGER NOT NULL, data BLOB NOT "
    "NULL) STRICT;"

    /* what linking had learned then; at = time >> 30 */
    "CREATE TABLE lore(at INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"

    /* Call-IDs that are in no call, a bit each; at = ref >> 12 */
    "CREATE TABLE loose(at INTEGER PRIMARY KEY, bits BLOB NOT NULL) STRICT;"

    "CREATE TABLE total(one INTEGER PRIMARY KEY CHECK(one=1), sightings INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, last_us INTEGER NOT NULL) STRICT;"
    "INSERT INTO total VALUES(1,0,0,-9223372036854775807);";

const char sieve_schema[] =
    "CREATE TABLE IF NOT EXISTS sieve(id INTEGER PRIMARY KEY, bits BLOB NOT NULL) "
    "STRICT;";
