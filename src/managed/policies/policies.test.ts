import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../base/json.ts';
import { EXTERNAL, js, openManaged, type Managed } from '../testing/open-managed.ts';
import { policyResource } from './policy-resource.ts';

/** Names of the requirements that a value fails. */
async function failures(property: JsonObject, object: JsonObject): Promise<readonly unknown[]> {
  await using managed = await openManaged({ schema: { properties: { v: property, other: {} } } });
  const result = (await validate(managed, 'managed/user/*', 'validateObject', object)) as {
    failedPolicyRequirements: {
      property: string;
      policyRequirements: { policyRequirement: string; params?: Json }[];
    }[];
  };
  return result.failedPolicyRequirements.flatMap(({ policyRequirements }) =>
    policyRequirements.map(({ policyRequirement, params }) =>
      params === undefined ? policyRequirement : [policyRequirement, params],
    ),
  );
}

function validate(managed: Managed, id: string, action: string, content: Json): Promise<Json | undefined> {
  const request = { verb: 'action', path: `policy/${id}`, parameters: {}, fields: null, action, content } as const;
  return policyResource({ types: () => [managed.type] }).action!(request, id, EXTERNAL);
}

const policy = (policyId: string, params: JsonObject = {}): JsonObject => ({ policies: [{ policyId, params }] });

describe('a value', () => {
  const CASES: readonly (readonly [JsonObject, JsonObject, readonly unknown[]])[] = [
    [{ required: true }, {}, ['REQUIRED']],
    [{ required: true }, { v: null }, ['REQUIRED']],
    [{ required: true }, { v: '' }, []],
    [policy('not-empty'), { v: '' }, ['REQUIRED']],
    [policy('not-empty'), { v: [] }, ['REQUIRED']],
    [policy('not-empty'), { v: 'x' }, []],
    [policy('not-null'), { v: null }, ['REQUIRED']],
    [{ type: 'string' }, { v: 7 }, [['VALID_TYPE', { validTypes: ['string'] }]]],
    [{ type: 'string' }, { v: null }, []],
    [{ type: ['string', 'null'] }, { v: 'x' }, []],
    [{ type: 'integer' }, { v: 1.5 }, [['VALID_TYPE', { validTypes: ['integer'] }]]],
    [{ type: 'integer' }, { v: 1 }, []],
    [{ type: 'number' }, { v: '1' }, [['VALID_TYPE', { validTypes: ['number'] }]]],
    [{ type: 'boolean' }, { v: false }, []],
    [{ type: 'array' }, { v: {} }, [['VALID_TYPE', { validTypes: ['array'] }]]],
    [{ type: 'object' }, { v: [] }, [['VALID_TYPE', { validTypes: ['object'] }]]],
    [{ type: 'relationship' }, { v: 7 }, []],
    [{ minLength: 3 }, { v: 'ab' }, [['MIN_LENGTH', { minLength: 3 }]]],
    [{ minLength: 2 }, { v: '😀😀' }, []],
    [{ maxLength: 2 }, { v: 'abc' }, [['MAX_LENGTH', { maxLength: 2 }]]],
    [{ maxLength: 1 }, { v: [1, 2] }, [['MAX_LENGTH', { maxLength: 1 }]]],
    [{ minimum: 3 }, { v: 2 }, [['MINIMUM_NUMBER_VALUE', { minimum: 3 }]]],
    [{ maximum: 3 }, { v: 4 }, [['MAXIMUM_NUMBER_VALUE', { maximum: 3 }]]],
    [{ pattern: '^a+$' }, { v: 'b' }, [['MATCH_REGEXP', { regexp: '^a+$' }]]],
    [{ pattern: '^a+$' }, { v: 'aa' }, []],
    [policy('regexpMatches', { regexp: '^A', flags: 'i' }), { v: 'ab' }, []],
    [policy('minimum-length', { minLength: 8 }), { v: 'short' }, [['MIN_LENGTH', { minLength: 8 }]]],
    [policy('at-least-X-capitals', { numCaps: 2 }), { v: 'aBc' }, [['AT_LEAST_X_CAPITAL_LETTERS', { numCaps: 2 }]]],
    [policy('at-least-X-capitals', { numCaps: 2 }), { v: 'ÄÖ' }, []],
    [policy('at-least-X-numbers', { numNums: 1 }), { v: 'abc' }, [['AT_LEAST_X_NUMBERS', { numNums: 1 }]]],
    [policy('at-least-X-numbers', { numNums: 1 }), {}, []],
    [
      policy('cannot-contain-others', { disallowedFields: 'x, other' }),
      { v: 'my JDOE word', other: 'jdoe' },
      [['CANNOT_CONTAIN_OTHERS', { disallowedFields: 'other' }]],
    ],
    [policy('cannot-contain-others', { disallowedFields: ['other'] }), { v: 'word', other: '' }, []],
    [
      policy('cannot-contain-characters', { forbiddenChars: ['/', '@'] }),
      { v: 'a/b' },
      [['CANNOT_CONTAIN_CHARACTERS', { forbiddenChars: ['/', '@'] }]],
    ],
    [
      policy('cannot-contain-duplicates'),
      { v: ['a', 'b', 'a'] },
      [['CANNOT_CONTAIN_DUPLICATES', { duplicateValue: 'a' }]],
    ],
    [policy('valid-email-address-format'), { v: 'bjensen@example.com' }, []],
    [policy('valid-email-address-format'), { v: 'bjensen@' }, ['VALID_EMAIL_ADDRESS_FORMAT']],
    [policy('valid-email-address-format'), { v: 'a b@x.org' }, ['VALID_EMAIL_ADDRESS_FORMAT']],
    [policy('valid-email-address-format'), { v: `${'a'.repeat(50_000)}@` }, ['VALID_EMAIL_ADDRESS_FORMAT']],
    [policy('valid-phone-format'), { v: '+49 (30) 123-4' }, []],
    [policy('valid-phone-format'), { v: 'none' }, ['VALID_PHONE_FORMAT']],
    [policy('valid-name-format'), { v: "O'Neill-Müller" }, []],
    [policy('valid-name-format'), { v: 'x<y' }, ['VALID_NAME_FORMAT']],
    [policy('valid-date'), { v: 'soon' }, ['VALID_DATE']],
    [policy('valid-number'), { v: '12.5' }, []],
    [policy('re-auth-required', { exceptRoles: ['x'] }), { v: 'y' }, []],
    [policy('of-our-own'), { v: 'y' }, []],
    [policy('regexpMatches', { regexp: '(' }), { v: 'y' }, [['MATCH_REGEXP', { regexp: '(' }]]],
    [{ required: true, ...policy('required') }, {}, ['REQUIRED']],
  ];

  it.each(CASES)('under %j, in %j, fails %j', async (property, object, expected) => {
    expect(await failures(property, object)).toEqual(expected);
  });
});

describe('policies', () => {
  const PROPERTIES = {
    userName: { type: 'string', required: true, policies: [{ policyId: 'unique' }] },
    mail: { policies: [{ policyId: 'valid-email-address-format' }, { policyId: 'unique' }] },
  };

  it('refuse an object in the shape that clients know', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } });
    await expect(managed.create({ _id: 'a', mail: 'x' }, EXTERNAL)).rejects.toMatchObject({
      code: 'denied',
      status: 403,
      message: 'Policy validation failed',
      detail: {
        result: false,
        failedPolicyRequirements: [
          { property: 'userName', policyRequirements: [{ policyRequirement: 'REQUIRED' }] },
          { property: 'mail', policyRequirements: [{ policyRequirement: 'VALID_EMAIL_ADDRESS_FORMAT' }] },
        ],
      },
    });
    expect(await managed.row('a')).toBeNull();
  });

  it('can be switched off', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } }, { enforcesPolicies: false });
    expect(await managed.create({ _id: 'a', mail: 'x' })).toMatchObject({ mail: 'x' });
  });

  it('keep a value unique: others are refused, the owner may keep it or give it away', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } });
    await managed.create({ _id: 'a', userName: 'u', mail: 'a@x.org' });
    await expect(managed.create({ _id: 'b', userName: 'u' })).rejects.toMatchObject({
      detail: {
        failedPolicyRequirements: [{ property: 'userName', policyRequirements: [{ policyRequirement: 'UNIQUE' }] }],
      },
    });
    expect(await managed.update('a', { userName: 'u', sn: 'x' })).toMatchObject({ _rev: '1' });
    await managed.update('a', { userName: 'v' });
    expect(await managed.create({ _id: 'b', userName: 'u', mail: 'a@x.org' })).toMatchObject({ _rev: '0' });
    await expect(managed.patch('b', [{ operation: 'replace', field: 'userName', value: 'v' }])).rejects.toMatchObject({
      message: 'Failed policy validation',
    });
  });

  it('keep a value unique among many who want it at once, and in what hooks make of it', async () => {
    await using managed = await openManaged({
      onCreate: js("object.userName = 'same'"),
      schema: { properties: PROPERTIES },
    });
    const wanted = Array.from({ length: 8 }, (_, i) => managed.create({ _id: `u${i}`, userName: `n${i}` }));
    const results = await Promise.allSettled(wanted);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    expect((await managed.query({})).objects).toHaveLength(1);
  });

  it('keep a value unique within a batch, one after the other', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } });
    await managed.create({ _id: 'a', userName: 'u1' });
    const outcomes = await managed.collection.write([
      { kind: 'update', id: 'a', rev: '0', object: { userName: 'u2' }, changed: ['userName'] },
      { kind: 'create', id: 'b', object: { userName: 'u1' } },
      { kind: 'create', id: 'c', object: { userName: 'u1' } },
      { kind: 'create', id: 'd', object: { userName: 'u4' } },
    ]);
    expect(outcomes.map((one) => one.ok)).toEqual([true, true, false, true]);
  });

  it('keep the names of internal users for these', async () => {
    const properties = {
      userName: { policies: [{ policyId: 'valid-username' }] },
      alias: { policies: [{ policyId: 'no-internal-user-conflict' }] },
    };
    await using managed = await openManaged({ schema: { properties } });
    const { objects } = managed.repository;
    expect(await managed.create({ _id: 'a', userName: 'root', alias: 'root' }, EXTERNAL)).toMatchObject({ _id: 'a' });
    await objects.declareTypes([{ name: 'repo/internal/user', searchable: [] }]);
    const root = { kind: 'create', type: 'repo/internal/user', id: 'root', doc: {} } as const;
    await managed.repository.commit({ units: [{ object: root }] });
    await expect(managed.create({ _id: 'b', userName: 'b', alias: 'root' }, EXTERNAL)).rejects.toMatchObject({
      status: 403,
      detail: {
        failedPolicyRequirements: [
          { property: 'alias', policyRequirements: [{ policyRequirement: 'NO_INTERNAL_USER_CONFLICT' }] },
        ],
      },
    });
    await expect(managed.create({ _id: 'c', userName: 'root' }, EXTERNAL)).rejects.toMatchObject({ status: 403 });
    expect(await managed.create({ _id: 'd', userName: 'd', alias: 'd' }, EXTERNAL)).toMatchObject({ _id: 'd' });
    expect(await validate(managed, 'managed/user/*', 'validateObject', { userName: 'root' })).toMatchObject({
      failedPolicyRequirements: [{ property: 'userName', policyRequirements: [{ policyRequirement: 'UNIQUE' }] }],
    });
  });

  it('of properties that are wrong are told when the configuration is compiled', async () => {
    await using managed = await openManaged({
      schema: {
        properties: { a: policy('minimum-length'), b: policy('regexpMatches', { regexp: '(' }), c: policy('own') },
      },
    });
    expect(managed.type.compiled.diagnostics.map(({ severity, message }) => [severity, message])).toEqual([
      ['error', 'managed/user: property "a": the policy "minimum-length" needs the number "minLength" in "params"'],
      ['error', expect.stringContaining('property "b"')],
      ['warning', 'managed/user: property "c": the policy "own" is not known here'],
    ]);
  });
});

describe('the policy service', () => {
  const PROPERTIES = { userName: { required: true, policies: [{ policyId: 'unique' }] }, pin: { minLength: 4 } };

  it('tells what is asked of the properties', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } });
    const resource = policyResource({ types: () => [managed.type] });
    const read = (id: string) =>
      resource.read!({ verb: 'read', path: `policy/${id}`, parameters: {}, fields: null }, id, EXTERNAL);
    expect((await read('managed/user/*')).object).toMatchObject({
      _id: '*',
      resource: 'managed/user/*',
      properties: [
        { name: 'userName', policyRequirements: ['REQUIRED', 'UNIQUE'] },
        {
          name: 'pin',
          policies: [{ policyId: 'minimum-length', params: { minLength: 4 }, policyRequirements: ['MIN_LENGTH'] }],
        },
      ],
    });
    expect((await read('')).object).toMatchObject({ resources: [{ resource: 'managed/user/*' }] });
    await expect(read('managed/nothing/*')).rejects.toMatchObject({ status: 404 });
    await expect(read('system/x')).rejects.toMatchObject({ status: 404 });
  });

  it('looks at whole objects, or at single properties of a stored one', async () => {
    await using managed = await openManaged({ schema: { properties: PROPERTIES } });
    await managed.create({ _id: 'a', userName: 'u', pin: '1234' });
    expect(await validate(managed, 'managed/user/*', 'validateObject', { userName: 'v' })).toEqual({
      result: true,
      failedPolicyRequirements: [],
    });
    expect(await validate(managed, 'managed/user/*', 'validateObject', { userName: 'u', pin: '1' })).toEqual({
      result: false,
      failedPolicyRequirements: [
        { property: 'pin', policyRequirements: [{ policyRequirement: 'MIN_LENGTH', params: { minLength: 4 } }] },
        { property: 'userName', policyRequirements: [{ policyRequirement: 'UNIQUE' }] },
      ],
    });
    expect(await validate(managed, 'managed/user/a', 'validateProperty', { userName: 'u' })).toMatchObject({
      result: true,
    });
    expect(await validate(managed, 'managed/user/a', 'validateProperty', { pin: '1' })).toMatchObject({
      result: false,
    });
    await expect(validate(managed, 'managed/user/a', 'validateAll', {})).rejects.toMatchObject({ status: 400 });
    await expect(validate(managed, 'managed/user/a', 'validateObject', [])).rejects.toMatchObject({ status: 400 });
  });
});
