/* main.c: which command? The rest is in one file a command. */
#include "cli/cli.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "cli/version.h"

static const char help[] =
    "sipweave: one phone call, all its legs, one picture.\n"
    "\n"
    "  sipweave FILE...              open captures and device logs together in the "
    "browser\n"
    "  sipweave calls FILE...        one line a call; --json: one JSON object a line\n"
    "  sipweave show FILE...         the ladder of one call, as text, svg, html or json\n"
    "  sipweave import FILE... --db DATABASE\n"
    "                                keep them in a database\n"
    "  sipweave serve --db DATABASE  the server: page, API, syslog listeners\n"
    "\n"
    "A file may be a pcap or pcapng capture or a FireBrick log; \"-\" is standard "
    "input.\n"
    "\n"
    "  --call X           the call to show: its id, a Call-ID or a number (the first "
    "call otherwise)\n"
    "  --kind KIND        call, registration, subscription, message, options or all\n"
    "  --format FORMAT    text, svg, html or json\n"
    "  --unfold           show repeated messages one by one\n"
    "  --ascii            text with ASCII characters alone\n"
    "  --why              text with all evidence for each leg, and its weight\n"
    "  --output FILE      write there, not to standard output\n"
    "  --hosts FILE       names for addresses, as in /etc/hosts; one name on several is "
    "a pool\n"
    "  --timezone ZONE    for stamps that carry none: UTC, +01:00, -05:30 (UTC)\n"
    "  --json             for programs\n"
    "  --quiet            do not report what was skipped\n"
    "  --threads N        how many read and link, for calls and show: 1 or 2 (as many "
    "as there are cores)\n"
    "  --db DATABASE      the database file (sipweave.db)\n"
    "  --listen ADDRESS   where the page is served (127.0.0.1:8270)\n"
    "  --syslog ADDRESS   where syslog is heard, UDP and TCP; \"off\": nowhere "
    "(127.0.0.1:5514)\n"
    "  --keep DAYS        days to keep messages; 0: for ever (7)\n"
    "  --insecure         allow --listen beyond this machine; there is no sign-in yet\n"
    "  --no-browser       print the page's address, open nothing\n"
    "  --version, --help\n"
    "\n"
    "Exit status: 0 fine, 1 nothing found, 2 wrong usage or unreadable input.\n";

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        int (*run)(const struct options *);
    } commands[] = {
        {"calls", command_calls}, {"show", command_show}, {"import", command_import},
        {"serve", command_serve}, {"open", command_open},
    };
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_IGN);
    str word = str_z(argc > 1 ? argv[1] : "");
    bool asked = str_eq(word, S("-h")) || str_eq(word, S("help"));
    for (int i = 1; i < argc; i++) asked |= str_eq(str_z(argv[i]), S("--help"));
    if (asked || argc < 2) {
        fputs(help, asked ? stdout : stderr);
        return asked ? EXIT_FINE : EXIT_USAGE;
    }
    if (str_eq(word, S("--version"))) {
        puts("sipweave " SIPWEAVE_VERSION);
        return EXIT_FINE;
    }
    int (*run)(const struct options *) = command_open;
    int skip = 1;
    for (isize i = 0; i < countof(commands); i++) {
        if (!str_eq(word, str_z(commands[i].name))) continue;
        run = commands[i].run;
        skip = 2;
    }
    struct options o;
    if (!options_read(&o, argc - skip, argv + skip)) return EXIT_USAGE;
    return run(&o);
}
