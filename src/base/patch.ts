import { Failure } from './failure.ts';
import { cloneJson, deepEqual, isJsonObject, type Json, type JsonObject } from './json.ts';
import { getAt, parsePointer, putAt, removeAt } from './json-pointer.ts';
import { checkPatchedSize, checkPatchLength, patchBudget, type PatchBudget } from './patch-budget.ts';

/** An operation of a PATCH body: specification §1.8. */
interface Operation {
  readonly operation: string;
  readonly field: readonly string[];
  readonly value: Json;
  readonly hasValue: boolean;
  readonly from: readonly string[] | null;
}

/** What the operations of one patch work on. */
interface Work {
  readonly object: JsonObject;
  readonly budget: PatchBudget;
}

/**
 * The object after the whole patch; the original is left alone. Refuses the patch as a whole with `bad-request`, also if it has
 * more than 1,000 operations or makes the object larger than a body may be.
 */
export function applyPatch(object: JsonObject, patch: Json): JsonObject {
  checkPatchLength(patch);
  return applyOperations(object, patch);
}

/** The same for a list that we made ourselves from the patch of somebody, and that may be longer. */
export function applyOperations(object: JsonObject, operations: readonly Json[]): JsonObject {
  const work = { object: cloneJson(object), budget: patchBudget() };
  for (const one of operations) applyOperation(work, readOperation(one));
  checkPatchedSize(object, work.object);
  return work.object;
}

function readOperation(raw: Json): Operation {
  if (!isJsonObject(raw) || typeof raw['operation'] !== 'string' || typeof raw['field'] !== 'string')
    throw new Failure('bad-request', `not a valid JSON patch: ${JSON.stringify(raw)} needs "operation" and "field"`);
  const from = typeof raw['from'] === 'string' ? parsePointer(raw['from']) : null;
  const field = parsePointer(raw['field']);
  if (field.length === 0) throw new Failure('bad-request', 'a patch cannot replace the whole object');
  if (field.includes('__proto__') || from?.includes('__proto__') === true)
    throw new Failure('bad-request', 'not a valid JSON patch: the key "__proto__" is not allowed');
  const operation = { operation: raw['operation'], field, value: raw['value'] ?? null, hasValue: 'value' in raw, from };
  checkParts(operation);
  return operation;
}

const NEEDS_VALUE = new Set(['add', 'replace', 'increment']);
const NEEDS_FROM = new Set(['copy', 'move']);

/** What an operation needs, and what it must not have. */
function checkParts({ operation, field, value, hasValue, from }: Operation): void {
  const refuse = (fault: string): Failure =>
    new Failure('bad-request', `not a valid JSON patch: "${operation}" of /${field.join('/')} ${fault}`);
  if (NEEDS_VALUE.has(operation) && !hasValue) throw refuse('needs a "value"; null is one');
  if (!NEEDS_FROM.has(operation)) return;
  if (from === null) throw refuse('needs "from"');
  if (value !== null) throw refuse('takes no "value"');
}

const OPERATIONS: Readonly<Record<string, (work: Work, operation: Operation) => void>> = {
  add: (work, { field, value }) => add(work, field, value),
  replace: (work, { field, value }) => put(work, refusePosition(work.object, field), value),
  remove: (work, operation) => remove(work, operation),
  increment: (work, operation) => increment(work, operation),
  copy: (work, operation) => copy(work, operation, false),
  move: (work, operation) => copy(work, operation, true),
};

function applyOperation(work: Work, operation: Operation): void {
  const apply = Object.hasOwn(OPERATIONS, operation.operation) ? OPERATIONS[operation.operation] : undefined;
  if (apply === undefined)
    throw new Failure('bad-request', `not a valid JSON patch: unknown operation "${operation.operation}"`);
  apply(work, operation);
}

function put({ object, budget }: Work, field: readonly string[], value: Json): void {
  budget.put(value, field.length);
  putAt(object, field, cloneJson(value));
}

function refusePosition(object: JsonObject, field: readonly string[]): readonly string[] {
  const last = field[field.length - 1]!;
  if (/^\d+$/.test(last) && Array.isArray(getAt(object, field.slice(0, -1))))
    throw new Failure('bad-request', `Position-based operation is not allowed: /${field.join('/')}`);
  return field;
}

function add(work: Work, field: readonly string[], value: Json): void {
  const place = field.slice(0, -1);
  if (field[field.length - 1] !== '-' || place.length === 0)
    return put(work, refusePosition(work.object, field), value);
  const list = getAt(work.object, place);
  if (!Array.isArray(list)) return put(work, place, [value]);
  work.budget.put(value, field.length);
  list.push(cloneJson(value));
}

function remove({ object, budget }: Work, { field, value, hasValue }: Operation): void {
  const held = getAt(object, field);
  if (!hasValue || value === null) return removeAt(object, refusePosition(object, field));
  if (Array.isArray(held)) {
    budget.look(held.length);
    putAt(
      object,
      field,
      held.filter((one) => !deepEqual(one, value)),
    );
  } else if (deepEqual(held, value)) removeAt(object, field);
}

function increment({ object, budget }: Work, { field, value }: Operation): void {
  const held = getAt(object, field);
  if (typeof value !== 'number') throw new Failure('bad-request', 'increment needs a number as "value"');
  const plus = (one: Json | undefined): number => {
    if (typeof one === 'number') return one + value;
    throw new Failure('bad-request', `/${field.join('/')} is not a number and cannot be incremented`);
  };
  if (Array.isArray(held)) budget.look(held.length);
  putAt(object, field, Array.isArray(held) ? held.map(plus) : plus(held));
}

function copy(work: Work, { field, from }: Operation, isMove: boolean): void {
  if (from === null) return;
  const value = getAt(work.object, from);
  if (value === undefined) return;
  if (isMove) removeAt(work.object, from);
  put(work, field, value);
}
