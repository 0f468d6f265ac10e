import { parseArgs } from 'node:util';
import type { Series } from './report.ts';
import { measure, show } from './series.ts';

/** All benchmarks: `npm run bench`, `npm run bench -- --full` for a million objects as well, `--rounds`, `--seed`. */
const { values } = parseArgs({
  options: { full: { type: 'boolean' }, rounds: { type: 'string' }, seed: { type: 'string' } },
});
const rounds = Number(values.rounds ?? 3);
const seed = Number(values.seed ?? 1);
/** The scripted load starts over; the plain one after it leaves the store that the later runs find. */
const ALL = ['bare-parse', 'bare-insert', 'scripted-load', 'first-load', 'unchanged', 'changed', 'memory-unchanged'];
const FULL = ['bare-parse', 'bare-insert', 'first-load', 'unchanged'];

const series: Series[] = [];
for (const count of [10_000, 100_000]) series.push(...(await measure(ALL, { count, rounds, seed })));
if (values.full === true) series.push(...(await measure(FULL, { count: 1_000_000, rounds: 1, seed })));
show(series, rounds);
