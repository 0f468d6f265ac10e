import process from 'node:process';
import { Pool } from 'undici';
import { operations } from './operations.ts';

/** Sends one kind of request over some connections for some seconds; prints what came of it as JSON. */
interface LoadTask {
  readonly origin: string;
  readonly operation: string;
  readonly run: string;
  readonly connections: number;
  readonly seconds: number;
  readonly headers: Readonly<Record<string, string>>;
}

const task = JSON.parse(process.argv[2]!) as LoadTask;
const { request } = operations(task.run).find((one) => one.name === task.operation)!;
const pool = new Pool(task.origin, { connections: task.connections, pipelining: 1 });
const latenciesMs: number[] = [];
let next = 0;
let failures = 0;

async function loop(untilMs: number): Promise<void> {
  while (performance.now() < untilMs) {
    const { method, path, body } = request(next++);
    const startedMs = performance.now();
    const headers = body === undefined ? task.headers : { ...task.headers, 'content-type': 'application/json' };
    const response = await pool.request({ method, path, headers, ...(body === undefined ? {} : { body }) });
    await response.body.dump();
    if (response.statusCode >= 300) failures++;
    latenciesMs.push(performance.now() - startedMs);
  }
}

const startedMs = performance.now();
await Promise.all(Array.from({ length: task.connections }, () => loop(startedMs + task.seconds * 1000)));
const seconds = (performance.now() - startedMs) / 1000;
await pool.close();
latenciesMs.sort((a, b) => a - b);
const at = (share: number): number =>
  latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(latenciesMs.length * share))]!;
process.stdout.write(
  `${JSON.stringify({ perSecond: latenciesMs.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99), failures })}\n`,
);
