import { inflateRawSync } from 'node:zlib';
import { Failure, messageOf } from '../base/failure.ts';

export interface ArchiveEntry {
  readonly name: string;
  readonly content: Buffer;
}

const DIRECTORY_END = 0x06_05_4b_50;
const DIRECTORY_ENTRY = 0x02_01_4b_50;
const FILE_ENTRY = 0x04_03_4b_50;
const MAX_ENTRIES = 1000;

/**
 * The files of a zip archive whose names are wanted: stored or deflated, at most `maxBytes` each, not encrypted.
 * Throws `Failure('invalid-data')` for what is no such archive.
 */
export function readArchive(
  zip: Buffer,
  isWanted: (name: string) => boolean,
  maxBytes: number,
): readonly ArchiveEntry[] {
  try {
    return entriesOf(zip)
      .filter(({ name }) => isWanted(name))
      .map((entry) => ({
        name: entry.name,
        content: contentOf(zip, entry, maxBytes),
      }));
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure('invalid-data', `the archive cannot be read: ${messageOf(error)}`);
  }
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly size: number;
  readonly at: number;
}

function entriesOf(zip: Buffer): readonly Entry[] {
  const end = endOfDirectory(zip);
  const count = zip.readUInt16LE(end + 10);
  if (count > MAX_ENTRIES) throw new Failure('invalid-data', `the archive has more than ${MAX_ENTRIES} files`);
  const entries: Entry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (zip.readUInt32LE(at) !== DIRECTORY_ENTRY) throw new Failure('invalid-data', 'the archive is damaged');
    const [nameLength, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    if ((zip.readUInt16LE(at + 8) & 1) === 1) throw new Failure('invalid-data', `${name} in the archive is encrypted`);
    entries.push({
      name,
      method: zip.readUInt16LE(at + 10),
      size: zip.readUInt32LE(at + 20),
      at: zip.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + extra + comment;
  }
  return entries;
}

function endOfDirectory(zip: Buffer): number {
  for (let at = zip.length - 22; at >= Math.max(0, zip.length - 65_557); at--)
    if (zip.readUInt32LE(at) === DIRECTORY_END) return at;
  throw new Failure('invalid-data', 'it is no zip archive');
}

function contentOf(zip: Buffer, { name, method, size, at }: Entry, maxBytes: number): Buffer {
  if (zip.readUInt32LE(at) !== FILE_ENTRY) throw new Failure('invalid-data', 'the archive is damaged');
  const start = at + 30 + zip.readUInt16LE(at + 26) + zip.readUInt16LE(at + 28);
  const packed = zip.subarray(start, start + size);
  if (method === 0 && packed.length <= maxBytes) return packed;
  if (method === 8) return inflateRawSync(packed, { maxOutputLength: maxBytes });
  throw new Failure('invalid-data', `${name} in the archive is too large, or packed in an unknown way`);
}
