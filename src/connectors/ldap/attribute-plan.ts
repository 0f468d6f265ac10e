import { Failure } from '../../base/failure.ts';
import type { Json } from '../../base/json.ts';
import { NAME, PASSWORD, UID, type ObjectType, type Property } from '../../connector/object-type.ts';
import type { ObjectTypeConfig } from '../../connector/contract.ts';
import { attributeDescription } from '../../ldap/codec/attribute-description.ts';
import type { LdapValue } from '../../ldap/codec/message.ts';
import { ENABLE, type EnableRule } from './enable.ts';
import type { LdapSchema } from '../../ldap/schema/ldap-schema.ts';

/** The native name of the groups that an entry is a member of; they are found by their members. */
export const GROUPS = 'ldapGroups';
/** The same for groups of RFC 2307, whose members are named by `uid`. */
export const POSIX_GROUPS = 'posixGroups';
/** The native name of the ids of a group's members, with `getGroupMemberId`. */
export const MEMBER_IDS = '_memberId';

/** How one native attribute stands in entries. */
export interface NativeAttribute {
  readonly nativeName: string;
  /** `text`: as it is; `guid`: the bytes of Active Directory's objectGUID as the usual text; `bytes`: Base64. */
  readonly form: 'text' | 'bytes' | 'guid';
  readonly isBoolean: boolean;
  readonly isDn: boolean;
}

/** The native attributes of an object type, as they are asked for and found. */
export interface AttributePlan {
  /** Attributes to ask for. Never empty: an empty list means all of them. */
  readonly wanted: readonly string[];
  /** Description in lower case, as a server may spell it → attribute. */
  readonly byKey: ReadonlyMap<string, NativeAttribute>;
  /** Native names that are read whose values stand in other entries. */
  readonly related: ReadonlySet<string>;
  /** How the directory says that an account may not log in; null: it has nothing of the kind. */
  readonly enable: EnableRule | null;
  readonly wantsEnable: boolean;
  attribute(nativeName: string): NativeAttribute;
}

/** Names of attributes that hold bytes on every server; used where the schema is not known. */
const BYTES = new Set(
  'jpegphoto photo audio usercertificate cacertificate usersmimecertificate userpkcs12 objectguid objectsid thumbnailphoto sidhistory unicodepwd'.split(
    ' ',
  ),
);
const RELATED = new Set([GROUPS, POSIX_GROUPS, MEMBER_IDS]);
const SPECIAL = new Set([NAME, UID, PASSWORD, ENABLE, ...RELATED]);

export interface PlanRules {
  readonly enable: EnableRule | null;
  /** Names the members of groups, where their ids are read; null: they are not. */
  readonly memberAttribute: string | null;
}

export function attributePlan(
  type: ObjectType,
  config: ObjectTypeConfig,
  schema: LdapSchema | null,
  uidAttribute: string,
  { enable, memberAttribute }: PlanRules = { enable: null, memberAttribute: null },
): AttributePlan {
  const declared = new Map(
    Object.values(config.properties).map((property) => [property.nativeName, property.nativeType]),
  );
  const attribute = (nativeName: string): NativeAttribute =>
    nativeAttribute(nativeName, declared.get(nativeName), schema);
  const returned = type.properties.filter((property) => property.isReturned);
  const read = returned.filter(({ nativeName }) => !SPECIAL.has(nativeName)).map(({ nativeName }) => nativeName);
  const byKey = new Map<string, NativeAttribute>();
  for (const name of read) for (const key of spellings(name, schema)) byKey.set(key, attribute(name));
  const has = (nativeName: string): boolean => returned.some((property) => property.nativeName === nativeName);
  const related = new Set(
    [...RELATED].filter((name) => has(name) && (name !== MEMBER_IDS || memberAttribute !== null)),
  );
  const wantsEnable = enable !== null && has(ENABLE);
  const names = [
    ...read,
    ...(uidAttribute === 'dn' ? [] : [uidAttribute]),
    ...(wantsEnable ? [enable.attribute] : []),
    ...(related.has(MEMBER_IDS) ? [memberAttribute!] : []),
  ];
  return {
    wanted: names.length === 0 ? ['1.1'] : [...new Set(names)],
    byKey,
    related,
    enable,
    wantsEnable,
    attribute,
  };
}

/** Servers answer under the name that their schema puts first, and some add `;binary`. */
export function spellings(name: string, schema: LdapSchema | null): readonly string[] {
  const { name: base, options, key } = attributeDescription(name);
  const suffix = options.map((option) => `;${option}`).join('');
  const names = [base, ...(schema?.attributeType(base)?.names ?? [])].map((one) => one.toLowerCase());
  const keys = names.map((one) => `${one}${suffix}`);
  return [...new Set([key, ...keys, ...(options.length === 0 ? keys.map((one) => `${one};binary`) : [])])];
}

function nativeAttribute(
  nativeName: string,
  nativeType: string | undefined,
  schema: LdapSchema | null,
): NativeAttribute {
  const { name, options } = attributeDescription(nativeName.toLowerCase());
  const kind = schema === null ? (BYTES.has(name) ? 'bytes' : 'text') : schema.valueKind(nativeName);
  const isPassword = name === 'userpassword';
  const isBytes =
    options.includes('binary') || /BYTE_?ARRAY/i.test(nativeType ?? '') || (kind === 'bytes' && !isPassword);
  const form = name === 'objectguid' && !/BYTE_?ARRAY/i.test(nativeType ?? '') ? 'guid' : isBytes ? 'bytes' : 'text';
  return { nativeName, form, isBoolean: kind === 'boolean', isDn: kind === 'dn' };
}

/** What a value is written as. Throws `Failure('invalid-data')`. */
export function toLdapValue({ nativeName, form, isBoolean }: NativeAttribute, value: Json): LdapValue {
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (form === 'guid') return guidBytes(text) ?? refuse(nativeName, 'is no GUID');
  if (form === 'bytes') {
    const bytes = Buffer.from(text, 'base64');
    const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text) && (bytes.length > 0 || text.trim() === '');
    return isBase64 ? bytes : refuse(nativeName, 'is not Base64, which binary attributes are written in');
  }
  return isBoolean ? text.toUpperCase() : text;
}

/** What values as bytes are seen as. Throws `Failure('invalid-data')` for what is not text. */
export function fromLdapValue({ form }: NativeAttribute, bytes: Buffer): string {
  return form === 'guid' ? guidText(bytes) : bytes.toString('base64');
}

/** The 16 bytes of an objectGUID, whose first three groups are little-endian. */
export function guidText(bytes: Uint8Array): string {
  if (bytes.length !== 16) return Buffer.from(bytes).toString('hex');
  const hex = Buffer.from(swapped(bytes)).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Null for what is no GUID. `<GUID=…>` is one, too. */
export function guidBytes(text: string): Buffer | null {
  const hex = text.replace(/^<GUID=(.*)>$/i, '$1').replaceAll('-', '');
  return /^[0-9a-f]{32}$/i.test(hex) ? swapped(Buffer.from(hex, 'hex')) : null;
}

function swapped(bytes: Uint8Array): Buffer {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Buffer.from(order.map((i) => bytes[i]!));
}

function refuse(name: string, why: string): never {
  throw new Failure('invalid-data', `a value of attribute '${name}' ${why}`);
}

/** The property of a native name; of several the first. */
export function propertyOf(type: ObjectType, nativeName: string): Property | undefined {
  return type.properties.find((property) => property.nativeName === nativeName);
}
