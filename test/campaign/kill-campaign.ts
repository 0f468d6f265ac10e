import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openSqliteRepository } from '../../src/repo/sqlite/sqlite-repository.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { JsonObject } from '../../src/base/json.ts';

/** What one killed and repeated run came to. */
export interface Round {
  readonly scenario: string;
  readonly killedAfterMs: number;
  /** False: it had ended before the kill came. */
  readonly wasKilled: boolean;
  /** The second run took up what the first had left. */
  readonly wasResumed: boolean;
  readonly differences: readonly string[];
}

export interface CampaignOptions {
  readonly rounds: number;
  readonly people: number;
  readonly seed: number;
  readonly onRound?: (round: Round, index: number) => void;
}

const MAIN = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');
const DEMO = path.join(import.meta.dirname, '..', '..', 'demo');
const GUARD = '--no-guard';
const MAPPINGS = ['hr_managedUser', 'managedUser_directory'] as const;

/**
 * Kills `lockstep recon` with SIGKILL at a random instant, runs it again to its end, and compares the stores with those
 * of a run that nobody disturbed. Four scenarios in turn: each of the demo's two mappings, first load and changing run.
 */
export async function killCampaign({ rounds, people, seed, onRound }: CampaignOptions): Promise<readonly Round[]> {
  const home = mkdtempSync(path.join(tmpdir(), 'lockstep-kill-'));
  try {
    const random = randomSource(seed);
    const scenarios = await prepare(home, people);
    const results: Round[] = [];
    for (let i = 0; i < rounds; i++) {
      const round = await kill(home, scenarios[i % scenarios.length]!, random());
      results.push(round);
      onRound?.(round, i);
    }
    return results;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

interface Scenario {
  readonly name: string;
  readonly mapping: string;
  /** The project as it is before the run. */
  readonly start: string;
  readonly end: World;
  readonly durationMs: number;
}

async function prepare(home: string, people: number): Promise<readonly Scenario[]> {
  const scenarios: Scenario[] = [];
  const project = path.join(home, 'project');
  cpSync(DEMO, project, { recursive: true });
  rmSync(path.join(project, '.lockstep'), { recursive: true, force: true });
  const directory = path.join(project, 'data', 'directory.csv');
  writeFileSync(directory, `${readFileSync(directory, 'utf8').split('\n')[0]}\n${directoryRows(people)}`);
  for (const phase of ['first load', 'changing run'] as const) {
    writeFileSync(path.join(project, 'data', 'hr.csv'), hrFile(people, phase === 'changing run'));
    for (const mapping of MAPPINGS) {
      const start = path.join(home, `start-${scenarios.length}`);
      cpSync(project, start, { recursive: true });
      const began = performance.now();
      const { code, told } = await runToEnd(project, mapping);
      if (code !== 0) throw new Error(`the undisturbed run of ${mapping} ended with ${code}: ${told}`);
      const durationMs = performance.now() - began;
      scenarios.push({ name: `${phase} of ${mapping}`, mapping, start, end: await readWorld(project), durationMs });
    }
  }
  return scenarios;
}

async function kill(home: string, scenario: Scenario, random: number): Promise<Round> {
  const project = path.join(home, 'killed');
  rmSync(project, { recursive: true, force: true });
  cpSync(scenario.start, project, { recursive: true });
  // Starting Node and reading the project is the first third; a kill there only proves that nothing was begun.
  const killedAfterMs = Math.round((0.3 + random * 0.7) * scenario.durationMs);
  const wasKilled = await runAndKill(project, scenario.mapping, killedAfterMs);
  const differences: string[] = [];
  const { code, told } = await runToEnd(project, scenario.mapping);
  if (code !== 0) differences.push(`the run after the kill ended with exit code ${code}: ${told}`);
  differences.push(...compare(scenario.end, await readWorld(project)));
  return { scenario: scenario.name, killedAfterMs, wasKilled, wasResumed: told.includes('taking up'), differences };
}

function start(project: string, mapping: string): ReturnType<typeof spawn> {
  return spawn(process.execPath, [MAIN, 'recon', mapping, '--project', project, GUARD], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

function runToEnd(project: string, mapping: string): Promise<{ code: number; told: string }> {
  return new Promise((resolve, reject) => {
    const child = start(project, mapping);
    let told = '';
    child.stderr?.on('data', (data: Buffer) => (told += data.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, told }));
  });
}

function runAndKill(project: string, mapping: string, afterMs: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = start(project, mapping);
    child.stderr?.resume();
    const timer = setTimeout(() => child.kill('SIGKILL'), afterMs);
    child.on('error', reject);
    child.on('exit', (_, signal) => {
      clearTimeout(timer);
      resolve(signal === 'SIGKILL');
    });
  });
}

/** Objects by content, links by the content of their ends: ids are made up anew in each run. */
interface World {
  readonly users: readonly string[];
  readonly directory: readonly string[];
  readonly links: readonly string[];
  readonly runs: readonly string[];
}

async function readWorld(project: string): Promise<World> {
  const repository = await openSqliteRepository({
    file: path.join(project, '.lockstep', 'lockstep.db'),
    clock: systemClock,
  });
  try {
    await repository.objects.declareTypes([{ name: 'user', searchable: [] }]);
    const users = (await repository.objects.page('user', { limit: 1_000_000 })).rows;
    const names = new Map(users.map((row) => [row.id, String(row.doc['userName'])]));
    const links: string[] = [];
    for (const mapping of MAPPINGS)
      for (const link of (await repository.links.page(mapping, null, 1_000_000)).rows)
        links.push(
          `${mapping} ${names.get(link.firstId) ?? link.firstId} → ${names.get(link.secondId) ?? link.secondId}`,
        );
    const active = await repository.runs.list({ state: 'ACTIVE', limit: 10 });
    const intents = await repository.runs.withEntries('applying');
    const directory = readFileSync(path.join(project, 'data', 'directory.csv'), 'utf8').split('\n');
    return {
      users: users.map((row) => text(row.doc)).sort(),
      directory: directory.sort(),
      links: links.sort(),
      runs: [...active.map((run) => `active ${run.mapping}`), ...intents.map((one) => `intents of ${one.mapping}`)],
    };
  } finally {
    await repository.close();
  }
}

function text(doc: JsonObject): string {
  return JSON.stringify(
    Object.entries(doc)
      .filter(([, value]) => value !== null)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

function compare(wanted: World, found: World): readonly string[] {
  return (['users', 'directory', 'links', 'runs'] as const).flatMap((part) => {
    const [lost, added] = [less(wanted[part], found[part]), less(found[part], wanted[part])];
    const tell = (what: string, lines: readonly string[]): string[] =>
      lines.length === 0 ? [] : [`${part}: ${lines.length} ${what}, such as ${lines[0]}`];
    return [...tell('missing', lost), ...tell('too many', added)];
  });
}

/** What `a` has more often than `b`. */
function less(a: readonly string[], b: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of b) counts.set(one, (counts.get(one) ?? 0) + 1);
  return a.filter((one) => {
    const left = counts.get(one) ?? 0;
    counts.set(one, left - 1);
    return left <= 0;
  });
}

function hrFile(people: number, isChanged: boolean): string {
  const lines = ['"employeeNumber","givenName","surname","email","department","title","phone","location","status"'];
  for (let i = 0; i < people * 1.1; i++) {
    if (isChanged ? i % 20 === 3 : i >= people) continue;
    const title = isChanged && i % 3 === 0 ? 'Lead' : 'Clerk';
    const status = i % 50 === 7 || (isChanged && i % 30 === 5) ? 'left' : 'active';
    const phone = i % 4 === 0 ? '' : `+49 30 ${i}`;
    lines.push(
      `"E${i}","Given${i}","Family${i}","p${i}@example.com","Dept ${i % 9}","${title}","${phone}","${i % 5 === 0 ? '' : 'Bonn'}","${status}"`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Some accounts are there already, some belong to nobody. */
function directoryRows(people: number): string {
  const rows: string[] = [];
  for (let i = 0; i < people; i += 10) rows.push(`"given${i}.family${i}","Old ${i}","","","","","","","",""`);
  for (let i = 0; i < 20; i++) rows.push(`"service${i}","Service ${i}","","","","","","","",""`);
  return `${rows.join('\n')}\n`;
}

/** Mulberry32: the same instants again for the same seed. */
function randomSource(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}
