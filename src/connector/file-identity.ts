import { stat, type FileHandle } from 'node:fs/promises';
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';

/** Tells one state of a file from another: the file itself, its length, and when it was written. */
export interface FileIdentity {
  readonly inode: string;
  readonly size: number;
  readonly mtimeNs: string;
}

export async function identifyOpen(handle: FileHandle): Promise<FileIdentity> {
  const { dev, ino, size, mtimeNs } = await handle.stat({ bigint: true });
  return { inode: `${dev}:${ino}`, size: Number(size), mtimeNs: String(mtimeNs) };
}

/** Null if there is no such file. */
export async function identify(path: string): Promise<FileIdentity | null> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
    return { inode: `${dev}:${ino}`, size: Number(size), mtimeNs: String(mtimeNs) };
  } catch {
    return null;
  }
}

export function isSameFile(a: FileIdentity, b: FileIdentity | null): boolean {
  return b !== null && a.inode === b.inode && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

export function identityToJson({ inode, size, mtimeNs }: FileIdentity): JsonObject {
  return { inode, size, mtimeNs };
}

export function identityFromJson(value: Json | undefined): FileIdentity | null {
  if (!isJsonObject(value)) return null;
  const { inode, size, mtimeNs } = value;
  const isIdentity = typeof inode === 'string' && typeof size === 'number' && typeof mtimeNs === 'string';
  return isIdentity ? { inode, size, mtimeNs } : null;
}
