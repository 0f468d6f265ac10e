import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import type { LdapEntry } from '../../ldap/codec/ldap-entry.ts';
import type { LdapSchema } from '../../ldap/schema/ldap-schema.ts';

/** The native name of whether an account may log in. */
export const ENABLE = '__ENABLE__';

/** How a directory says that an account may not log in. */
export interface EnableRule {
  readonly attribute: string;
  /** What is written depends on the value that is there. */
  readonly needsValue: boolean;
  /** Null: it is not to be seen. */
  isEnabled(value: string | null): boolean | null;
  /** The value to write; null removes it. */
  valueFor(isEnabled: boolean, present: string | null): string | null;
}

const ACCOUNT_DISABLED = 2;
const NORMAL_ACCOUNT = 512;

const ACTIVE_DIRECTORY: EnableRule = {
  attribute: 'userAccountControl',
  needsValue: true,
  isEnabled: (value) => (value === null ? null : (Number(value) & ACCOUNT_DISABLED) === 0),
  valueFor: (isEnabled, present) => {
    const flags = present === null ? NORMAL_ACCOUNT : Number(present);
    return String(isEnabled ? flags & ~ACCOUNT_DISABLED : flags | ACCOUNT_DISABLED);
  },
};

function flag(attribute: string, whenDisabled: string): EnableRule {
  return {
    attribute,
    needsValue: false,
    isEnabled: (value) => value?.toLowerCase() !== whenDisabled.toLowerCase(),
    valueFor: (isEnabled) => (isEnabled ? null : whenDisabled),
  };
}

/** By the attributes that tell the products apart, the surest first. */
const RULES: readonly EnableRule[] = [
  flag('msDS-UserAccountDisabled', 'TRUE'),
  flag('ds-pwp-account-disabled', 'true'),
  flag('nsAccountLock', 'true'),
  // Of the password policy of OpenLDAP: locked for ever. Any other time is a lock that passes.
  flag('pwdAccountLockedTime', '000001010000Z'),
];

/** How this directory does it; null: by nothing that is known here. `isDomain`: Active Directory, with domains. */
export function enableRule(schema: LdapSchema | null, isDomain: boolean): EnableRule | null {
  if (isDomain) return ACTIVE_DIRECTORY;
  return RULES.find(({ attribute }) => schema !== null && schema.attributeType(attribute) !== null) ?? null;
}

/** A domain of Active Directory, and not its lightweight kind, which has another attribute. */
export function isDomain(schema: LdapSchema | null, isActiveDirectory: boolean): boolean {
  return isActiveDirectory && schema?.attributeType('msDS-UserAccountDisabled') == null;
}

/** Throws `Failure('unsupported')` where the directory has nothing of the kind. */
export function neededRule(rule: EnableRule | null): EnableRule {
  if (rule !== null) return rule;
  const names = RULES.map(({ attribute }) => attribute).join(', ');
  throw new Failure(
    'unsupported',
    `${ENABLE}: the directory has no attribute that says whether an account may log in (userAccountControl, ${names}); ` +
      'on OpenLDAP the overlay ppolicy brings one',
  );
}

/** The attribute to write. Throws `Failure('invalid-data')` for what is neither true nor false. */
export function enableValue(rule: EnableRule, wanted: Json, present: string | null): string | null {
  const isEnabled = wanted === null || wanted === true || wanted === 'true';
  if (!isEnabled && wanted !== false && wanted !== 'false')
    throw new Failure('invalid-data', `${ENABLE} is true or false, not ${JSON.stringify(wanted)}`);
  return rule.valueFor(isEnabled, present);
}

/** Whether the entry may log in; null where that is not to be seen. */
export function isEnabledIn(rule: EnableRule, entry: LdapEntry): boolean | null {
  return rule.isEnabled(entry.attribute(rule.attribute)?.text() ?? null);
}
