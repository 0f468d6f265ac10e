import { describe, expect, it } from 'vitest';
import { silentLog } from '../../base/log.ts';
import { conformanceType } from '../../connector/connector.conformance.ts';
import type { JsonObject } from '../../base/json.ts';
import type { ConnectorConfig } from '../../connector/contract.ts';
import type { ObjectSet, ObjectWrite } from '../../model/object-set.ts';
import { memoryConnector } from './memory-connector.ts';

const configWith = (configurationProperties: JsonObject): ConnectorConfig => ({
  name: 'fake',
  enabled: true,
  connectorName: 'memory',
  configurationProperties,
  objectTypes: { account: conformanceType },
});

function setWith(objects: readonly JsonObject[]): ObjectSet {
  const config = configWith({ objects: { account: [...objects] } });
  return memoryConnector.create(config, { projectDirectory: '/', log: silentLog }).objectSet('account');
}

const byMail = async (set: ObjectSet, mail: string): Promise<readonly string[]> => {
  const filter = { kind: 'compare', operator: 'eq', pointer: ['mail'], value: mail } as const;
  const [answer] = await set.query([{ kind: 'filter', filter }]);
  return answer?.ok === true ? answer.objects.map(({ id }) => id) : [];
};

describe('a memory set', () => {
  it('starts with its initial objects', async () => {
    const set = setWith([{ _id: 'a', name: 'a', mail: 'm' }, { name: 'b' }]);
    expect([...(await set.readMany(['a', 'b'])).keys()]).toEqual(['a', 'b']);
  });

  it('refuses initial objects that cannot be stored', () => {
    expect(() => setWith([{ name: 'a' }, { name: 'a' }])).toThrow('not all initial objects of account');
    expect(memoryConnector.check(configWith({ objects: { group: [], account: [1] } }))).toHaveLength(2);
  });

  it('refuses another revision than the present one', async () => {
    const set = setWith([{ name: 'a' }]);
    const update = (rev: string): ObjectWrite => ({
      kind: 'update',
      id: 'a',
      rev,
      object: { text: 't' },
      changed: ['text'],
    });
    expect(await set.write([update('0'), update('0')])).toMatchObject([{ ok: true, rev: '1' }, { code: 'revision' }]);
    expect(await set.write([{ kind: 'delete', id: 'a', rev: '0' }])).toMatchObject([{ code: 'revision' }]);
  });

  it('keeps its index true through creates, updates, renames and deletes', async () => {
    const set = setWith([
      { name: 'a', mail: 'x' },
      { name: 'b', mail: 'x' },
    ]);
    expect(await byMail(set, 'x')).toEqual(['a', 'b']);
    await set.write([
      { kind: 'create', id: null, object: { name: 'c', mail: 'x' } },
      { kind: 'update', id: 'a', rev: null, object: { mail: 'y' }, changed: ['mail'] },
      { kind: 'update', id: 'b', rev: null, object: { name: 'd' }, changed: ['name'] },
    ]);
    expect(await byMail(set, 'x')).toEqual(['c', 'd']);
    await set.write([{ kind: 'delete', id: 'c', rev: null }]);
    expect([await byMail(set, 'x'), await byMail(set, 'y')]).toEqual([['d'], ['a']]);
  });

  it('a scan does not see objects that are created while it runs', async () => {
    const set = setWith([{ name: 'a' }, { name: 'b' }]);
    const seen: string[] = [];
    for await (const page of set.scan({ pageSize: 1 })) {
      seen.push(...page.objects.map(({ id }) => id));
      await set.write([{ kind: 'create', id: null, object: { name: `new${seen.length}` } }]);
    }
    expect(seen).toEqual(['a', 'b']);
  });
});
