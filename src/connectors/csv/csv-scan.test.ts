import { appendFile, mkdtemp, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import type { Log } from '../../base/log.ts';
import type { Connector, PropertyConfig } from '../../connector/contract.ts';
import type { ScanPage } from '../../model/object-set.ts';
import { csvConnector } from './csv-connector.ts';

let directory = '';
let file = '';
let logged: string[] = [];
const log: Log = { write: (_, message) => logged.push(message) };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-csv-'));
  file = join(directory, 'people.csv');
  logged = [];
});
afterEach(() => rm(directory, { recursive: true }));

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

function connector(configurationProperties: JsonObject = {}): Connector {
  return csvConnector.create(
    {
      name: 'hr',
      enabled: true,
      connectorName: 'csv',
      configurationProperties: { csvFile: 'people.csv', ...configurationProperties },
      objectTypes: {
        account: {
          nativeType: '__ACCOUNT__',
          properties: {
            name: property('__NAME__'),
            uid: property('uid'),
            mail: property('mail'),
            age: property('age', { type: 'integer', nativeType: 'integer' }),
            elsewhere: property('elsewhere'),
          },
        },
      },
    },
    { projectDirectory: directory, log },
  );
}

async function scan(configuration: JsonObject = {}, request: { after?: Json; pageSize?: number } = {}) {
  const pages: ScanPage[] = [];
  for await (const page of connector(configuration)
    .objectSet('account')
    .scan({ pageSize: 100, ...request }))
    pages.push(page);
  return {
    pages,
    objects: pages.flatMap((page) => page.objects.map((stored) => stored.object)),
    faults: pages.flatMap((page) => page.faults),
  };
}

describe('scanning a CSV file', () => {
  it('gives the uid as _id, __NAME__ and its own column; empty cells and missing columns are absent', async () => {
    await writeFile(file, '\ufeff uid , mail,"age"\r\n 1 , a@x , 42\r\n"2 ", "b,""@x""" ,\r\n\r\n   \r\n3,,\r\n');
    const { objects, faults } = await scan();
    expect(faults).toEqual([]);
    expect(objects).toEqual([
      { _id: '1', name: '1', uid: '1', mail: 'a@x', age: 42 },
      { _id: '2 ', name: '2 ', uid: '2 ', mail: 'b,"@x"' },
      { _id: '3', name: '3', uid: '3' },
    ]);
  });

  it('isolates every kind of broken row, with its place and its id where that can be read', async () => {
    await writeFile(
      file,
      [
        'uid,mail,age',
        '1,a,1',
        'few,b',
        'many,b,1,2',
        'quote,"b"b,1',
        ',noUid,1',
        '1,twice,1',
        'kind,b,old',
        'nul,b\0,1',
        '"multi","x\ny",1',
        'last,z,9',
        '',
      ].join('\n'),
    );
    const { objects, faults } = await scan();
    expect(objects.map((object) => object['_id'])).toEqual(['1', 'multi', 'last']);
    expect(faults).toEqual([
      { id: 'few', isIdUncertain: true, place: 'people.csv line 3', message: '2 cells where the header has 3' },
      { id: 'many', isIdUncertain: true, place: 'people.csv line 4', message: '4 cells where the header has 3' },
      {
        id: 'quote',
        isIdUncertain: true,
        place: 'people.csv line 5',
        message: 'text after the closing quote of cell 2',
      },
      { id: null, place: 'people.csv line 6', message: 'the uid is missing' },
      { id: '1', place: 'people.csv line 7', message: 'the uid 1 occurs in an earlier row already' },
      { id: 'kind', place: 'people.csv line 8', message: `attribute 'age' is "old", which is not an integer` },
      { id: 'nul', place: 'people.csv line 9', message: 'a NUL character' },
    ]);
  });

  it.each([
    ['no file', null, /people\.csv does not exist/],
    ['an empty file', '', /people\.csv has no usable header row: the file is empty/],
    ['nothing but line ends', '\n\n', /the file is empty/],
    ['a quote that is never closed', 'uid,mail,age\n1,a,1\n2,"b,2\n3,c,3\n', /people\.csv line 3: .*quote/],
    ['a last row that is cut off', 'uid,mail,age\n1,a,1\n2,b', /people\.csv line 3: .*cut off/],
    ['a last row cut off within a character', Buffer.from('uid,mail,age\n1,a,é').subarray(0, -1), /line 2: .*cut off/],
    ['a column twice', 'uid,mail,mail\n1,a,b\n', /line 1: column 3 has the name of an earlier one: mail/],
    ['a column without a name', 'uid,,mail\n1,a,b\n', /line 1: column 2 has no name/],
  ])('%s is an incomplete read, never an empty set', async (_, content, message) => {
    if (content !== null) await writeFile(file, content);
    await expect(scan()).rejects.toMatchObject({ code: 'incomplete-read', message: expect.stringMatching(message) });
  });

  it('a header without the uid column names the columns that are there', async () => {
    await writeFile(file, 'id,mail\n1,a\n');
    await expect(scan()).rejects.toMatchObject({
      code: 'bad-configuration',
      message: 'people.csv has no column "uid" (headerUid); it has id, mail',
    });
    expect((await scan({ headerUid: 'id' })).objects).toMatchObject([{ _id: '1' }]);
  });

  it('a last row without a line end is a row', async () => {
    await writeFile(file, 'uid,mail,age\n1,a,1\n2,b,2');
    expect((await scan()).objects).toHaveLength(2);
  });

  it.each([
    ['appended to', () => appendFile(file, '9,x,1\n')],
    ['cut', () => truncate(file, 20)],
    ['removed', () => unlink(file)],
    [
      'replaced',
      async () => {
        await writeFile(`${file}.new`, 'uid,mail,age\n');
        await rename(`${file}.new`, file);
      },
    ],
  ])('a file that is %s during the scan is an incomplete read', async (_, change) => {
    await writeFile(
      file,
      `uid,mail,age\n${Array.from({ length: 20_000 }, (_, i) => `u${i},m${'x'.repeat(100)},1\n`).join('')}`,
    );
    const run = async (): Promise<void> => {
      let isChanged = false;
      for await (const page of connector().objectSet('account').scan({ pageSize: 10 })) {
        if (!isChanged) await change();
        isChanged = true;
        expect(page.isLast).toBe(false);
      }
    };
    await expect(run()).rejects.toMatchObject({ code: 'incomplete-read', retryable: true });
  });

  it('a continued scan knows the ids of the rows before its cursor', async () => {
    await writeFile(file, 'uid,mail,age\n1,a,1\n2,b,2\n1,again,1\n3,c,3\n');
    const first = await scan({}, { pageSize: 2 });
    const rest = await scan({}, { pageSize: 2, after: first.pages[0]!.cursor });
    expect(rest.objects.map((object) => object['_id'])).toEqual(['3']);
    expect(rest.faults).toMatchObject([{ id: '1', place: 'people.csv line 4' }]);
  });

  it('a scan is not continued in a file that was changed', async () => {
    await writeFile(file, 'uid,mail,age\n1,a,1\n2,b,2\n');
    const { pages } = await scan({}, { pageSize: 1 });
    await appendFile(file, '3,c,3\n');
    await expect(scan({}, { after: pages[0]!.cursor })).rejects.toMatchObject({ code: 'conflict' });
  });

  it('readMany does not report an object as absent when a broken row may be it', async () => {
    await writeFile(file, 'uid,mail,age\n1,a,1\n2,b\n"3"x,c,3\n');
    const set = connector().objectSet('account');
    expect((await set.readMany(['1'])).size).toBe(1);
    await expect(set.readMany(['1', '2'])).rejects.toMatchObject({ code: 'incomplete-read' });
    await writeFile(file, 'uid,mail,age\n1,a,1\n,b,1\n');
    await expect(set.readMany(['nobody'])).rejects.toMatchObject({
      code: 'incomplete-read',
      message: expect.stringContaining('people.csv line 3'),
    });
  });

  it('a query answers what can be read and logs that rows were left out', async () => {
    await writeFile(file, 'uid,mail,age\n1,a,1\n2,b\n');
    const set = connector().objectSet('account');
    const [answer] = await set.query([{ kind: 'filter', filter: { kind: 'always', value: true } }]);
    expect(answer).toMatchObject({ ok: true, objects: [{ id: '1' }] });
    expect(logged).toEqual(['system/hr/account: query left out 1 rows that cannot be read']);
  });
});

describe('testing a CSV connector', () => {
  it('says what is wrong with the file', async () => {
    await expect(connector().test()).rejects.toMatchObject({
      code: 'incomplete-read',
      message: 'people.csv does not exist; check csvFile and the permissions of the file',
    });
  });

  it('warns about properties without a column', async () => {
    await writeFile(file, 'uid,mail,age\n');
    await connector().test();
    expect(logged).toEqual(['system/hr/account: people.csv has no column for elsewhere; it stays empty']);
  });

  it('finds faults of the configuration, all at once', () => {
    const faults = csvConnector.check({
      name: 'hr',
      enabled: true,
      connectorName: 'csv',
      configurationProperties: { quoteCharacter: '""', fieldDelimiter: '§', encoding: 'utf-7', newlineString: 'x' },
      objectTypes: { group: { nativeType: '__GROUP__', properties: {} } },
    });
    expect(faults.map((fault) => fault.pointer)).toEqual([
      '/configurationProperties/csvFile',
      '/configurationProperties/quoteCharacter',
      '/configurationProperties/fieldDelimiter',
      '/configurationProperties/newlineString',
      '/configurationProperties/encoding',
      '/objectTypes/group/nativeType',
    ]);
  });
});
