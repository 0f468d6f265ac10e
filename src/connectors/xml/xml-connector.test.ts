import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { JsonObject } from '../../base/json.ts';
import { silentLog, type Log } from '../../base/log.ts';
import { connectorConformance, conformanceType } from '../../connector/connector.conformance.ts';
import type { Connector } from '../../connector/contract.ts';
import { compileObjectType } from '../../connector/object-type.ts';
import type { ObjectSet, ObjectWrite, ScanPage } from '../../model/object-set.ts';
import { xmlConnector } from './xml-connector.ts';
import { xmlSet } from './xml-set.ts';
import { EMPTY_DOCUMENT } from './xml-writer.ts';

let directory = '';
let file = '';
let logged: string[] = [];
const log: Log = { write: (_, message) => logged.push(message) };

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lockstep-xml-'));
  file = join(directory, 'people.xml');
  logged = [];
});
afterEach(() => rm(directory, { recursive: true }));

function connector(configurationProperties: JsonObject = {}): Connector {
  const config = {
    name: 'xml',
    enabled: true,
    connectorName: 'xml',
    configurationProperties: { xmlFilePath: 'people.xml', ...configurationProperties },
    objectTypes: { account: conformanceType },
  };
  return xmlConnector.create(config, { projectDirectory: directory, log });
}

connectorConformance('xml', async () => {
  await writeFile(file, EMPTY_DOCUMENT);
  return { set: connector().objectSet('account'), dispose: () => Promise.resolve() };
});

const ROOT_TAG = EMPTY_DOCUMENT.slice(0, EMPTY_DOCUMENT.indexOf('</'));
const document = (content: string): string => EMPTY_DOCUMENT.replace('\n</', `${content}\n</`);
const account = (content: string): string => `\n  <ri:__ACCOUNT__>${content}</ri:__ACCOUNT__>`;
const named = (name: string, more = ''): string => account(`<icf:__NAME__>${name}</icf:__NAME__>${more}`);
const create = (object: JsonObject): ObjectWrite => ({ kind: 'create', id: null, object });
const update = (id: string, object: JsonObject): ObjectWrite => ({
  kind: 'update',
  id,
  rev: null,
  object,
  changed: Object.keys(object),
});
const remove = (id: string): ObjectWrite => ({ kind: 'delete', id, rev: null });

async function scan(configuration: JsonObject = {}): Promise<ScanPage> {
  const pages: ScanPage[] = [];
  for await (const page of connector(configuration).objectSet('account').scan({ pageSize: 1000 })) pages.push(page);
  expect(pages).toHaveLength(1);
  return pages[0]!;
}

describe('scanning an XML file', () => {
  it('gives repeated elements as values, empty elements as absent, __UID__ as _id', async () => {
    await writeFile(
      file,
      document(
        account(
          '<icf:__UID__>17</icf:__UID__><icf:__NAME__>bj</icf:__NAME__><ri:mail>a&amp;b &#x e9;</ri:mail>'.replace(
            'x e',
            'xe',
          ) + '<ri:text/><ri:groups>x</ri:groups><ri:groups><![CDATA[<y>]]></ri:groups><ri:count>4</ri:count>',
        ) + '<ri:__GROUP__><icf:__NAME__>other</icf:__NAME__></ri:__GROUP__>',
      ),
    );
    const { objects, faults } = await scan();
    expect(faults).toEqual([]);
    expect(objects.map((stored) => stored.object)).toEqual([
      { _id: '17', name: 'bj', mail: 'a&b é', groups: ['x', '<y>'], count: 4 },
    ]);
  });

  it('isolates objects that are none, with their line and their id where there is one', async () => {
    const content = [
      named('a'),
      account('<ri:mail>nameless</ri:mail>'),
      account('<icf:__UID__>u</icf:__UID__>'),
      named('deep', '<ri:mail><b>x</b></ri:mail>'),
      named('a', '<ri:mail>again</ri:mail>'),
      named('kind', '<ri:count>many</ri:count>'),
      named('stray', 'text'),
      named('z'),
    ];
    await writeFile(file, document(content.join('')));
    const { objects, faults } = await scan();
    expect(objects.map(({ id }) => id)).toEqual(['a', 'z']);
    expect(faults).toEqual([
      { id: null, place: 'people.xml line 6', message: 'it has no __NAME__' },
      { id: 'u', place: 'people.xml line 7', message: 'it has no __NAME__' },
      { id: 'deep', place: 'people.xml line 8', message: 'element mail has elements inside' },
      { id: 'a', place: 'people.xml line 9', message: 'the id a occurs earlier in the document already' },
      { id: 'kind', place: 'people.xml line 10', message: `attribute 'count' is "many", which is not an integer` },
      { id: 'stray', place: 'people.xml line 11', message: 'text outside of its elements' },
    ]);
  });

  it.each([
    ['an empty file', '', /people\.xml:\d+:\d+: .*root/],
    ['a truncated document', document(named('a')).slice(0, -12), /people\.xml:6:\d+: /],
    ['a document cut within an object', ROOT_TAG + named('a').slice(0, -20), /people\.xml:\d+:\d+: /],
    ['tags that do not match', document('<ri:a></ri:b>'), /people\.xml:4:\d+: /],
    [
      'an entity that is declared',
      `<!DOCTYPE x [<!ENTITY e "v">]>${ROOT_TAG.slice(39)}`,
      /people\.xml:1:\d+: a DOCTYPE/,
    ],
    [
      'an external entity',
      `<!DOCTYPE x SYSTEM "file:///etc/passwd">${ROOT_TAG.slice(39)}`,
      /a DOCTYPE is not accepted/,
    ],
    ['an entity that is not declared', document(named('&e;')), /people\.xml:5:\d+: undefined entity/],
    ['another root', '<a/>', /the root element is a, not icf:OpenICFContainer/],
    ['too deep a nesting', document('<ri:a>'.repeat(100) + '</ri:a>'.repeat(100)), /nested more than 64 deep/],
    ['bytes that are not UTF-8', Buffer.from(document(named('é')), 'latin1'), /not valid utf-8/],
    ['an endless text', document(named('x'.repeat(17_000_000))), /more than 16777216 characters/],
  ])('%s is an incomplete read', async (_, content, message) => {
    await writeFile(file, content);
    await expect(scan()).rejects.toMatchObject({ code: 'incomplete-read', message: expect.stringMatching(message) });
  });

  it('reads the encoding that the document declares', async () => {
    const text = document(named('é')).replace('UTF-8', 'ISO-8859-1');
    await writeFile(file, Buffer.from(text, 'latin1'));
    expect((await scan()).objects).toMatchObject([{ id: 'é' }]);
    await writeFile(file, Buffer.from(`\ufeff${document(named('é'))}`, 'utf16le'));
    expect((await scan()).objects).toMatchObject([{ id: 'é' }]);
    await expect(
      connector()
        .objectSet('account')
        .write([remove('é')]),
    ).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('a missing file is an incomplete read, unless it is to be created', async () => {
    await expect(scan()).rejects.toMatchObject({ code: 'incomplete-read' });
    expect((await scan({ createFileIfNotExists: true })).objects).toEqual([]);
    expect(await readFile(file, 'utf8')).toBe(EMPTY_DOCUMENT);
  });

  it('testing makes no file, and tells what is wrong', async () => {
    await connector({ createFileIfNotExists: true }).test();
    await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(connector().test()).rejects.toMatchObject({
      code: 'incomplete-read',
      message: 'people.xml does not exist; check xmlFilePath and the permissions of the file',
    });
    await mkdir(file);
    const isDirectory = { code: 'bad-configuration', message: expect.stringContaining('people.xml is a directory') };
    for (const more of [{}, { createFileIfNotExists: true }])
      await expect(connector(more).test()).rejects.toMatchObject(isDirectory);
    await expect(scan()).rejects.toMatchObject(isDirectory);
    await expect(
      connector()
        .objectSet('account')
        .write([remove('a')]),
    ).rejects.toMatchObject(isDirectory);
    expect(await readdir(directory)).toEqual(['people.xml']);
  });
});

describe('writing an XML file', () => {
  it('copies everything else as it stands, and uses the prefixes of the document', async () => {
    const text = `\ufeff${document(
      `\n <!-- first 😀 -->${named('a')}\n\n  <ri:__GROUP__ x="1"/>${account('broken')}<?pi?>${named('b')} <!-- last -->`,
    )}`
      .replaceAll('ri:', 'r:')
      .replace('xmlns:ri=', 'xmlns:r=');
    await writeFile(file, text);
    const outcomes = await connector()
      .objectSet('account')
      .write([update('b', { mail: '<m>&\r\n' }), remove('a'), create({ name: 'c' }), remove('nobody')]);
    expect(outcomes).toMatchObject([{ ok: true }, { ok: true }, { ok: true, id: 'c' }, { code: 'not-found' }]);
    expect(await readFile(file, 'utf8')).toBe(
      text
        .replace(`\n  <r:__ACCOUNT__><icf:__NAME__>a</icf:__NAME__></r:__ACCOUNT__>`, '')
        .replace(
          `\n  <r:__ACCOUNT__><icf:__NAME__>b</icf:__NAME__></r:__ACCOUNT__> <!-- last -->`,
          '\n  <r:__ACCOUNT__>\n    <icf:__NAME__>b</icf:__NAME__>\n    <r:mail>&lt;m&gt;&amp;&#13;\n</r:mail>\n  </r:__ACCOUNT__> <!-- last -->' +
            '\n  <r:__ACCOUNT__>\n    <icf:__NAME__>c</icf:__NAME__>\n  </r:__ACCOUNT__>',
        ),
    );
  });

  it('an update keeps the elements that are empty, in their places', async () => {
    const text = document(
      `\n  <ri:__ACCOUNT__>\n    <icf:__NAME__>a</icf:__NAME__>\n    <icf:__DESCRIPTION__/>\n    <ri:text/>\n    <ri:mail>m</ri:mail>\n  </ri:__ACCOUNT__>`,
    );
    await writeFile(file, text);
    const set = connector().objectSet('account');
    const { ino } = await stat(file);
    expect(await set.write([update('a', { text: null, mail: 'm' })])).toMatchObject([{ ok: true }]);
    expect((await stat(file)).ino).toBe(ino);
    await set.write([update('a', { mail: 'n' })]);
    expect(await readFile(file, 'utf8')).toBe(text.replace('>m<', '>n<'));
    await set.write([update('a', { text: 't', mail: null })]);
    expect(await readFile(file, 'utf8')).toBe(
      text.replace('\n    <ri:mail>m</ri:mail>', '').replace('<ri:text/>', '<ri:text>t</ri:text>'),
    );
    expect((await scan()).objects.map(({ object }) => object)).toEqual([{ _id: 'a', name: 'a', text: 't' }]);
  });

  it('leaves the file alone when nothing changes, and refuses what XML cannot hold', async () => {
    await writeFile(file, document(named('a', '<ri:mail>m</ri:mail>')));
    const { ino } = await stat(file);
    const outcomes = await connector()
      .objectSet('account')
      .write([
        update('a', { mail: 'm' }),
        remove('b'),
        create({ name: 'x', mail: 'bell\u0007' }),
        create({ name: '\ud800' }),
      ]);
    expect(outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code))).toEqual([
      'ok',
      'not-found',
      'invalid-data',
      'invalid-data',
    ]);
    expect((await stat(file)).ino).toBe(ino);
  });

  it('follows the schema: order, required elements, one value or many, random uids', async () => {
    await writeFile(file, EMPTY_DOCUMENT);
    await writeFile(
      join(directory, 'people.xsd'),
      `<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:icf="urn:x"><xsd:element name="__ACCOUNT__">
        <xsd:complexType><xsd:sequence><xsd:element ref="icf:__UID__" minOccurs="0"/><xsd:element ref="icf:__NAME__"/>
        <xsd:element name="text" type="xsd:string"/><xsd:element name="mail" type="xsd:string" minOccurs="0"/>
        <xsd:element name="groups" minOccurs="0" maxOccurs="unbounded"/><xsd:element name="count" minOccurs="0"/>
        </xsd:sequence></xsd:complexType></xsd:element></xsd:schema>`,
    );
    const set = connector({ xsdFilePath: 'people.xsd' }).objectSet('account');
    const outcomes = await set.write([
      create({ groups: ['x', 'y'], mail: 'm', name: 'a', text: 't' }),
      create({ name: 'b' }),
      create({ name: 'c', text: 't', fixed: 'f' }),
      create({ name: 'a', text: 'twice' }),
    ]);
    expect(outcomes).toMatchObject([
      { ok: true, id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      { code: 'bad-request', message: `system/xml/account: Required attribute 'text' value is null` },
      { code: 'bad-request', message: `system/xml/account: attribute 'fixed' is not in the XML schema` },
      { code: 'exists' },
    ]);
    const id = outcomes[0]!.ok ? outcomes[0]!.id : '';
    await set.write([update(id, { name: 'renamed', text: null })]);
    expect(await readFile(file, 'utf8')).toContain(
      `<icf:__UID__>${id}</icf:__UID__>\n    <icf:__NAME__>renamed</icf:__NAME__>\n    <ri:text/>\n    <ri:mail>m</ri:mail>`,
    );
    expect((await scan()).objects).toMatchObject([{ id, object: { name: 'renamed', groups: ['x', 'y'] } }]);
  });

  it('warns when the schema cannot be used, and works without it', async () => {
    await writeFile(file, EMPTY_DOCUMENT);
    await connector({ xsdFilePath: 'none.xsd' }).test();
    expect(logged).toEqual([expect.stringContaining('objects are not checked against the schema: none.xsd')]);
  });

  it('gives the same file wherever the pieces end in which it is read', async () => {
    const name = fc.constantFrom('a', 'b', 'é', '😀', '<&>');
    const write = fc.oneof(
      fc.record({ kind: fc.constant('create' as const), name, mail: fc.string() }),
      fc.record({ kind: fc.constant('update' as const), name, mail: fc.string() }),
      fc.record({ kind: fc.constant('delete' as const), name }),
    );
    const setWith = (chunkBytes: number): ObjectSet =>
      xmlSet({
        path: 'system/xml/account',
        location: { path: file, shownPath: 'people.xml' },
        type: compileObjectType(conformanceType),
        log: silentLog,
        createFileIfNotExists: false,
        loadSchema: () => Promise.resolve(null),
        chunkBytes,
      });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(write, { maxLength: 5 }), { maxLength: 3 }),
        fc.integer({ min: 1, max: 50 }),
        async (batches, chunkBytes) => {
          const results: string[] = [];
          for (const bytes of [chunkBytes, 1 << 16]) {
            await writeFile(file, document(named('😀', '<ri:mail>é</ri:mail>')));
            for (const batch of batches)
              await setWith(bytes).write(
                batch.map((w) => {
                  if (w.kind === 'create') return create({ name: w.name, mail: w.mail });
                  return w.kind === 'update' ? update(w.name, { mail: w.mail }) : remove(w.name);
                }),
              );
            results.push(await readFile(file, 'utf8'));
          }
          expect(results[0]).toBe(results[1]);
          expect((await scan()).faults).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
