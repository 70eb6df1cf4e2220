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

    "CREATE TABLE call_id(ref INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE) STRICT;"

    /* packed sightings; bucket = first_us >> 30; kept_us: when the first of them came, by the store's clock */
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY,"
    " ref INTEGER NOT NULL REFERENCES call_id, bucket INTEGER NOT NULL,"
    " first_us INTEGER NOT NULL, last_us INTEGER NOT NULL, n INTEGER NOT NULL,"
    " kept_us INTEGER NOT NULL,"
    " format INTEGER NOT NULL, data BLOB NOT NULL) STRICT;"
    "CREATE INDEX chunk_leg ON chunk(ref,bucket);"
    "CREATE INDEX chunk_time ON chunk(first_us);"

    /* calls as they were linked last; digest: hash of the summary */
    "CREATE TABLE call(no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
    " start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " status INTEGER NOT NULL, duration_ms INTEGER NOT NULL, digest INTEGER NOT NULL,"
    " words BLOB NOT NULL, blocks BLOB NOT NULL,"
    " format INTEGER NOT NULL, json BLOB NOT NULL) STRICT;"
    "CREATE INDEX call_start ON call(start_us);"

    /* id: hash of the leg's id */
    "CREATE TABLE leg(call INTEGER NOT NULL REFERENCES call,"
    " ref INTEGER NOT NULL REFERENCES call_id, id INTEGER NOT NULL,"
    " PRIMARY KEY(call,ref,id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX leg_ref ON leg(ref,call);"
    "CREATE INDEX leg_id ON leg(id);"

    "CREATE TABLE word(id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text TEXT NOT NULL,"
    " UNIQUE(kind,text)) STRICT;"
    "CREATE TABLE posting(word INTEGER NOT NULL, start_us INTEGER NOT NULL,"
    " call INTEGER NOT NULL, PRIMARY KEY(word,start_us,call)) STRICT, WITHOUT ROWID;"

    /* what legs are found by from other legs; at = start_us >> 24 */
    "CREATE TABLE mark(at INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"

    /* what linking had learned then; at = time >> 30 */
    "CREATE TABLE lore(at INTEGER PRIMARY KEY, data BLOB NOT NULL) STRICT;"

    "CREATE TABLE total(one INTEGER PRIMARY KEY CHECK(one=1), sightings INTEGER NOT NULL,"
    " calls INTEGER NOT NULL, last_us INTEGER NOT NULL) STRICT;"
    "INSERT INTO total VALUES(1,0,0,-9223372036854775807);";
