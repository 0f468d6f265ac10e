import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ModuleSource } from '../../mapping/script-host.ts';
import { MODULE_TEXTS } from './module-texts.ts';

/** Modules that OpenIDM ships in its own script folder and that are those of an installed package here (specification §9.1). */
const PACKAGES: Readonly<Record<string, string>> = { 'lib/lodash': 'lodash/lodash.js', lodash: 'lodash/lodash.js' };
const ALIASES: Readonly<Record<string, string>> = { underscore: 'lib/underscore' };

const resolve = createRequire(import.meta.url).resolve;
const texts = new Map<string, string>();

/** A module of ours that takes the place of one that OpenIDM ships; null for any other name. */
export function shippedModule(request: string): ModuleSource | null {
  const asked = request.replace(/^.*bin\/defaults\/script\//, '').replace(/\.js$/, '');
  const name = Object.hasOwn(ALIASES, asked) ? ALIASES[asked]! : asked;
  if (Object.hasOwn(MODULE_TEXTS, name)) return { file: `${name}.js`, code: MODULE_TEXTS[name]! };
  const file = Object.hasOwn(PACKAGES, name) ? PACKAGES[name]! : null;
  if (file === null) return null;
  const known = texts.get(file) ?? readFileSync(resolve(file), 'utf8');
  texts.set(file, known);
  return { file, code: known };
}
