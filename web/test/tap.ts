// tap.ts: the least that a test needs: a name, a comparison, a line of TAP.
declare const process: { exitCode?: number };

let n = 0;

export function test(name: string, body: () => void): void {
  n++;
  try {
    body();
    console.log(`ok ${n} - ${name}`);
  } catch (e) {
    process.exitCode = 1;
    console.log(`not ok ${n} - ${name}`);
    console.log(String((e as Error).message).split('\n').map((l) => '#   ' + l).join('\n'));
  }
}

export function equal(got: unknown, want: unknown, what = ''): void {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what}\ngot  ${a}\nwant ${b}`.trim());
}

export function ok(value: unknown, what: string): void {
  if (!value) throw new Error(what);
}

/** The same numbers on every run. */
export function numbers(seed: number): (below: number) => number {
  let s = seed >>> 0;
  return (below) => {
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    return Math.floor((s / 2 ** 32) * below);
  };
}
