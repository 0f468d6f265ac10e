import { readFileSync, statSync } from 'node:fs';
import { isoTime } from '../base/clock.ts';
import { messageOf } from '../base/failure.ts';
import { keyStoreFileIn, openCrypto, type KeyedCrypto } from '../crypto/open-crypto.ts';
import { reencryptObjects, type EncryptedType } from '../crypto/reencrypt.ts';
import { AES_SIZES, DEFAULT_ALIAS } from '../crypto/stored-key.ts';
import type { KeyInfo } from '../crypto/key-ring.ts';
import type { ProjectConfig } from '../app/config/project-config.ts';
import { UsageError, type Arguments, type Options } from './arguments.ts';
import { EXIT } from './exit-codes.ts';
import { dataDirectory, withProject } from './open.ts';
import { table } from './table.ts';

const USAGE = 'keys takes one of: list, create ALIAS, import ALIAS FILE, rotate [ALIAS]';
const MOST_BYTES = 4096;

/** `keys list|create ALIAS|import ALIAS FILE|rotate [ALIAS]`: the keys that values are encrypted with. */
export async function keysCommand({ operands, options }: Arguments): Promise<number> {
  const [verb, alias, file] = operands;
  const crypto = await openCrypto({ keyStoreFile: keyStoreFileIn(dataDirectory(options)), env: process.env });
  if (verb === 'list' && alias === undefined) return show(crypto, options);
  if (verb === 'create' && alias !== undefined && file === undefined) crypto.keys.create(alias);
  else if (verb === 'import' && alias !== undefined && file !== undefined) crypto.keys.import(alias, readKey(file));
  else if (verb === 'rotate' && file === undefined) return rotate(crypto, alias ?? DEFAULT_ALIAS, options);
  else throw new UsageError(USAGE);
  return show(crypto, options, alias);
}

function show(crypto: KeyedCrypto, options: Options, alias?: string): number {
  const keys = crypto.keys.list().filter((key) => alias === undefined || key.alias === alias);
  if (options.json === true) process.stdout.write(`${JSON.stringify(keys.map(keyJson), null, 2)}\n`);
  else if (keys.length === 0) process.stdout.write('no keys yet; they are made when something is first encrypted\n');
  else
    for (const line of table(['alias', 'use', 'bits', 'fingerprint', 'created', 'state'], keys.map(keyRow)))
      process.stdout.write(`${line}\n`);
  return EXIT.ok;
}

function keyRow(key: KeyInfo): readonly string[] {
  const { alias, use, bits, fingerprint, createdMs, retiredMs, variable } = key;
  const created = createdMs === null ? '' : isoTime(createdMs);
  const state = variable ?? (retiredMs === null ? 'in use' : `retired ${isoTime(retiredMs)}`);
  return [alias, use, String(bits), fingerprint, created, state];
}

function keyJson({ createdMs, retiredMs, ...key }: KeyInfo): object {
  return {
    ...key,
    created: createdMs === null ? null : isoTime(createdMs),
    retired: retiredMs === null ? null : isoTime(retiredMs),
  };
}

async function rotate(crypto: KeyedCrypto, alias: string, options: Options): Promise<number> {
  return withProject(options, async ({ config, repository }) => {
    const how = crypto.keys.rotate(alias);
    const result = await reencryptObjects({ repository, crypto, alias, types: encryptedTypes(config) });
    const isDone = result.failures.length === 0;
    if (isDone) crypto.keys.finishRotation(alias);
    if (options.json === true) process.stdout.write(`${JSON.stringify({ alias, key: how, ...result }, null, 2)}\n`);
    else process.stdout.write(`${TOLD[how](alias)}${result.changed} of ${result.objects} objects were re-encrypted\n`);
    for (const failure of result.failures) process.stderr.write(`error: ${failure}\n`);
    if (isDone) return EXIT.ok;
    process.stderr.write(`Not everything could be re-encrypted; "lockstep keys rotate ${alias}" goes on from here.\n`);
    return EXIT.failed;
  });
}

const TOLD = {
  made: (alias: string) => `${alias} has a new key; the old one is kept, retired\n`,
  resumed: (alias: string) => `an earlier rotation of ${alias} was not finished; going on with its key\n`,
  environment: (alias: string) => `the key ${alias} comes from the environment; its first one is used\n`,
} as const;

function encryptedTypes(config: ProjectConfig): readonly EncryptedType[] {
  return config.managed.map(({ name, properties }) => ({
    name,
    marked: properties.flatMap((property) =>
      property.encryption === null
        ? []
        : [{ name: property.name, key: property.encryption.key, cipher: property.encryption.cipher }],
    ),
  }));
}

/** The bytes of an AES key: as hexadecimal or base64 text, or as they are. `-` is the standard input. */
function readKey(file: string): Buffer {
  const bytes = readBytes(file);
  const text = bytes.toString('latin1').trim();
  const hex = /^[0-9a-f]+$/i.test(text) ? Buffer.from(text, 'hex') : null;
  const base64 = /^[A-Za-z0-9+/]+={0,2}$/.test(text) ? Buffer.from(text, 'base64') : null;
  const key = [hex, base64, bytes].find((candidate) => candidate !== null && AES_SIZES.has(candidate.length));
  if (key === undefined || key === null)
    throw new UsageError(`${file} holds no key: neither 16, 24 or 32 bytes, nor these as hexadecimal or base64 text`);
  return key;
}

function readBytes(file: string): Buffer {
  const source = file === '-' ? 0 : file;
  try {
    if (typeof source === 'string' && statSync(source).size > MOST_BYTES) throw new Error('it is too large for a key');
    return readFileSync(source);
  } catch (error) {
    throw new UsageError(`the key file ${file} cannot be read: ${messageOf(error)}`);
  }
}
