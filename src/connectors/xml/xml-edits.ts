import { randomUUID } from 'node:crypto';
import { Failure } from '../../base/failure.ts';
import { deepEqual, setOwn } from '../../base/json.ts';
import { NAME, type NativeObject, type ObjectType } from '../../connector/object-type.ts';
import type { ObjectWrite, WriteOutcome } from '../../model/object-set.ts';
import type { XmlObject } from './xml-parser.ts';
import type { XmlClass } from './xml-schema.ts';
import { valueTexts } from './xml-text.ts';

export interface XmlEditContext {
  readonly type: ObjectType;
  readonly schema: XmlClass | null;
  /** New objects get a random `__UID__`; otherwise the name is the id. */
  readonly hasUid: boolean;
  /** For messages: `system/xml/account`. */
  readonly path: string;
}

/** An object while the writes are worked through. `found` null: it is new. `native` null: it is deleted. */
interface State {
  readonly found: XmlObject | null;
  readonly uid: string | null;
  readonly problem: string | null;
  native: NativeObject | null;
}

export interface XmlEditPlan {
  readonly outcomes: readonly WriteOutcome[];
  readonly edits: readonly {
    readonly found: XmlObject;
    readonly uid: string | null;
    readonly native: NativeObject | null;
  }[];
  readonly appended: readonly { readonly uid: string | null; readonly native: NativeObject }[];
}

/** Applies the writes one after the other to the objects that were found (all whose id or name the writes mention); pure. */
export function planXmlEdits(
  writes: readonly ObjectWrite[],
  found: readonly XmlObject[],
  context: XmlEditContext,
): XmlEditPlan {
  const book = new Book(found);
  const outcomes = writes.map((write) => {
    try {
      return apply(write, book, context);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ok: false, code: error.code, message: `${context.path}: ${error.message}` } as const;
    }
  });
  const edits = book.states.flatMap(({ found: object, uid, native }) =>
    object === null || deepEqual(native, object.native) ? [] : [{ found: object, uid, native }],
  );
  const appended = book.states.flatMap(({ found: object, uid, native }) =>
    object === null && native !== null ? [{ uid, native }] : [],
  );
  return { outcomes, edits, appended };
}

/** Names that the writes give to objects. */
export function namesIn(writes: readonly ObjectWrite[], type: ObjectType): ReadonlySet<string> {
  const names = new Set<string>();
  const properties = type.properties.filter((property) => property.nativeName === NAME);
  for (const write of writes) {
    if (write.kind === 'delete') continue;
    for (const { name } of properties) {
      const value = Object.hasOwn(write.object, name) ? write.object[name] : null;
      for (const item of Array.isArray(value) ? value : [value])
        if (item !== null && typeof item !== 'object') names.add(String(item));
    }
  }
  return names;
}

class Book {
  readonly states: State[] = [];
  readonly byId = new Map<string, State>();
  readonly byName = new Map<string, State>();

  constructor(found: readonly XmlObject[]) {
    for (const object of found) {
      const id = object.id ?? '';
      const twin = this.byId.get(id);
      const problem = twin === undefined ? object.problem : `the object at line ${object.line} has the same id`;
      if (twin === undefined) this.add(id, { found: object, uid: object.uid, problem, native: object.native });
      else this.byId.set(id, { ...twin, problem });
    }
  }

  add(id: string, state: State): void {
    this.states.push(state);
    this.byId.set(id, state);
    const name = state.native?.[NAME];
    if (typeof name === 'string') this.byName.set(name, state);
  }

  usable(id: string): { readonly state: State; readonly native: NativeObject } {
    const state = this.byId.get(id);
    if (state === undefined || state.native === null) throw new Failure('not-found', `object ${id} not found`);
    if (state.problem !== null)
      throw new Failure(
        'invalid-data',
        `object ${id}: line ${state.found?.line ?? 0}: ${state.problem}; correct the file`,
      );
    return { state, native: state.native };
  }

  ensureFree(name: string): void {
    const state = this.byName.get(name) ?? this.byId.get(name);
    if (state !== undefined && state.native !== null) throw new Failure('exists', `object ${name} exists already`);
  }
}

function apply(write: ObjectWrite, book: Book, context: XmlEditContext): WriteOutcome {
  if (write.kind === 'create') return create(write, book, context);
  const { state, native: before } = book.usable(write.id);
  const name = nameOf(before);
  if (write.kind === 'delete') {
    forget(book, write.id, name);
    state.native = null;
    return { ok: true, id: write.id, rev: null };
  }
  const native = changed(before, context.type.toUpdate(write.object, write.changed), context);
  const newName = nameOf(native);
  if (newName === '') throw new Failure('invalid-data', `object ${write.id}: its ${NAME} cannot be removed`);
  if (newName !== name) book.ensureFree(newName);
  const id = state.uid === null ? newName : write.id;
  forget(book, write.id, name);
  state.native = native;
  book.byId.set(id, state);
  book.byName.set(newName, state);
  return { ok: true, id, rev: null };
}

function create(write: Extract<ObjectWrite, { kind: 'create' }>, book: Book, context: XmlEditContext): WriteOutcome {
  const native = changed({}, context.type.toCreate(write.object), context);
  const name = nameOf(native);
  if (name === '') throw new Failure('bad-request', `Required attribute '${NAME}' value is null`);
  for (const [required, { isRequired }] of context.schema ?? [])
    if (isRequired && !/^__.+__$/.test(required) && !Object.hasOwn(native, required))
      throw new Failure('bad-request', `Required attribute '${required}' value is null`);
  book.ensureFree(name);
  const uid = context.hasUid ? randomUUID() : null;
  if (write.id !== null && write.id !== (uid ?? name))
    throw new Failure('unsupported', 'Create with client provided ID is not supported.');
  book.add(uid ?? name, { found: null, uid, problem: null, native });
  return { ok: true, id: uid ?? name, rev: null };
}

/** The attributes after the changes, as they will be read: texts. An element that was empty before stays in its place. */
function changed(before: NativeObject, changes: NativeObject, { schema }: XmlEditContext): NativeObject {
  const native = { ...before };
  for (const [name, value] of Object.entries(changes)) {
    const declared = schema?.get(name);
    if (schema !== null && declared === undefined && name !== NAME)
      throw new Failure('bad-request', `attribute '${name}' is not in the XML schema`);
    const texts = valueTexts(name, value).filter((text) => text !== '');
    if (texts.length > 1 && (name === NAME || declared?.isMultiValued === false))
      throw new Failure('invalid-data', `attribute '${name}' has several values, but its maxOccurs is 1`);
    if (texts.length === 0 && native[name] !== null) delete native[name];
    else if (texts.length > 0) setOwn(native, name, texts.length === 1 ? texts[0]! : [...texts]);
  }
  return native;
}

function forget(book: Book, id: string, name: string): void {
  book.byId.delete(id);
  book.byName.delete(name);
}

function nameOf(native: NativeObject): string {
  const name = native[NAME];
  return typeof name === 'string' ? name : '';
}
