import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { operations, STOCK, user, userId } from './http/operations.ts';
import { machine } from './report.ts';
import { median } from './sample.ts';

/**
 * Requests per second and latency over HTTP, against bare Fastify with one SQLite statement in the same run: rounds of both in
 * turn. `node bench/http.ts --rounds 3 --seconds 5 --connections 16`.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string' }, seconds: { type: 'string' }, connections: { type: 'string' } },
});
const rounds = Number(values.rounds ?? 3);
const seconds = Number(values.seconds ?? 5);
const connections = Number(values.connections ?? 16);
const PASSWORD = 'benchmark-Password-1';

interface Load {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

interface Server {
  readonly origin: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly process: ChildProcess;
}

const directory = mkdtempSync(path.join(process.env['BENCH_DIR'] ?? tmpdir(), 'lockstep-http-'));
const servers: Server[] = [];
try {
  const bare = await serve(['bench/http/bare-server.ts', path.join(directory, 'bare')], {});
  const ours = await serve(
    ['src/cli/main.ts', 'start', '--project', project(), '--data', path.join(directory, 'data'), '--port', '0'],
    { 'x-openidm-username': 'openidm-admin', 'x-openidm-password': PASSWORD, 'x-openidm-nosession': 'true' },
  );
  servers.push(bare, ours);
  await stock(ours);
  process.stdout.write(`${machine(rounds)}, ${connections} connections, ${seconds} s each\n\n`);
  process.stdout.write('| operation | bare /s | bare p99 | Lockstep /s | p50 | p99 | share of bare |\n');
  process.stdout.write('| --- | --- | --- | --- | --- | --- | --- |\n');
  for (const { name, title } of operations('')) process.stdout.write(await compare(name, title, bare, ours));
} finally {
  for (const { process: child } of servers) child.kill('SIGTERM');
  rmSync(directory, { recursive: true, force: true });
}

function project(): string {
  const root = path.join(directory, 'project');
  mkdirSync(path.join(root, 'conf'), { recursive: true });
  const schema = { properties: { userName: { type: 'string', searchable: true } } };
  writeFileSync(path.join(root, 'conf', 'managed.json'), JSON.stringify({ objects: [{ name: 'user', schema }] }));
  writeFileSync(path.join(root, 'conf', 'sync.json'), JSON.stringify({ mappings: [] }));
  return root;
}

function serve(script: readonly string[], headers: Readonly<Record<string, string>>): Promise<Server> {
  const child = spawn(process.execPath, script, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, LOCKSTEP_ADMIN_PASSWORD: PASSWORD },
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      const ready = /ready: (http:\S+)/.exec(text);
      if (ready !== null) resolve({ origin: ready[1]!, headers, process: child });
    });
    child.on('exit', (code) => reject(new Error(`${script[0]} ended with ${code}: ${text}`)));
  });
}

async function stock({ origin, headers }: Server): Promise<void> {
  const put = async (i: number): Promise<void> => {
    const { _id, ...body } = user(userId(i));
    const response = await fetch(`${origin}/openidm/managed/user/${String(_id)}`, {
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/json', 'if-none-match': '*' },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  };
  for (let from = 0; from < STOCK; from += 100) await Promise.all(Array.from({ length: 100 }, (_, k) => put(from + k)));
}

async function compare(name: string, title: string, bare: Server, ours: Server): Promise<string> {
  const [bareLoads, ourLoads]: [Load[], Load[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    bareLoads.push(await load(bare, name, `b${round}`));
    ourLoads.push(await load(ours, name, `o${round}`));
  }
  const middle = (loads: readonly Load[], of: (one: Load) => number): number => median(loads.map(of));
  const [bareRate, ourRate] = [middle(bareLoads, (one) => one.perSecond), middle(ourLoads, (one) => one.perSecond)];
  const share = ourRate / bareRate;
  const failures = ourLoads.reduce((sum, one) => sum + one.failures, 0);
  const cells = [
    title,
    bareRate.toFixed(0),
    `${middle(bareLoads, (one) => one.p99Ms).toFixed(1)} ms`,
    ourRate.toFixed(0),
    `${middle(ourLoads, (one) => one.p50Ms).toFixed(1)} ms`,
    `${middle(ourLoads, (one) => one.p99Ms).toFixed(1)} ms`,
    `${share.toFixed(2)} (at least 0.60: ${share >= 0.6 ? 'reached' : '**missed**'})${failures > 0 ? `, ${failures} failed` : ''}`,
  ];
  return `| ${cells.join(' | ')} |\n`;
}

function load({ origin, headers }: Server, operation: string, run: string): Promise<Load> {
  const task = { origin, operation, run, connections, seconds, headers };
  const child = spawn(process.execPath, ['bench/http/load.ts', JSON.stringify(task)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    child.on('exit', (code) => (code === 0 ? resolve(JSON.parse(text) as Load) : reject(new Error(text))));
  });
}
