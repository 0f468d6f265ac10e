import type { FileHandle } from 'node:fs/promises';
import { TextDecoder } from 'node:util';
import { Failure } from '../../base/failure.ts';
import { ensureUnchanged, openDataFile, type DataFile } from '../../connector/data-file.ts';
import type { FileIdentity } from '../../connector/file-identity.ts';

export type XmlLocation = DataFile;

export interface OpenXml {
  readonly identity: FileIdentity;
  readonly handle: FileHandle;
  /** UTF-8 files can be rewritten; others are only read. */
  readonly isUtf8: boolean;
  readonly hasBom: boolean;
  /** The text, from its beginning, without a byte order mark. Can be called again. */
  text(chunkBytes?: number): AsyncIterable<string>;
  ensureUnchanged(): Promise<void>;
  close(): Promise<void>;
}

const CHUNK_BYTES = 64 * 1024;

/** Throws `Failure('incomplete-read')` if there is nothing to read. */
export async function openXml(location: XmlLocation): Promise<OpenXml> {
  const { shownPath } = location;
  const { handle, identity } = await openDataFile(location, 'xmlFilePath');
  try {
    const start = Buffer.alloc(Math.min(1024, identity.size));
    await handle.read(start, 0, start.length, 0);
    const encoding = encodingOf(start, shownPath);
    return {
      identity,
      handle,
      isUtf8: encoding === 'utf-8',
      hasBom: start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf,
      text: (chunkBytes = CHUNK_BYTES) => decoded(handle, identity.size, encoding, shownPath, chunkBytes),
      ensureUnchanged: () => ensureUnchanged(location, identity),
      close: () => handle.close(),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

async function* decoded(
  handle: FileHandle,
  size: number,
  encoding: string,
  shownPath: string,
  chunkBytes: number,
): AsyncIterable<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  const buffer = Buffer.alloc(chunkBytes);
  for (let at = 0; at < size;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(chunkBytes, size - at), at);
    if (bytesRead === 0) throw new Failure('incomplete-read', `${shownPath} became shorter while it was read`);
    at += bytesRead;
    let text: string;
    try {
      text = decoder.decode(buffer.subarray(0, bytesRead), { stream: at < size });
    } catch {
      throw new Failure(
        'incomplete-read',
        `${shownPath}: bytes before position ${at} are not valid ${encoding}; correct the document or its encoding`,
      );
    }
    yield text;
  }
}

/** By byte order mark, else by the XML declaration, else UTF-8. */
function encodingOf(start: Buffer, shownPath: string): string {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\bencoding\s*=\s*["']([\w.-]+)["']/.exec(
    start.toString('latin1'),
  )?.[1];
  try {
    return new TextDecoder(declared ?? 'utf-8').encoding;
  } catch {
    throw new Failure('incomplete-read', `${shownPath}: encoding ${declared} is not supported; save it as UTF-8`);
  }
}
