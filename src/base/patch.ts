import { Failure } from './failure.ts';
import { cloneJson, deepEqual, isJsonObject, type Json, type JsonObject } from './json.ts';
import { getAt, parsePointer, putAt, removeAt } from './json-pointer.ts';

/** An operation of a PATCH body: specification §1.8. */
interface Operation {
  readonly operation: string;
  readonly field: readonly string[];
  readonly value: Json;
  readonly hasValue: boolean;
  readonly from: readonly string[] | null;
}

/** The object after the whole patch; the original is left alone. Refuses the patch as a whole with `bad-request`. */
export function applyPatch(object: JsonObject, patch: Json): JsonObject {
  if (!Array.isArray(patch)) throw new Failure('bad-request', 'a patch is a list of operations');
  const result = cloneJson(object);
  for (const one of patch) applyOperation(result, readOperation(one));
  return result;
}

function readOperation(raw: Json): Operation {
  if (!isJsonObject(raw) || typeof raw['operation'] !== 'string' || typeof raw['field'] !== 'string')
    throw new Failure('bad-request', `not a valid JSON patch: ${JSON.stringify(raw)} needs "operation" and "field"`);
  const from = typeof raw['from'] === 'string' ? parsePointer(raw['from']) : null;
  const field = parsePointer(raw['field']);
  if (field.length === 0) throw new Failure('bad-request', 'a patch cannot replace the whole object');
  return { operation: raw['operation'], field, value: raw['value'] ?? null, hasValue: 'value' in raw, from };
}

const OPERATIONS: Readonly<Record<string, (object: JsonObject, operation: Operation) => void>> = {
  add: (object, { field, value }) => add(object, field, value),
  replace: (object, { field, value }) => putAt(object, refusePosition(object, field), cloneJson(value)),
  remove: (object, operation) => remove(object, operation),
  increment: (object, operation) => increment(object, operation),
  copy: (object, operation) => copy(object, operation, false),
  move: (object, operation) => copy(object, operation, true),
};

function applyOperation(object: JsonObject, operation: Operation): void {
  const apply = Object.hasOwn(OPERATIONS, operation.operation) ? OPERATIONS[operation.operation] : undefined;
  if (apply === undefined)
    throw new Failure('bad-request', `not a valid JSON patch: unknown operation "${operation.operation}"`);
  apply(object, operation);
}

function refusePosition(object: JsonObject, field: readonly string[]): readonly string[] {
  const last = field[field.length - 1]!;
  if (/^\d+$/.test(last) && Array.isArray(getAt(object, field.slice(0, -1))))
    throw new Failure('bad-request', `Position-based operation is not allowed: /${field.join('/')}`);
  return field;
}

function add(object: JsonObject, field: readonly string[], value: Json): void {
  if (field[field.length - 1] !== '-') return putAt(object, refusePosition(object, field), cloneJson(value));
  const place = field.slice(0, -1);
  const list = getAt(object, place);
  putAt(object, place, [...(Array.isArray(list) ? list : []), cloneJson(value)]);
}

function remove(object: JsonObject, { field, value, hasValue }: Operation): void {
  const held = getAt(object, field);
  if (!hasValue || value === null) return removeAt(object, refusePosition(object, field));
  if (Array.isArray(held))
    putAt(
      object,
      field,
      held.filter((one) => !deepEqual(one, value)),
    );
  else if (deepEqual(held, value)) removeAt(object, field);
}

function increment(object: JsonObject, { field, value }: Operation): void {
  const held = getAt(object, field);
  if (typeof value !== 'number') throw new Failure('bad-request', 'increment needs a number as "value"');
  const plus = (one: Json | undefined): number => {
    if (typeof one === 'number') return one + value;
    throw new Failure('bad-request', `/${field.join('/')} is not a number and cannot be incremented`);
  };
  putAt(object, field, Array.isArray(held) ? held.map(plus) : plus(held));
}

function copy(object: JsonObject, { field, from }: Operation, isMove: boolean): void {
  if (from === null) throw new Failure('bad-request', `${isMove ? 'move' : 'copy'} needs "from"`);
  const value = getAt(object, from);
  if (value === undefined) return;
  if (isMove) removeAt(object, from);
  putAt(object, field, cloneJson(value));
}
