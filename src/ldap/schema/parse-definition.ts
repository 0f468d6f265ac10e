import { parseDefinition, type ParsedDefinition } from './definition-tokens.ts';
import type { AttributeType, ContentRule, Definition, ObjectClass } from './schema.ts';

const USAGES = ['userApplications', 'directoryOperation', 'distributedOperation', 'dSAOperation'] as const;
const LENGTH = /\{(\d{1,9})\}$/;

/** Reads a value of `attributeTypes` (RFC 4512 §4.1.2). Throws `Failure('invalid-data')`. */
export function parseAttributeType(text: string): AttributeType {
  const parsed = parseDefinition(text);
  const syntax = one(parsed, 'SYNTAX');
  const usage = one(parsed, 'USAGE')?.toLowerCase();
  return {
    ...common(parsed),
    superior: one(parsed, 'SUP'),
    equality: one(parsed, 'EQUALITY'),
    ordering: one(parsed, 'ORDERING'),
    substring: one(parsed, 'SUBSTR'),
    syntax: syntax?.replace(LENGTH, '') ?? null,
    maxLength: maxLengthOf(syntax),
    isSingleValued: parsed.fields.has('SINGLE-VALUE'),
    isCollective: parsed.fields.has('COLLECTIVE'),
    isModifiable: !parsed.fields.has('NO-USER-MODIFICATION'),
    usage: USAGES.find((known) => known.toLowerCase() === usage) ?? 'userApplications',
  };
}

/** Reads a value of `objectClasses` (RFC 4512 §4.1.1). Throws `Failure('invalid-data')`. */
export function parseObjectClass(text: string): ObjectClass {
  const parsed = parseDefinition(text);
  const { fields } = parsed;
  return {
    ...common(parsed),
    superiors: fields.get('SUP') ?? [],
    kind: fields.has('ABSTRACT') ? 'abstract' : fields.has('AUXILIARY') ? 'auxiliary' : 'structural',
    must: fields.get('MUST') ?? [],
    may: fields.get('MAY') ?? [],
  };
}

/** Reads a value of `dITContentRules` (RFC 4512 §4.1.6). Throws `Failure('invalid-data')`. */
export function parseContentRule(text: string): ContentRule {
  const parsed = parseDefinition(text);
  const { fields } = parsed;
  return {
    ...common(parsed),
    auxiliaries: fields.get('AUX') ?? [],
    must: fields.get('MUST') ?? [],
    may: fields.get('MAY') ?? [],
  };
}

function common(parsed: ParsedDefinition): Definition {
  const extensions = [...parsed.fields].filter(([keyword]) => keyword.startsWith('X-'));
  return {
    oid: parsed.oid,
    names: parsed.fields.get('NAME') ?? [],
    description: one(parsed, 'DESC'),
    isObsolete: parsed.fields.has('OBSOLETE'),
    extensions: Object.fromEntries(extensions),
  };
}

function one({ fields }: ParsedDefinition, keyword: string): string | null {
  return fields.get(keyword)?.[0] ?? null;
}

function maxLengthOf(syntax: string | null): number | null {
  const match = LENGTH.exec(syntax ?? '');
  return match === null ? null : Number(match[1]);
}
