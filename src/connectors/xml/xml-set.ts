import { open } from 'node:fs/promises';
import { Failure, messageOf } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { ObjectType } from '../../connector/object-type.ts';
import { rewriteSize } from '../../connector/rewrite-size.ts';
import { queryByScan, readManyByScan } from '../../connector/scan-lookup.ts';
import type {
  ObjectSet,
  ObjectSetTraits,
  ObjectWrite,
  Query,
  QueryAnswer,
  ScanPage,
  ScanRequest,
  StoredObject,
  WriteOutcome,
} from '../../model/object-set.ts';
import type { XmlLocation } from './open-xml.ts';
import { scanXml } from './xml-scan.ts';
import type { XmlClass } from './xml-schema.ts';
import { EMPTY_DOCUMENT, writeXml } from './xml-writer.ts';

export interface XmlSetOptions {
  readonly path: string;
  readonly location: XmlLocation;
  readonly type: ObjectType;
  readonly log: Log;
  readonly createFileIfNotExists: boolean;
  readonly loadSchema: () => Promise<XmlClass | null>;
  /** How much is read at once; for tests of what happens at the borders. */
  readonly chunkBytes?: number;
}

const TRAITS: ObjectSetTraits = { lookup: 'scan', isTransactional: false, storesNull: false, acceptsIds: false };

export class XmlSet implements ObjectSet {
  readonly path: string;
  readonly traits = TRAITS;
  readonly #options: XmlSetOptions;
  #objectCount = 0;

  constructor(options: XmlSetOptions) {
    this.path = options.path;
    this.#options = options;
  }

  async *scan(request: ScanRequest): AsyncIterable<ScanPage> {
    await ensureFile(this.#options);
    for await (const page of scanXml(this.#options, request)) {
      if (page.isLast) this.#objectCount = page.total ?? 0;
      yield page;
    }
  }

  readMany(ids: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, StoredObject>> {
    return readManyByScan(this, ids, signal);
  }

  query(queries: readonly Query[], signal?: AbortSignal): Promise<readonly QueryAnswer[]> {
    return queryByScan(this, this.#options.type, queries, this.#options.log, signal);
  }

  async write(writes: readonly ObjectWrite[], signal?: AbortSignal): Promise<readonly WriteOutcome[]> {
    if (writes.length === 0) return [];
    await ensureFile(this.#options);
    const schema = await this.#options.loadSchema();
    const { outcomes, objectCount } = await writeXml({ ...this.#options, schema }, writes, signal);
    this.#objectCount = objectCount;
    return outcomes;
  }

  preferredWriteCount(): number {
    return rewriteSize(this.#objectCount);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Creates the file without objects, if that is configured and there is none. */
export async function ensureFile(options: Pick<XmlSetOptions, 'location' | 'createFileIfNotExists'>): Promise<void> {
  if (!options.createFileIfNotExists) return;
  try {
    const handle = await open(options.location.path, 'wx');
    try {
      await handle.writeFile(EMPTY_DOCUMENT);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new Failure('denied', `${options.location.shownPath} cannot be created: ${messageOf(error)}`);
  }
}
