const WITHHELD_VARIABLES: ReadonlySet<string> = new Set(['LOCKSTEP_ADMIN_PASSWORD', 'OPENIDM_ADMIN_PASSWORD']);
const KEY_PREFIX = 'LOCKSTEP_KEY_';

/**
 * Whether a property, written as a variable or as `a.b`, is one of Lockstep's own secrets: the administrator's password or
 * a key. Whoever may write a configuration could otherwise read them.
 */
export function isWithheld(property: string): boolean {
  const variable = property.replaceAll(/[.-]/g, '_').toUpperCase();
  return WITHHELD_VARIABLES.has(variable) || variable.startsWith(KEY_PREFIX);
}
