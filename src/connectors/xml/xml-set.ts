import { open } from 'node:fs/promises';
import { Failure, messageOf } from '../../base/failure.ts';
import { fileSet, type FileSetOptions } from '../../connector/file-set.ts';
import type { ObjectSet, ScanPage, ScanRequest } from '../../model/object-set.ts';
import type { XmlLocation } from './open-xml.ts';
import { scanXml } from './xml-scan.ts';
import type { XmlClass } from './xml-schema.ts';
import { EMPTY_DOCUMENT, writeXml } from './xml-writer.ts';

export interface XmlSetOptions extends FileSetOptions {
  readonly location: XmlLocation;
  readonly createFileIfNotExists: boolean;
  readonly loadSchema: () => Promise<XmlClass | null>;
  /** How much is read at once; for tests of what happens at the borders. */
  readonly chunkBytes?: number;
}

export function xmlSet(options: XmlSetOptions): ObjectSet {
  return fileSet(options, {
    scan: (request) => scan(options, request),
    write: async (writes, signal) => {
      await ensureFile(options);
      const schema = await options.loadSchema();
      const { outcomes, objectCount } = await writeXml({ ...options, schema }, writes, signal);
      return { outcomes, count: objectCount };
    },
  });
}

async function* scan(options: XmlSetOptions, request: ScanRequest): AsyncIterable<ScanPage> {
  await ensureFile(options);
  yield* scanXml(options, request);
}

/** Creates the file without objects, if that is configured and there is none. */
async function ensureFile({ location, createFileIfNotExists }: XmlSetOptions): Promise<void> {
  if (!createFileIfNotExists) return;
  try {
    const handle = await open(location.path, 'wx');
    try {
      await handle.writeFile(EMPTY_DOCUMENT);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new Failure('denied', `${location.shownPath} cannot be created: ${messageOf(error)}`);
  }
}
