import { Failure } from '../base/failure.ts';
import { classify } from '../app/config/conf-directory.ts';

const MAX_LENGTH = 100;
const SEGMENT = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u;
/** Names that mean a device on Windows, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i;

/**
 * The file of `conf` that a configuration id stands for (specification §13): `sync` → `sync.json`, `endpoint/echo` →
 * `endpoint-echo.json`. Throws `Failure('bad-request')` for every id that is not of these two forms.
 */
export function configFileName(id: string): string {
  const [base = '', instance, ...more] = id.split('/');
  if (more.length > 0 || !isUsable(base) || base.includes('-') || (instance !== undefined && !isUsable(instance)))
    throw new Failure(
      'bad-request',
      `config/${shown(id)} cannot be a configuration: ids are <name> or <name>/<instance>, of letters, digits, "_" and "." (and "-" in the instance)`,
    );
  const name = instance === undefined ? `${base}.json` : `${base}-${instance}.json`;
  if (classify(name).id !== id) throw new Failure('bad-request', `config/${shown(id)} has no file of its own`);
  return name;
}

/** `provisioner.openicf/ldap`: `{factory: 'provisioner.openicf', instance: 'ldap'}`. */
export function splitConfigId(id: string): { readonly factory: string | null; readonly instance: string | null } {
  const at = id.indexOf('/');
  return at < 0 ? { factory: null, instance: null } : { factory: id.slice(0, at), instance: id.slice(at + 1) };
}

function isUsable(segment: string): boolean {
  const isPlain = segment.length <= MAX_LENGTH && SEGMENT.test(segment) && segment.isWellFormed();
  // `__proto__`, `constructor`: members of every object.
  if (segment in {}) return false;
  return isPlain && !segment.includes('..') && !segment.endsWith('.') && !DEVICE.test(segment);
}

function shown(id: string): string {
  return id.length <= MAX_LENGTH ? JSON.stringify(id).slice(1, -1) : `${JSON.stringify(id.slice(0, 40)).slice(1, -1)}…`;
}
