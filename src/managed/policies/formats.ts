import type { Json } from '../../base/json.ts';

export interface Format {
  /** `VALID_DATE` */
  readonly name: string;
  readonly isValid: (value: Json) => boolean;
}

/** An empty text has no format to be wrong. */
const text =
  (pattern: RegExp): Format['isValid'] =>
  (value) =>
    typeof value === 'string' && (value === '' || (value.length <= 1000 && pattern.test(value)));

const isDate: Format['isValid'] = (value) =>
  typeof value === 'string' && (value === '' || !Number.isNaN(Date.parse(value)));

const isNumber: Format['isValid'] = (value) =>
  typeof value === 'number' || (typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value)));

/** Policies that say what a value looks like, by `policyId`. Patterns without nested repetition: linear in time. */
export const FORMATS: Readonly<Record<string, Format>> = {
  'valid-email-address-format': {
    name: 'VALID_EMAIL_ADDRESS_FORMAT',
    isValid: text(/^[^\s@"(),:;<>[\\\]]+@[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+$/u),
  },
  'valid-name-format': { name: 'VALID_NAME_FORMAT', isValid: text(/^[\p{L}\p{M}'\-`\s.,]+$/u) },
  'valid-phone-format': { name: 'VALID_PHONE_FORMAT', isValid: text(/^\+?[0-9\- ().]*$/) },
  'valid-date': { name: 'VALID_DATE', isValid: isDate },
  'valid-formatted-date': { name: 'VALID_FORMATTED_DATE', isValid: isDate },
  'valid-number': { name: 'VALID_NUMBER', isValid: isNumber },
  'valid-int': {
    name: 'VALID_INT',
    isValid: (value) => isNumber(value) && Number.isInteger(Number(value)),
  },
};
