import type { LdapEntry } from '../../../ldap/codec/ldap-entry.ts';
import { formatDn } from '../../../ldap/dn/format-dn.ts';
import { parseDn } from '../../../ldap/dn/parse-dn.ts';

/** One entry of a retro change log (draft-good-ldap-changelog). */
export interface LoggedChange {
  readonly number: number;
  readonly type: 'add' | 'delete' | 'modify' | 'rename';
  readonly dn: string;
  /** After a rename; else as `dn`. */
  readonly newDn: string;
  /** Names of the attributes that were touched, in lower case. */
  readonly attributes: ReadonlySet<string>;
  /** Who did it, where the log tells. */
  readonly modifier: string | null;
  /** Ids of the entry, by the attribute that holds them in lower case, where the log keeps them. */
  readonly ids: ReadonlyMap<string, string>;
  /** As the log has it; empty where it has none. */
  readonly time: string;
}

export const LOG_ATTRIBUTES = [
  'targetDN',
  'changeType',
  'changes',
  'newRDN',
  'newSuperior',
  'targetUniqueId',
  'targetEntryUUID',
  'changeTime',
];

const TYPES: Readonly<Record<string, LoggedChange['type']>> = {
  add: 'add',
  delete: 'delete',
  modify: 'modify',
  modrdn: 'rename',
  moddn: 'rename',
};

/** Null: what is no change of an entry. Throws `Failure('invalid-data')` for a name that is none. */
export function readLoggedChange(entry: LdapEntry, numberAttribute: string): LoggedChange | null {
  const number = Number(entry.text(numberAttribute) ?? Number.NaN);
  const dn = entry.text('targetDN');
  const type = TYPES[(entry.text('changeType') ?? '').toLowerCase()];
  if (!Number.isSafeInteger(number) || dn === null || type === undefined) return null;
  const values = ldifValues((entry.value('changes') ?? Buffer.alloc(0)).toString('utf8'));
  const ids = new Map<string, string>();
  const [unique, uuid] = [entry.text('targetUniqueId'), entry.text('targetEntryUUID')];
  if (unique !== null) ids.set('nsuniqueid', unique);
  if (uuid !== null) ids.set('entryuuid', uuid);
  return {
    number,
    type,
    dn,
    newDn: type === 'rename' ? renamed(dn, entry.text('newRDN') ?? '', entry.text('newSuperior')) : dn,
    attributes: new Set(
      type === 'modify' ? values.flatMap(([name, value]) => touched(name, value)) : values.map(([name]) => name),
    ),
    modifier:
      values.findLast(([name]) => name === 'modifiersname')?.[1] ??
      values.findLast(([name]) => name === 'creatorsname')?.[1] ??
      null,
    ids,
    time: entry.text('changeTime') ?? '',
  };
}

/** In the changes of a modification `replace: mail` names what is touched; the values follow. */
function touched(name: string, value: string): readonly string[] {
  return name === 'add' || name === 'delete' || name === 'replace' || name === 'increment' ? [value.toLowerCase()] : [];
}

function renamed(dn: string, newRdn: string, newSuperior: string | null): string {
  const parent = newSuperior === null || newSuperior === '' ? parseDn(dn).slice(1) : parseDn(newSuperior);
  return formatDn([...parseDn(newRdn), ...parent]);
}

/** The lines of an LDIF fragment, which may end with a NUL: names in lower case, and values. */
function ldifValues(text: string): readonly (readonly [name: string, value: string])[] {
  const lines = text
    .replaceAll('\0', '')
    .replaceAll(/\r?\n /g, '')
    .split(/\r?\n/);
  return lines.flatMap((line): [string, string][] => {
    const match = /^([^:]+):(:?)\s*(.*)$/.exec(line);
    if (match === null) return [];
    const value = match[2] === ':' ? Buffer.from(match[3]!, 'base64').toString('utf8') : match[3]!;
    return [[match[1]!.trim().toLowerCase(), value]];
  });
}
