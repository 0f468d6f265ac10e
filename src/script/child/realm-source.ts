import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import vm from 'node:vm';

/**
 * Evaluates a module of `../realm` inside a context and gives its exports. Those modules import types only and export
 * with `export function` and `export const`, so that their text, without these words, is the body of a function.
 */
export function evaluateInRealm(context: vm.Context, name: string): unknown {
  const isSource = import.meta.url.endsWith('.ts');
  const url = new URL(`../realm/${name}${isSource ? '.ts' : '.js'}`, import.meta.url);
  const text = readFileSync(url, 'utf8');
  const code = isSource ? stripTypeScriptTypes(text) : text;
  const names = [...code.matchAll(/^export (?:function|const) (\w+)/gm)].map((match) => match[1]!);
  const body = code.replace(/^export (?=function|const)/gm, '').replace(/^export \{\};?$/gm, '');
  const script = new vm.Script(`'use strict';(function () { ${body}\nreturn { ${names.join(', ')} }; })()`, {
    filename: `lockstep:realm/${name}`,
  });
  return script.runInContext(context);
}
