import { describe, expect, it } from 'vitest';
import { compilePolicies } from '../../managed/policies/compile-policies.ts';
import { BASE, configOf, faultsOf, withMapping } from './load-fixture.ts';

const POLICY_FILE = {
  type: 'text/javascript',
  file: 'policy.js',
  resources: [
    {
      resource: 'managed/user/*',
      properties: [
        { name: 'userName', policies: [{ policyId: 'required' }, { policyId: 'no-internal-user-conflict' }] },
        { name: 'password', policies: [{ policyId: 'minimum-length', params: { minLength: 8 } }] },
      ],
    },
  ],
};

describe('conf/policy.json', () => {
  it('adds to what the properties say themselves', async () => {
    const password = { type: 'string', minLength: 10, policies: [{ policyId: 'required' }] };
    const { managed } = await configOf({
      ...withMapping({}),
      'conf/managed.json': { objects: [{ name: 'user', schema: { properties: { password } } }] },
      'conf/policy.json': POLICY_FILE,
    });
    const { policies } = compilePolicies(managed[0]!);
    const told = policies.properties.map((one) => [
      one.name,
      one.policies.map(({ policyId, params }) => [policyId, params]),
    ]);
    expect(Object.fromEntries(told)).toEqual({
      password: [
        ['valid-type', { types: ['string'] }],
        ['minimum-length', { minLength: 10 }],
        ['required', {}],
        ['minimum-length', { minLength: 8 }],
      ],
      userName: [
        ['required', {}],
        ['no-internal-user-conflict', {}],
      ],
    });
  });

  it('what is not checked is told at its place', async () => {
    const properties = [
      { name: 'a', policies: [{ policyId: 'my-own' }, { policyId: 'minimum-length' }] },
      { name: 'b[*]', policies: [{ policyId: 'required' }] },
      { name: 'c', policies: [], conditionalPolicies: [{ condition: {} }] },
    ];
    const resources = [
      { resource: 'managed/user/*', properties },
      { resource: 'managed/nobody/*', properties: [] },
      { resource: 'selfservice/reset', properties: [] },
    ];
    const files = { ...BASE, 'conf/sync.json': {} };
    const faults = await faultsOf({ ...files, 'conf/policy.json': { additionalFiles: ['my.js'], resources } });
    expect(faults.map((fault) => fault.replace('warning conf/policy.json ', '')).toSorted()).toEqual(
      [
        '/additionalFiles/0: the policies of my.js are not checked',
        '/resources/0/properties/1/name: the policies of "b[*]" are not checked',
        '/resources/0/properties/2/conditionalPolicies: property "c": policies with conditions are not checked',
        '/resources/1/resource: the policies of "managed/nobody/*" are not checked',
        '/resources/2/resource: the policies of "selfservice/reset" are not checked',
        '/resources/0/properties/0: managed/user: property "a": the policy "my-own" is not known here',
        '/resources/0/properties/0: managed/user: property "a": the policy "minimum-length" needs the number "minLength" in "params"',
      ].toSorted(),
    );
  });
});
