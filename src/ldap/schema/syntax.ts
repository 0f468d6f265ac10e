/** How values of a syntax are to be taken. */
export type ValueKind = 'text' | 'bytes' | 'boolean' | 'integer' | 'dn' | 'time';

const PREFIX = '1.3.6.1.4.1.1466.115.121.1.';

/** Syntaxes whose values are not text (RFC 4517 §3.3, RFC 2252 §6, RFC 4523, Active Directory's). The others are. */
const KINDS: ReadonlyMap<string, ValueKind> = new Map<string, ValueKind>([
  [`${PREFIX}4`, 'bytes'], // Audio
  [`${PREFIX}5`, 'bytes'], // Binary
  [`${PREFIX}7`, 'boolean'],
  [`${PREFIX}8`, 'bytes'], // Certificate
  [`${PREFIX}9`, 'bytes'], // Certificate List
  [`${PREFIX}10`, 'bytes'], // Certificate Pair
  [`${PREFIX}12`, 'dn'],
  [`${PREFIX}23`, 'bytes'], // Fax
  [`${PREFIX}24`, 'time'],
  [`${PREFIX}27`, 'integer'],
  [`${PREFIX}28`, 'bytes'], // JPEG
  [`${PREFIX}40`, 'bytes'], // Octet String
  [`${PREFIX}49`, 'bytes'], // Supported Algorithm
  [`${PREFIX}53`, 'time'],
  ['1.2.840.113556.1.4.906', 'integer'], // Large Integer
  ['1.2.840.113556.1.4.907', 'bytes'], // NT Security Descriptor
  ['1.2.826.0.1.3344810.7.1', 'bytes'], // Serial Number and Issuer, Certificate
]);

/** How values of a syntax are to be taken; an unknown one is text. */
export function valueKindOf(syntax: string | null): ValueKind {
  return (syntax === null ? undefined : KINDS.get(syntax)) ?? 'text';
}
