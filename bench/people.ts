import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

/**
 * Generated people: 15 attributes, about 1 KB as JSON, realistic names, several shapes. Person `i` is a pure function of
 * seed, `i` and generation, so any number of them can be written without being held, and 1 % of them changed.
 */
export interface Person {
  readonly employeeNumber: string;
  readonly userName: string;
  readonly givenName: string;
  readonly surname: string;
  readonly displayName: string;
  readonly email: string;
  readonly phone: string;
  readonly mobile: string;
  readonly title: string;
  readonly department: string;
  readonly address: string;
  readonly manager: string;
  readonly groups: readonly string[];
  readonly status: string;
  readonly notes: string;
}

export const ATTRIBUTES = [
  'employeeNumber',
  'userName',
  'givenName',
  'surname',
  'displayName',
  'email',
  'phone',
  'mobile',
  'title',
  'department',
  'address',
  'manager',
  'groups',
  'status',
  'notes',
] as const satisfies readonly (keyof Person)[];

export const GROUP_DELIMITER = ';';

/** Which person of a hundred differs in generation 1. */
const CHANGED = 37;

/** Person `i` (from 0). Of every 20: 12 plain, 3 sparse, 3 with letters beyond ASCII, 2 with quotes and line ends. */
export function person(i: number, seed: number, generation: 0 | 1 = 0): Person {
  const random = randomOf(seed, i);
  const pick = <T>(list: readonly T[]): T => list[random() % list.length]!;
  const shape = shapeOf(i);
  const names = shape === 'unicode' ? UNICODE : LATIN;
  const [givenName, surname] = [pick(names.given), pick(names.family)];
  const employeeNumber = `E${String(i + 1).padStart(8, '0')}`;
  const userName = `${ascii(givenName)}.${ascii(surname)}${i}`.toLowerCase();
  const isChanged = generation === 1 && i % 100 === CHANGED;
  const isSparse = shape === 'sparse';
  const city = pick(CITIES);
  return {
    employeeNumber,
    userName,
    givenName,
    surname,
    displayName: shape === 'quoted' ? `${givenName} "${surname.slice(0, 3)}" ${surname}` : `${givenName} ${surname}`,
    email: `${userName}@example.com`,
    phone: `+49 30 ${1_000_000 + (random() % 8_999_999)}`,
    mobile: isSparse ? '' : `+49 17${random() % 10} ${1_000_000 + (random() % 8_999_999)}`,
    title: isChanged ? 'Director of Change' : isSparse ? '' : pick(TITLES),
    department: pick(DEPARTMENTS),
    address: `${1 + (random() % 199)} ${pick(STREETS)}${shape === 'quoted' ? '\n' : ', '}${10_000 + (random() % 89_999)} ${city}`,
    manager: isSparse
      ? ''
      : `uid=E${String(1 + (random() % (i + 1))).padStart(8, '0')},ou=people,ou=${city},dc=example,dc=com`,
    groups: Array.from({ length: 2 + (random() % 4) }, () => `cn=${pick(GROUPS)},ou=groups,dc=example,dc=com`),
    status: random() % 50 === 0 ? 'leave' : 'active',
    notes:
      (shape === 'quoted' ? `${QUOTED} ` : '') +
      Array.from({ length: isSparse ? 3 : 6 }, () => pick(PHRASES)).join(' '),
  };
}

type Shape = 'plain' | 'sparse' | 'unicode' | 'quoted';

function shapeOf(i: number): Shape {
  const rest = i % 20;
  if (rest < 12) return 'plain';
  if (rest < 15) return 'sparse';
  return rest < 18 ? 'unicode' : 'quoted';
}

/** How many of `count` people differ between the generations. */
export function changedCount(count: number): number {
  return Math.floor((count + 99 - CHANGED) / 100);
}

export function csvHeader(): string {
  return `${ATTRIBUTES.join(',')}\n`;
}

/** A row of the file; cells are quoted where they must be. */
export function csvRow(one: Person): string {
  const cells = ATTRIBUTES.map((name) => cell(name === 'groups' ? one.groups.join(GROUP_DELIMITER) : one[name]));
  return `${cells.join(',')}\n`;
}

function cell(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Writes `count` people, a piece at a time. Gives the size of the file in bytes. */
export async function writePeople(file: string, count: number, seed: number, generation: 0 | 1 = 0): Promise<number> {
  const out = createWriteStream(file);
  let text = csvHeader();
  for (let i = 0; i < count; i++) {
    text += csvRow(person(i, seed, generation));
    if (text.length < 256 * 1024) continue;
    if (!out.write(text)) await once(out, 'drain');
    text = '';
  }
  out.end(text);
  await once(out, 'close');
  return out.bytesWritten;
}

/** Numbers from 0 to 2^31 that depend on both arguments only (xorshift over a mixed start). */
function randomOf(seed: number, i: number): () => number {
  let state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(i + 1, 0xc2b2ae35) || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 1;
  };
}

function ascii(name: string): string {
  const plain = name.normalize('NFD').replaceAll(/[^A-Za-z]/g, '');
  return plain === '' ? `user${name.codePointAt(0)!.toString(36)}` : plain;
}

const LATIN = {
  given: words(
    'Anna Ben Clara David Emma Felix Greta Henry Ida Jonas Kate Liam Mary Noah Olivia Paul Quinn Rosa Sam Tina Uwe Vera Will Yara Zoe',
  ),
  family: words(
    'Adams Bauer Clark Dietrich Evans Fischer Garcia Hoffmann Ivanov Jensen Klein Lopez Miller Novak Owens Peters Quirk Rossi Smith Taylor',
  ),
};

const UNICODE = {
  given: words('José Łukasz Анна Дмитрий 太郎 花子 Zoë Björn Çağla Mária Θεόδωρος Ólafur Nguyễn François 伟 Жанна'),
  family: words(
    'Müller Żółć Иванова Петров 山田 佐藤 O’Connor Sørensen Yıldırım Kovács Παπαδόπουλος Guðmundsdóttir Trần Lefèvre 王 Čapek',
  ),
};

const CITIES = words('Berlin Hamburg Munich Paris London Madrid Oslo Vienna Zürich Prague');
const DEPARTMENTS = words(
  'Engineering Sales Finance Legal Support Marketing Research Logistics Facilities HumanResources',
);
const TITLES = [
  'Software Engineer',
  'Account Manager',
  'Controller',
  'Counsel',
  'Support Agent',
  'Analyst',
  'Team Lead',
  'Buyer',
  'Architect',
];
const STREETS = [
  'Main Street',
  'Church Road',
  'Bahnhofstrasse',
  'Station Road',
  'Park Avenue',
  'Lindenallee',
  'High Street',
];
const GROUPS = [
  'employees',
  'vpn-users',
  'mail-users',
  'git-readers',
  'git-writers',
  'badge-berlin',
  'badge-oslo',
  'all-staff',
  'travel',
];
const PHRASES = [
  'Transferred from the former subsidiary with the acquisition of 2019.',
  'Works part time on Tuesdays and Thursdays, remote on the other days.',
  'Has a company car and a parking space in the underground garage.',
  'First aider on the third floor, training is to be renewed next year.',
  'Contract was extended by two years in agreement with the works council.',
];
const QUOTED = 'Said "call me back", then left;\nsee the file "personnel, part 2".';

function words(text: string): readonly string[] {
  return text.split(' ');
}
