import { basename } from 'node:path';
import { Failure } from '../../base/failure.ts';
import { isJsonObject, type Json } from '../../base/json.ts';
import { compileQuery } from '../../connector/compile-query.ts';
import { identityFromJson, identityToJson, isSameFile } from '../../connector/file-identity.ts';
import { IdFilter } from '../../connector/id-filter.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import type { RowFault, ScanPage, ScanRequest, StoredObject } from '../../model/object-set.ts';
import { openXml, type OpenXml, type XmlLocation } from './open-xml.ts';
import { XmlParser, type XmlObject } from './xml-parser.ts';

export interface XmlScanOptions {
  readonly location: XmlLocation;
  readonly type: ObjectType;
  readonly chunkBytes?: number;
}

/** Every object of the type, in pages. A continued scan reads the document from its beginning and skips. */
export async function* scanXml(options: XmlScanOptions, request: ScanRequest): AsyncIterable<ScanPage> {
  const { location, type } = options;
  const query = request.query === undefined ? null : compileQuery(request.query, type);
  const xml = await openXml(location);
  try {
    const skip = skipCount(request.after, xml, location);
    const assembler = new ObjectAssembler(type, basename(location.path));
    let count = 0;
    let page = newPage();
    for await (const object of objectsOf(xml, location, type.nativeType, options.chunkBytes)) {
      const stored = assembler.assemble(object, page.faults);
      if (++count <= skip) page.faults.length = 0;
      else if (stored !== null && (query === null || query.matches(stored.object)))
        page.objects.push(query === null ? stored : query.view(stored));
      if (page.objects.length + page.faults.length < request.pageSize) continue;
      request.signal?.throwIfAborted();
      yield { ...page, cursor: cursorOf(xml, count), isLast: false };
      page = newPage();
    }
    request.signal?.throwIfAborted();
    await xml.ensureUnchanged();
    yield { ...page, cursor: cursorOf(xml, count), isLast: true, total: count };
  } finally {
    await xml.close();
  }
}

async function* objectsOf(
  xml: OpenXml,
  { shownPath }: XmlLocation,
  nativeType: string,
  chunkBytes?: number,
): AsyncIterable<XmlObject> {
  let ready: XmlObject[] = [];
  const parser = new XmlParser(shownPath, (object) => {
    if (object.nativeType === nativeType) ready.push(object);
  });
  for await (const text of xml.text(chunkBytes)) {
    parser.write(text);
    yield* ready;
    ready = [];
  }
  parser.end();
}

class ObjectAssembler {
  readonly #type: ObjectType;
  readonly #fileName: string;
  readonly #ids = new IdFilter();

  constructor(type: ObjectType, fileName: string) {
    this.#type = type;
    this.#fileName = fileName;
  }

  /** Null if the element is no object; it was then added to `faults`. */
  assemble(object: XmlObject, faults: RowFault[]): StoredObject | null {
    const { id, native, line } = object;
    const refuse = (message: string): null => {
      faults.push({ id, place: `${this.#fileName} line ${line}`, message });
      return null;
    };
    if (object.problem !== null || id === null) return refuse(object.problem ?? 'it has no id');
    if (!this.#ids.add(id)) return refuse(`the id ${id} occurs earlier in the document already`);
    try {
      return { id, rev: null, object: this.#type.toObject(id, native) };
    } catch (error) {
      if (error instanceof Failure) return refuse(error.message);
      throw error;
    }
  }
}

function newPage(): { readonly objects: StoredObject[]; readonly faults: RowFault[] } {
  return { objects: [], faults: [] };
}

function cursorOf({ identity }: OpenXml, count: number): Json {
  return { count, file: identityToJson(identity) };
}

function skipCount(after: Json | undefined, { identity }: OpenXml, { shownPath }: XmlLocation): number {
  if (after === undefined) return 0;
  const file = isJsonObject(after) ? identityFromJson(after['file']) : null;
  const count = isJsonObject(after) ? after['count'] : null;
  if (file === null || typeof count !== 'number')
    throw new Failure('conflict', `${shownPath}: the scan cannot be continued: this cursor is not of an XML file`);
  if (isSameFile(identity, file)) return count;
  throw new Failure('conflict', `${shownPath} was changed since the scan was interrupted; start it from the beginning`);
}
