import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ModuleSource } from '../../mapping/script-host.ts';

/** Modules that OpenIDM ships in its own script folder and that scripts of projects ask for (specification §9.1). */
const SHIPPED: Readonly<Record<string, string>> = { 'lib/lodash': 'lodash/lodash.js', lodash: 'lodash/lodash.js' };

const resolve = createRequire(import.meta.url).resolve;
const texts = new Map<string, string>();

/** A module of ours that takes the place of one that OpenIDM ships; null for any other name. */
export function shippedModule(request: string): ModuleSource | null {
  const name = request.replace(/\.js$/, '');
  const file = Object.hasOwn(SHIPPED, name) ? SHIPPED[name]! : null;
  if (file === null) return null;
  const known = texts.get(file) ?? readFileSync(resolve(file), 'utf8');
  texts.set(file, known);
  return { file, code: known };
}
