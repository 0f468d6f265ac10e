import { assert } from '../../base/assert.ts';
import { Failure } from '../../base/failure.ts';
import { removeLeftovers, replaceFile, type FileOutput } from '../../connector/atomic-file.ts';
import { realFile } from '../../connector/data-file.ts';
import { lockFile } from '../../connector/file-lock.ts';
import { NAME, UID, type ObjectType } from '../../connector/object-type.ts';
import type { ObjectWrite, WriteOutcome } from '../../model/object-set.ts';
import { openXml, type OpenXml, type XmlLocation } from './open-xml.ts';
import { namesIn, planXmlEdits, type XmlEditPlan } from './xml-edits.ts';
import { ICF_NAMESPACE, RI_NAMESPACE, ROOT } from './xml-names.ts';
import { XmlParser, type XmlFrame, type XmlObject } from './xml-parser.ts';
import type { XmlClass } from './xml-schema.ts';
import { objectText } from './xml-text.ts';

export interface XmlWriteOptions {
  readonly location: XmlLocation;
  readonly type: ObjectType;
  /** Null if there is no schema for the class. */
  readonly schema: XmlClass | null;
  readonly path: string;
  readonly chunkBytes?: number;
}

/** A document without objects. */
export const EMPTY_DOCUMENT =
  `<?xml version="1.0" encoding="UTF-8"?>\n<icf:${ROOT}\n    xmlns:icf="${ICF_NAMESPACE}"\n` +
  `    xmlns:ri="${RI_NAMESPACE}">\n</icf:${ROOT}>\n`;

export interface XmlWriteResult {
  readonly outcomes: readonly WriteOutcome[];
  readonly objectCount: number;
}

/** Applies all writes as one replacement of the file. What is not meant, comments included, is copied as it stands. */
export async function writeXml(
  options: XmlWriteOptions,
  writes: readonly ObjectWrite[],
  signal?: AbortSignal,
): Promise<XmlWriteResult> {
  const location = await realFile(options.location);
  const lock = await lockFile(location.path, signal === undefined ? {} : { signal });
  try {
    await removeLeftovers(location.path);
    const xml = await openXml(location);
    try {
      const read = await findObjects(xml, options, writes);
      const context = { type: options.type, schema: options.schema, hasUid: read.hasUid, path: options.path };
      const plan = planXmlEdits(writes, read.found, context);
      signal?.throwIfAborted();
      if (plan.edits.length + plan.appended.length > 0) {
        ensureRewritable(xml, read.frame, location.shownPath);
        await replaceFile(
          location.path,
          (output) => produce(output, xml, plan, read.frame, options),
          async () => {
            await lock.ensureHeld();
            await xml.ensureUnchanged();
          },
        );
      }
      const deleted = plan.edits.filter((edit) => edit.native === null).length;
      return { outcomes: plan.outcomes, objectCount: read.count - deleted + plan.appended.length };
    } finally {
      await xml.close();
    }
  } finally {
    await lock.release();
  }
}

interface ReadResult {
  readonly found: readonly XmlObject[];
  readonly frame: XmlFrame;
  readonly hasUid: boolean;
  readonly count: number;
}

async function findObjects(
  xml: OpenXml,
  options: XmlWriteOptions,
  writes: readonly ObjectWrite[],
): Promise<ReadResult> {
  const ids = new Set(writes.flatMap((write) => (write.kind === 'create' ? [] : [write.id])));
  const names = namesIn(writes, options.type);
  const found: XmlObject[] = [];
  let count = 0;
  let hasUid = options.schema?.has(UID) === true;
  const parser = new XmlParser(options.location.shownPath, (object) => {
    if (object.nativeType !== options.type.nativeType) return;
    count++;
    const name = object.native[NAME];
    if (options.schema === null && object.uid !== null) hasUid = true;
    const isMeant = object.id !== null && (ids.has(object.id) || names.has(object.id));
    if (isMeant || (typeof name === 'string' && names.has(name))) found.push(object);
  });
  for await (const text of xml.text(options.chunkBytes)) parser.write(text);
  return { found, frame: parser.end(), hasUid, count };
}

function ensureRewritable(xml: OpenXml, frame: XmlFrame, shownPath: string): void {
  if (!xml.isUtf8)
    throw new Failure('unsupported', `${shownPath} is not UTF-8; only UTF-8 is written: convert it once`);
  if (frame.rootIsSelfClosing)
    throw new Failure('unsupported', `${shownPath}: the root element must have an end tag of its own: write <…></…>`);
}

/** Copies the text and puts the new texts where the plan says. Edits are in the order of the document. */
async function produce(
  output: FileOutput,
  xml: OpenXml,
  plan: XmlEditPlan,
  frame: XmlFrame,
  { type, schema, chunkBytes }: XmlWriteOptions,
): Promise<void> {
  const textOf = (uid: string | null, native: XmlEditPlan['appended'][number]['native']): string =>
    objectText(type.nativeType, uid, native, schema, frame.prefixes);
  const pieces = plan.edits.map(({ found, uid, native }) => ({
    start: found.start,
    end: found.end,
    text: native === null ? '' : textOf(uid, native),
  }));
  const end = frame.lastChildEnd;
  pieces.push({ start: end, end, text: plan.appended.map(({ uid, native }) => textOf(uid, native)).join('') });
  if (xml.hasBom) await output.write(Buffer.from('\ufeff'));
  let chunkStart = 0;
  let copied = 0;
  let next = 0;
  for await (const chunk of xml.text(chunkBytes)) {
    const chunkEnd = chunkStart + chunk.length;
    const copyTo = async (to: number): Promise<void> => {
      if (to > copied) await output.write(Buffer.from(chunk.slice(copied - chunkStart, to - chunkStart)));
      copied = Math.max(copied, to);
    };
    for (; next < pieces.length && pieces[next]!.start <= chunkEnd; next++) {
      const { start } = pieces[next]!;
      assert(start <= chunkStart || chunk[start - chunkStart - 1] === '>', `position ${start} is within markup`);
      await copyTo(start);
      await output.write(Buffer.from(pieces[next]!.text));
      copied = Math.max(copied, pieces[next]!.end);
    }
    await copyTo(chunkEnd);
    chunkStart = chunkEnd;
  }
}
