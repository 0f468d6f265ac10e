import process from 'node:process';
import { isJsonObject, type JsonObject } from '../src/base/json.ts';
import type { ScriptSource, SessionSpec } from '../src/mapping/script-host.ts';
import { createScriptHost } from '../src/script/script-host.ts';

/** What the script host costs: 15 scripts per object of about 1 KB, batches of 500; one host call; starting a process. */

const SCRIPTS = [
  'source.givenName + " " + source.sn',
  'source.mail.toLowerCase()',
  'source.phone.replace(/[^0-9+]/g, "")',
  'source.memberOf.split(";").map(function (dn) { return dn.split(",")[0].substring(3); })',
  'var parts = source.mail.split("@"); parts[1]',
  'if (source.employeeType === "internal") { "I"; } else { "E"; }',
  'source.sn.toUpperCase()',
  'source.manager ? source.manager.split(",")[0] : null',
  'source.title || "none"',
  'source.number % 2 === 0',
  'var q = {"_queryFilter": "uid eq \\"" + source.uid + "\\""}; q;',
  'source.street + ", " + source.postalCode + " " + source.city',
  'source.number + 1',
  '(function () { return source.uid.substring(0, 3); })()',
  'source.active === "true" ? "active" : "inactive"',
];

const items = Array.from({ length: 500 }, (_, i) => person(i));
const host = createScriptHost({ log: { write: (level, message) => process.stderr.write(`${level} ${message}\n`) } });
const session = await host.open(spec('every', SCRIPTS));
const started = performance.now();
await session.run('every', items.slice(0, 1), 'live');
report('start of a process, first result', performance.now() - started, 'ms');
report(
  '500 objects x 15 scripts, per object',
  (await median(15, () => session.run('every', items, 'live'))) / 0.5,
  'µs',
);
report('JSON text both ways in one process, per object', (await median(15, () => roundTrip(items))) / 0.5, 'µs');
report('one object at a time', (await median(200, () => session.run('every', items.slice(0, 1), 'live'))) * 1000, 'µs');
const calling = await host.open(spec('calls', ['for (var i = 0; i < 100; i++) { openidm.read("managed/user/x"); }']));
await calling.run('every', [items[0]!], 'live');
report('one host call', (await median(20, () => calling.run('every', [items[0]!], 'live'))) * 10, 'µs');
const touching = await host.open(spec('touching', [...SCRIPTS.slice(1), 'this; source.prototype']));
await touching.run('every', items, 'live');
report(
  'the same, one script names a prototype',
  (await median(15, () => touching.run('every', items, 'live'))) / 0.5,
  'µs',
);
await host.close();

function spec(name: string, codes: readonly string[]): SessionSpec {
  return {
    name,
    programUrl: new URL('../src/script/testing/call-slots.ts', import.meta.url).href,
    payload: codes.length,
    scripts: codes.map((code): ScriptSource => {
      return { label: name, code, file: null, type: 'text/javascript', variables: ['source'], constants: {} };
    }),
    limits: { timeoutMs: 1000, memoryMiB: 128 },
    resolveModule: () => null,
    answer: () => Promise.resolve({ ok: true, value: items[0]! }),
  };
}

function person(i: number): JsonObject {
  const uid = `user${String(i).padStart(6, '0')}`;
  const filler = Object.fromEntries(
    Array.from({ length: 8 }, (_, k) => [`attribute${k}`, `value ${k} of ${uid} and more`]),
  );
  return {
    _id: uid,
    uid,
    givenName: `Given${i}`,
    sn: `Surname${i}`,
    mail: `Given${i}.Surname${i}@Example.com`,
    phone: `+33 (0)1 23 45 ${i}`,
    memberOf: 'cn=staff,ou=groups,dc=example,dc=com;cn=admins,ou=groups,dc=example,dc=com',
    manager: 'uid=boss,ou=people,dc=example,dc=com',
    employeeType: i % 2 === 0 ? 'internal' : 'external',
    number: i,
    street: `${i} Main Street`,
    postalCode: '75001',
    city: 'Paris',
    active: 'true',
    ...filler,
  };
}

function roundTrip(values: readonly JsonObject[]): Promise<boolean> {
  return Promise.resolve(isJsonObject(JSON.parse(JSON.stringify(JSON.parse(JSON.stringify(values))))));
}

async function median(count: number, work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  return times.sort((a, b) => a - b)[Math.floor(count / 2)]!;
}

function report(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(50)} ${value.toFixed(1)} ${unit}\n`);
}
