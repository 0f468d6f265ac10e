import { afterEach, describe, it } from 'vitest';
import type { ObjectSet } from '../model/object-set.ts';
import type { Claim } from './claim.conformance.ts';
import type { ObjectTypeConfig, PropertyConfig } from './contract.ts';
import { readClaims } from './read-claims.conformance.ts';
import { valueClaims } from './value-claims.conformance.ts';
import { writeClaims } from './write-claims.conformance.ts';

/** What a connector under test provides. */
export interface ConformanceSubject {
  /**
   * An empty collection with the object type `conformanceType`, whose id is the value of the attribute `name`. The
   * attribute `none` is declared, but never has a value.
   */
  readonly set: ObjectSet;
  dispose(): Promise<void>;
}

/** What a connector does differently, by the claim's name, with the reason. The claim is then expected to fail. */
export type Deviations = Readonly<Record<string, string>>;

const property = (nativeName: string, more: Partial<PropertyConfig> = {}): PropertyConfig => ({
  type: 'string',
  itemType: null,
  nativeName,
  nativeType: 'string',
  isRequired: false,
  flags: [],
  ...more,
});

/** `name` is the naming attribute and thereby the id. */
export const conformanceType: ObjectTypeConfig = {
  nativeType: '__ACCOUNT__',
  properties: {
    name: property('__NAME__', { isRequired: true }),
    mail: property('mail'),
    text: property('text'),
    count: property('count', { type: 'integer', nativeType: 'integer' }),
    isActive: property('isActive', { type: 'boolean', nativeType: 'boolean' }),
    groups: property('groups', { type: 'array', itemType: 'string' }),
    fixed: property('fixed', { flags: ['NOT_UPDATEABLE'] }),
    derived: property('derived', { flags: ['NOT_CREATABLE', 'NOT_UPDATEABLE'] }),
    secret: property('__PASSWORD__', { flags: ['NOT_READABLE', 'NOT_RETURNED_BY_DEFAULT'] }),
    none: property('none'),
  },
};

export function connectorConformance(
  name: string,
  setup: () => Promise<ConformanceSubject>,
  deviations: Deviations = {},
): void {
  const subjects: ConformanceSubject[] = [];
  const claim: Claim = (text, prove) => {
    const run = async (): Promise<void> => {
      const subject = await setup();
      subjects.push(subject);
      await prove(subject.set);
    };
    const reason = Object.hasOwn(deviations, text) ? deviations[text] : undefined;
    const declare = reason === undefined ? it : it.fails;
    declare(reason === undefined ? text : `${text} (deviates: ${reason})`, run);
  };

  describe(`${name} is a connector`, () => {
    afterEach(async () => {
      for (const subject of subjects.splice(0)) await subject.dispose();
    });
    readClaims(claim);
    writeClaims(claim);
    valueClaims(claim);
  });
}
