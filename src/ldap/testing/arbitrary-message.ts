import fc from 'fast-check';
import type { EntryValues, ResponseValues } from '../codec/encode-response.ts';
import type { LdapControl, LdapValue, RequestOperation, ResultOperation } from '../codec/message.ts';
import type { Filter } from '../filter/filter.ts';

/** Text, and bytes that are no text: each in the form that decoding gives back. */
export const anyValue: fc.Arbitrary<LdapValue> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }) },
  fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from([0xff, ...bytes])),
);

const text = fc.string({ unit: 'binary', maxLength: 12 });
const smallBytes = fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes));
const oid = fc.constantFrom('1.2.3', '1.3.6.1.4.1.1466.20037', '2.5.4.3');
export const attributeName = fc.constantFrom(
  'cn',
  'objectClass',
  'userCertificate;binary',
  'x-y',
  '2.5.4.3',
  'lang;lang-de',
);
const count = fc.oneof(fc.nat({ max: 300 }), fc.constantFrom(0, 127, 128, 32_768, 2 ** 31 - 1));

export const anyControls: fc.Arbitrary<readonly LdapControl[]> = fc.array(
  fc.record({ oid, isCritical: fc.boolean(), value: fc.option(smallBytes) }),
  { maxLength: 3 },
);

const nonEmpty = anyValue.filter((value) => value.length > 0);

export const anyFilter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.record({ kind: fc.constant('present' as const), attribute: attributeName }),
    fc.record({
      kind: fc.constantFrom('equal', 'greaterOrEqual', 'lessOrEqual', 'approximate'),
      attribute: attributeName,
      value: anyValue,
    }),
    fc
      .record({
        kind: fc.constant('substrings' as const),
        attribute: attributeName,
        initial: fc.option(nonEmpty),
        any: fc.array(nonEmpty, { maxLength: 3 }),
        final: fc.option(nonEmpty),
      })
      .filter(({ initial, any, final }) => initial !== null || any.length > 0 || final !== null),
    fc
      .record({
        kind: fc.constant('extensible' as const),
        attribute: fc.option(attributeName),
        rule: fc.option(oid),
        isDnIncluded: fc.boolean(),
        value: anyValue,
      })
      .filter(({ attribute, rule }) => attribute !== null || rule !== null),
    fc.record({ kind: fc.constantFrom('and', 'or'), filters: fc.array(tie('filter'), { maxLength: 3 }) }),
    fc.record({ kind: fc.constant('not' as const), filter: tie('filter') }),
  ),
})).filter;

const attributes = fc.array(fc.record({ name: attributeName, values: fc.array(anyValue, { maxLength: 4 }) }), {
  maxLength: 4,
});

export const anyRequest: fc.Arbitrary<RequestOperation> = fc.oneof(
  fc.record({
    kind: fc.constant('bind' as const),
    dn: text,
    authentication: fc.oneof(
      fc.record({ kind: fc.constant('simple' as const), password: anyValue }),
      fc.record({
        kind: fc.constant('sasl' as const),
        mechanism: fc.constantFrom('EXTERNAL', 'PLAIN'),
        credentials: fc.option(smallBytes),
      }),
    ),
  }),
  fc.constant({ kind: 'unbind' as const }),
  fc.record({
    kind: fc.constant('search' as const),
    base: text,
    scope: fc.constantFrom('base', 'one', 'subtree', 'subordinates'),
    dereference: fc.constantFrom('never', 'searching', 'finding', 'always'),
    sizeLimit: count,
    timeLimitSeconds: count,
    typesOnly: fc.boolean(),
    filter: anyFilter,
    attributes: fc.array(attributeName, { maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('modify' as const),
    dn: text,
    changes: fc.array(
      fc.record({
        operation: fc.constantFrom('add', 'delete', 'replace', 'increment'),
        name: attributeName,
        values: fc.array(anyValue, { maxLength: 3 }),
      }),
      { maxLength: 4 },
    ),
  }),
  fc.record({ kind: fc.constant('add' as const), dn: text, attributes }),
  fc.record({ kind: fc.constant('delete' as const), dn: text }),
  fc.record({
    kind: fc.constant('rename' as const),
    dn: text,
    newRdn: text,
    deleteOldRdn: fc.boolean(),
    newSuperior: fc.option(text),
  }),
  fc.record({ kind: fc.constant('compare' as const), dn: text, attribute: attributeName, value: anyValue }),
  fc.record({ kind: fc.constant('abandon' as const), messageId: count }),
  fc.record({ kind: fc.constant('extended' as const), oid, value: fc.option(smallBytes) }),
);

export const anyEntry: fc.Arbitrary<EntryValues> = fc.record({
  kind: fc.constant('entry' as const),
  dn: text,
  attributes,
  controls: anyControls,
});

const operations: readonly ResultOperation[] = [
  'bind',
  'search',
  'modify',
  'add',
  'delete',
  'rename',
  'compare',
  'extended',
];

export const anyResponse: fc.Arbitrary<ResponseValues> = fc.oneof(
  anyEntry,
  fc.record({
    kind: fc.constant('reference' as const),
    urls: fc.array(text, { maxLength: 3 }),
    controls: anyControls,
  }),
  fc.record({
    kind: fc.constant('intermediate' as const),
    oid: fc.option(oid),
    value: fc.option(smallBytes),
    controls: anyControls,
  }),
  fc.record({
    kind: fc.constant('result' as const),
    operation: fc.constantFrom(...operations),
    code: fc.constantFrom(0, 5, 32, 49, 118, 4096),
    matchedDn: text,
    message: text,
    referrals: fc.array(text, { maxLength: 2 }),
    controls: anyControls,
    serverCredentials: fc.option(smallBytes),
    oid: fc.option(oid),
    value: fc.option(smallBytes),
  }),
);

export const anyId = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(127, 128, 65_536, 2 ** 31 - 1));
