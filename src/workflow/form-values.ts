import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { FormDefinition } from './process-definition.ts';

/**
 * Throws `Failure('bad-request')` that tells everything that is wrong: a required field without a value, a value that an
 * enumeration does not have, a value for a field that is only shown. Values are not converted: scripts get what was sent.
 */
export function checkForm({ properties }: FormDefinition, values: JsonObject, what: string): void {
  const faults = properties.flatMap((property): readonly string[] => {
    const { id, type, isRequired, isWritable, values: choices } = property;
    const value = values[property.variable ?? id] ?? values[id];
    const isGiven = value !== undefined && value !== null && value !== '';
    if (!isGiven) return isRequired && isWritable ? [`"${id}" is required`] : [];
    if (!isWritable) return [`"${id}" cannot be changed`];
    const ids = choices.map((choice) => choice.id);
    if (type !== 'enum' || ids.length === 0 || ids.includes(String(value))) return [];
    return [`"${id}" is ${JSON.stringify(value)}, but may be ${ids.join(', ')}`];
  });
  if (faults.length > 0) throw new Failure('bad-request', `${what}: ${faults.join('; ')}`, { detail: { faults } });
}
