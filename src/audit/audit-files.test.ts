import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { openAuditFiles, type AuditFiles } from './audit-files.ts';
import { readAuditSettings } from './audit-settings.ts';

let directory = '';
let logged: string[] = [];
const clock = { ms: Date.UTC(2026, 0, 2, 3, 4, 5), nowMs: () => clock.ms };
const START_MS = clock.ms;

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'lockstep-audit-'));
  mkdirSync(path.join(directory, 'project'));
  logged = [];
  clock.ms = START_MS;
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(config: JsonObject): AuditFiles {
  const roots = { projectDirectory: path.join(directory, 'project'), dataDirectory: path.join(directory, 'data') };
  const log = { write: (_: string, message: string) => void logged.push(message) };
  return openAuditFiles({ settings: readAuditSettings(config), roots, clock, log });
}

const read = (name: string) => readFileSync(path.join(directory, 'project', name), 'utf8');
const csv = (config: JsonObject) => ({
  eventHandlers: [{ class: 'CsvAuditEventHandler', config: { topics: ['sync'], ...config } }],
});
const json = (config: JsonObject) => ({
  eventHandlers: [{ class: 'JsonAuditEventHandler', config: { topics: ['sync'], ...config } }],
});

const SYNC = {
  _id: 'e1',
  timestamp: '2014-10-30T14:48:58.415Z',
  rootActionId: 'root',
  transactionId: 'root',
  userId: 'openidm-admin',
  eventName: 'sync',
  actionId: 'act',
  mapping: 'm "quoted", and more;',
  targetObjectId: 'uid=rheath,ou=People',
  sourceObjectId: 'managed/user/1',
  situation: 'CONFIRMED',
  action: 'UPDATE',
  status: 'SUCCESS',
  message: null,
  messageDetail: { a: ['x', 1] },
  exception: '',
  linkQualifier: 'default',
};

it('the CSV of 2014 is as the old program wrote it', async () => {
  const files = open({ logTo: [{ logType: 'csv', location: 'audit', recordDelimiter: ';' }] });
  await files.write('sync', SYNC);
  await files.close();
  expect(read('audit/sync.csv')).toBe(
    '"_id","action","actionId","exception","mapping","message","messageDetail","rootActionId","situation","sourceObjectId","status","targetObjectId","timestamp";\n' +
      '"e1","UPDATE","act","","m ""quoted"", and more;","","{""a"":[""x"",1]}","root","CONFIRMED","managed/user/1","SUCCESS","uid=rheath,ou=People","2014-10-30T14:48:58.415Z";\n',
  );
  expect(readdirSync(path.join(directory, 'project/audit'))).toEqual(['sync.csv']);
});

it('the CSV of today has dotted columns; the header is written once, also by the next process', async () => {
  const config = {
    eventHandlers: [
      { class: 'CsvAuditEventHandler', config: { topics: ['access'], formatting: { delimiterChar: ';' } } },
    ],
  };
  for (const status of ['200', '404']) {
    const files = open(config);
    await files.write('access', {
      _id: status,
      response: { statusCode: status },
      roles: ['a'],
      http: { request: { path: '/x' } },
    });
    await files.close();
  }
  const lines = read('audit/access.csv').trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('"http.request.path"');
  expect(lines[2]).toContain('"404"');
  expect(lines[2]).toContain('"/x"');
  expect(lines[2]).toContain('"[""a""]"');
});

it('JSON lines hold the current members; a line that a crash cut short stays alone', async () => {
  mkdirSync(path.join(directory, 'project/audit'));
  writeFileSync(path.join(directory, 'project/audit/sync.audit.json'), '{"_id":"half');
  const files = open(json({}));
  await Promise.all([files.write('sync', SYNC), files.write('sync', { ...SYNC, _id: 'e2', extra: 1 })]);
  await files.close();
  const [half, first, second, end] = read('audit/sync.audit.json').split('\n');
  expect([half, end]).toEqual(['{"_id":"half', '']);
  const is2014 = (name: string) => name === 'rootActionId' || name === 'actionId';
  const current = Object.fromEntries(Object.entries(SYNC).filter(([name]) => !is2014(name)));
  expect(JSON.parse(first!)).toEqual(current);
  expect(JSON.parse(second!)).toEqual({ ...current, _id: 'e2' });
});

it('files rotate by size and age, and the oldest go', async () => {
  const rotation = { rotationEnabled: true, maxFileSize: 700, rotationInterval: '1 hour' };
  const files = open(json({ fileRotation: rotation, fileRetention: { maxNumberOfHistoryFiles: 2 } }));
  writeFileSync(path.join(directory, 'project/unrelated'), '');
  for (let i = 0; i < 8; i++) {
    await files.write('sync', { ...SYNC, _id: `e${i}` });
    await written('audit/sync.audit.json', `e${i}`);
    clock.ms += 1000;
  }
  clock.ms += 3_600_000;
  writeFileSync(path.join(directory, 'project/audit/sync.audit.json.bak'), 'mine');
  await files.write('sync', { ...SYNC, _id: 'last' });
  await files.close();
  const names = readdirSync(path.join(directory, 'project/audit')).sort();
  expect(names).toHaveLength(4);
  expect(names[0]).toBe('sync.audit.json');
  expect(names[1]).toMatch(/^sync\.audit\.json-2026\.01\.02-03\.04\.\d\d$/);
  expect(names[2]).toBe('sync.audit.json-2026.01.02-04.04.13');
  expect(names[3]).toBe('sync.audit.json.bak');
  expect(ids(read('audit/sync.audit.json'))).toEqual(['last']);
  expect(ids(read(`audit/${names[2]!}`)).at(-1)).toBe('e7');
  expect(logged).toEqual([]);
});

it('a file that was moved away is made anew', async () => {
  const files = open(json({}));
  await files.write('sync', SYNC);
  await written('audit/sync.audit.json', 'e1');
  const place = path.join(directory, 'project/audit/sync.audit.json');
  renameSync(place, `${place}.1`);
  await files.write('sync', { ...SYNC, _id: 'e2' });
  await files.close();
  expect(ids(read('audit/sync.audit.json'))).toEqual(['e2']);
});

it.each(['../outside', '/etc/lockstep-audit', '..', 'audit/../../outside', 'a\0b'])(
  'nothing is written at %j, outside of the project',
  async (location) => {
    const files = open(csv({ logDirectory: location }));
    expect(files.has('sync')).toBe(false);
    await files.write('sync', SYNC);
    await files.close();
    expect(readdirSync(directory)).toEqual(['project']);
    expect(logged).toEqual([expect.stringContaining('outside of the project and data directories')]);
  },
);

it.each(['conf', 'script/audit', '.lockstep', 'link/audit'])(
  'nothing is written at %j, among our own files',
  async (location) => {
    mkdirSync(path.join(directory, 'project/conf'), { recursive: true });
    symlinkSync(path.join(directory, 'project/conf'), path.join(directory, 'project/link'));
    const files = open(csv({ logDirectory: location }));
    await files.write('sync', SYNC);
    await files.close();
    expect(readdirSync(path.join(directory, 'project'), { recursive: true }).toSorted()).toEqual(['conf', 'link']);
    expect(logged).toEqual([expect.stringContaining('is a directory of Lockstep itself')]);
  },
);

it('the data directory is allowed, too', async () => {
  const files = open(json({ logDirectory: path.join(directory, 'data', 'audit') }));
  await files.write('sync', SYNC);
  await files.close();
  expect(existsSync(path.join(directory, 'data/audit/sync.audit.json'))).toBe(true);
});

it('symbolic links do not lead out, neither of the directory nor of the file', async () => {
  mkdirSync(path.join(directory, 'elsewhere'));
  symlinkSync(path.join(directory, 'elsewhere'), path.join(directory, 'project/audit'));
  const files = open(csv({}));
  await files.write('sync', SYNC);
  await files.close();
  expect(readdirSync(path.join(directory, 'elsewhere'))).toEqual([]);
  rmSync(path.join(directory, 'project/audit'));
  mkdirSync(path.join(directory, 'project/audit'));
  symlinkSync(path.join(directory, 'elsewhere/x'), path.join(directory, 'project/audit/sync.csv'));
  const again = open(csv({}));
  await again.write('sync', SYNC);
  await again.close();
  expect(readdirSync(path.join(directory, 'elsewhere'))).toEqual([]);
  expect(logged).toHaveLength(2);
});

it('what cannot be written is reported once a minute, and writing goes on when it can', async () => {
  writeFileSync(path.join(directory, 'project/audit'), 'a file in the way');
  const files = open(csv({}));
  for (let i = 0; i < 5; i++) {
    await files.write('sync', SYNC);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await vi.waitFor(() => expect(logged).toHaveLength(1), { timeout: 30_000 });
  rmSync(path.join(directory, 'project/audit'));
  await files.write('sync', { ...SYNC, _id: 'later' });
  await files.close();
  expect(logged).toEqual([expect.stringContaining('could not be written')]);
  expect(read('audit/sync.csv')).toContain('"later"');
});

/** Waits until the record is in the file. */
async function written(name: string, id: string): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (readIfThere(name).includes(`"${id}"`)) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  throw new Error(`${id} was not written`);
}

/** A file that is being rotated may be gone for a moment. */
function readIfThere(name: string): string {
  try {
    return read(name);
  } catch {
    return '';
  }
}

function ids(text: string): readonly unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as JsonObject)['_id']);
}
