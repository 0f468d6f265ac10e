/** Identifier octets that LDAP uses (RFC 4511 §5.1). Tag numbers above 30 do not occur in it. */
export const BOOLEAN = 0x01;
export const INTEGER = 0x02;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const ENUMERATED = 0x0a;
export const SEQUENCE = 0x30;
export const SET = 0x31;

/** `[n]` with primitive contents. */
export function contextPrimitive(number: number): number {
  return 0x80 | number;
}

/** `[n]` with constructed contents. */
export function contextConstructed(number: number): number {
  return 0xa0 | number;
}
