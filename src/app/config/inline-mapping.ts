import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Failure, messageOf } from '../../base/failure.ts';
import { isJsonObject, type Json } from '../../base/json.ts';
import type { ConfFile } from './conf-directory.ts';
import { readJson } from './json-document.ts';

/**
 * A mapping outside of `sync.json`: a file that holds the mapping itself, or a schedule whose `invokeContext.mapping` is
 * one (reference 003, "Alternative Mappings"). It is checked like any other.
 */
export function readInlineMapping(file: string): ConfFile {
  const shown = path.basename(file);
  const bytes = readBytes(file);
  const whole = readJson(shown, bytes);
  const mapping = mappingIn(whole.value);
  if (mapping === null && whole.diagnostics.length === 0)
    throw new Failure(
      'bad-configuration',
      `${file} holds neither a mapping nor a schedule with one under "invokeContext.mapping"`,
    );
  const text = mapping === whole.value ? Buffer.from(bytes).toString('utf8') : JSON.stringify(mapping, null, 2);
  const document = mapping === null ? whole : readJson(shown, Buffer.from(`{"mappings":[${text}]}`));
  return { kind: 'sync', id: 'inline', document };
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Failure('bad-configuration', `the mapping file ${file} cannot be read: ${messageOf(error)}`);
  }
}

function mappingIn(value: Json | undefined): Json | null {
  if (!isJsonObject(value)) return null;
  const context = value['invokeContext'];
  if (isJsonObject(context)) return isJsonObject(context['mapping']) ? context['mapping'] : null;
  return 'source' in value && 'target' in value ? value : null;
}
