import { expect } from 'vitest';
import { contentOf, creation, update, withoutMeta, type Claim } from './claim.conformance.ts';

/** Ids and texts that break naive quoting, escaping and indexing. */
const ODD_TEXTS = [
  'a b',
  'comma,comma',
  'quo"te',
  '""',
  "apo'strophe",
  'semi;colon',
  'tab\there',
  'line\nbreak',
  'carriage\r\nreturn',
  ' leading',
  'trailing ',
  'slash/and\\back',
  '<tag>&amp;]]>',
  'Ünïcödé',
  '日本語',
  'emoji 👩‍👩‍👧',
  '__proto__',
  'constructor',
  '=1+1',
  '%2F',
  '{"a":1}',
  'x'.repeat(5000),
];

export function valueClaims(claim: Claim): void {
  claim('ids and values with odd characters come back as they were', async (set) => {
    const outcomes = await set.write(
      ODD_TEXTS.map((text) => creation(text, { text, groups: [text.replaceAll('|', '')] })),
    );
    expect(outcomes.filter((outcome) => !outcome.ok)).toEqual([]);
    const expected = ODD_TEXTS.map((text) => [text, { name: text, text, groups: [text] }] as const);
    const found = await set.readMany(ODD_TEXTS);
    for (const [id, object] of expected) expect(withoutMeta(found.get(id)!.object)).toEqual(object);
    for (const text of ODD_TEXTS.slice(0, 10)) {
      const filter = { kind: 'compare', operator: 'eq', pointer: ['text'], value: text } as const;
      expect(await set.query([{ kind: 'filter', filter }])).toMatchObject([{ ok: true, objects: [{ id: text }] }]);
    }
    await set.write(ODD_TEXTS.map((id) => ({ kind: 'delete', id, rev: null })));
    expect(await contentOf(set)).toEqual({});
  });

  claim('null, an empty list and an absent attribute are the same: absent', async (set) => {
    await set.write([
      creation('a', { mail: null, groups: [], text: 't' }),
      creation('b', { mail: 'm', groups: ['g'] }),
    ]);
    await set.write([await update(set, 'b', { mail: null, groups: [] }, ['mail', 'groups'])]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', text: 't' }, b: { name: 'b' } });
  });

  claim('values are coerced to their declared types', async (set) => {
    await set.write([creation('a', { count: '12', isActive: 'true', groups: 'single', text: 7 })]);
    expect(await contentOf(set)).toEqual({
      a: { name: 'a', count: 12, isActive: true, groups: ['single'], text: '7' },
    });
    expect(await set.write([creation('b', { count: 'twelve' })])).toMatchObject([{ ok: false, code: 'invalid-data' }]);
  });

  claim('attributes that begin with an underscore and are not declared are ignored', async (set) => {
    expect(await set.write([creation('a', { _internal: 1 })])).toMatchObject([{ ok: true }]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a' } });
  });

  claim('flags are kept: not creatable, not updateable, not readable', async (set) => {
    await set.write([creation('a', { fixed: 'f', derived: 'd', secret: 's' })]);
    await set.write([await update(set, 'a', { fixed: 'g', derived: 'e', mail: 'm' }, ['fixed', 'derived', 'mail'])]);
    expect(await contentOf(set)).toEqual({ a: { name: 'a', fixed: 'f', mail: 'm' } });
  });
}
