import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

/** Cost of scrypt: memory is 128 · `blockSize` · 2^`logCost` bytes. */
export interface HashCost {
  readonly logCost: number;
  readonly blockSize: number;
  readonly parallel: number;
}

/** 32 MiB and about 0.2 seconds of one core; as slow to attack as one pass over 128 MiB. */
export const DEFAULT_COST: HashCost = { logCost: 15, blockSize: 8, parallel: 3 };

/** What is in stored text is not trusted: more than this is not computed. */
const MOST: HashCost = { logCost: 18, blockSize: 16, parallel: 8 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FORM = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]{16,128})\$([A-Za-z0-9+/]{32,128})$/;

interface StoredHash {
  readonly cost: HashCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** `$scrypt$ln=15,r=8,p=3$<salt>$<hash>`, base64 without padding. */
export async function hashPassword(password: string, cost: HashCost = DEFAULT_COST): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await derive(password, salt, HASH_BYTES, cost);
  const { logCost, blockSize, parallel } = cost;
  return `$scrypt$ln=${logCost},r=${blockSize},p=${parallel}$${plainBase64(salt)}$${plainBase64(hash)}`;
}

export function isPasswordHash(text: unknown): text is string {
  return typeof text === 'string' && parseHash(text) !== null;
}

/** Whether a stored hash is quicker to compute than one that would be made now. */
export function isWeaker(stored: string, cost: HashCost): boolean {
  const parsed = parseHash(stored);
  return parsed === null || workOf(parsed.cost) < workOf(cost);
}

/** Always does the work of one hash, also for a text that is no hash: that nobody can tell from the time it takes. */
export async function verifyPassword(stored: string | null, password: string, usual: HashCost): Promise<boolean> {
  const parsed = stored === null ? null : parseHash(stored);
  if (parsed === null) {
    await derive(password, NO_SALT, HASH_BYTES, usual);
    return false;
  }
  const actual = await derive(password, parsed.salt, parsed.hash.length, parsed.cost);
  return timingSafeEqual(actual, parsed.hash);
}

const NO_SALT = randomBytes(SALT_BYTES);

function parseHash(text: string): StoredHash | null {
  const match = FORM.exec(text);
  if (match === null) return null;
  const cost: HashCost = { logCost: Number(match[1]), blockSize: Number(match[2]), parallel: Number(match[3]) };
  const isSane =
    inRange(cost.logCost, 4, MOST.logCost) &&
    inRange(cost.blockSize, 1, MOST.blockSize) &&
    inRange(cost.parallel, 1, MOST.parallel);
  return isSane ? { cost, salt: Buffer.from(match[4]!, 'base64'), hash: Buffer.from(match[5]!, 'base64') } : null;
}

function derive(password: string, salt: Buffer, bytes: number, cost: HashCost): Promise<Buffer> {
  const options = {
    N: 2 ** cost.logCost,
    r: cost.blockSize,
    p: cost.parallel,
    maxmem: 2 * 128 * cost.blockSize * 2 ** cost.logCost,
  };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, bytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

function workOf({ logCost, blockSize, parallel }: HashCost): number {
  return 2 ** logCost * blockSize * parallel;
}

function inRange(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function plainBase64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
