import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import { Failure, messageOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';

export type TlsOptions =
  /** PEM files. The certificate's file may hold the whole chain. */
  | { readonly kind: 'files'; readonly certFile: string; readonly keyFile: string; readonly passphrase?: string }
  /** A certificate for localhost, made at first start and kept in this directory. */
  | { readonly kind: 'selfSigned'; readonly directory: string };

/** PEM texts as `node:tls` takes them. */
export interface TlsMaterial {
  readonly cert: string;
  readonly key: string;
  readonly passphrase?: string;
}

const YEARS = 5;
const DAY_MS = 86_400_000;

/**
 * Reads the certificate, or makes one. A self-signed one is made again when it has less than a month left. Its key stays in
 * `localhost.pem` (0600); `localhost.crt` is the certificate alone, for clients (`curl --cacert`).
 *
 * Throws `Failure('bad-configuration')` that names the file.
 */
export async function openTls(options: TlsOptions, log: Log): Promise<TlsMaterial> {
  if (options.kind === 'selfSigned') return openSelfSigned(options.directory, log);
  const { certFile, keyFile, passphrase } = options;
  const files = { cert: await readPem(certFile), key: await readPem(keyFile) };
  const material = passphrase === undefined ? files : { ...files, passphrase };
  try {
    createSecureContext(material);
  } catch (thrown) {
    const why = `${messageOf(thrown)}; check that the key belongs to the certificate, and its passphrase`;
    throw new Failure('bad-configuration', `The files ${certFile} and ${keyFile} cannot be used for TLS: ${why}`);
  }
  return material;
}

async function openSelfSigned(directory: string, log: Log): Promise<TlsMaterial> {
  try {
    return await selfSigned(directory, log);
  } catch (thrown) {
    throw new Failure(
      'bad-configuration',
      `The certificate for localhost cannot be kept in ${directory}: ${messageOf(thrown)}; make the directory writable`,
    );
  }
}

async function readPem(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    if (text.includes('-----BEGIN ')) return text;
  } catch (thrown) {
    throw new Failure('bad-configuration', `The file ${file} cannot be read for TLS: ${messageOf(thrown)}`);
  }
  throw new Failure('bad-configuration', `The file ${file} is not a PEM file: it has no line -----BEGIN …`);
}

async function selfSigned(directory: string, log: Log): Promise<TlsMaterial> {
  const file = path.join(directory, 'localhost.pem');
  const kept = await readFile(file, 'utf8').catch(() => null);
  if (kept !== null && isGood(kept)) return { cert: kept, key: kept };
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + YEARS * 365 * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: LOCAL_NAMES },
    ],
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await store(file, `${made.private.trim()}\n${made.cert.trim()}\n`, 0o600);
  await store(path.join(directory, 'localhost.crt'), `${made.cert.trim()}\n`, 0o644);
  log.write('warn', `made a self-signed certificate for localhost: ${path.join(directory, 'localhost.crt')}`);
  return { cert: made.cert, key: made.private };
}

const LOCAL_NAMES = [
  { type: 2 as const, value: 'localhost' },
  { type: 7 as const, ip: '127.0.0.1' },
  { type: 7 as const, ip: '::1' },
];

function isGood(pem: string): boolean {
  try {
    const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    return pem.includes('PRIVATE KEY-----') && Date.parse(certificate.validTo) > Date.now() + 30 * DAY_MS;
  } catch {
    return false;
  }
}

/** Complete or not at all, and never readable by others in between. */
async function store(file: string, text: string, mode: number): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await rm(temporary, { force: true });
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await chmod(temporary, mode);
  await rename(temporary, file);
}
