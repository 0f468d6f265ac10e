import fs from 'node:fs';
import process from 'node:process';
import type { CreateProgram } from '../../mapping/script-host.ts';

/** A program for tests that does what a script that broke out of its realm could do. The item says what. */
export const createProgram: CreateProgram = () => ({
  run: (_stage, item) => {
    if (item === 'exit') process.exit(0);
    if (item === 'garbage') fs.writeSync(4, 'this is no frame at all');
    if (item === 'print') process.stdout.write('hello from inside\n');
    if (item === 'read files') return readable('/etc/passwd') || readable(`${process.cwd()}/package.json`);
    if (item === 'environment') return Object.keys(process.env);
    if (item === 'signal') return typeof process.kill;
    if (item === 'compile') return compiles();
    return item;
  },
});

function readable(file: string): boolean {
  try {
    return fs.readFileSync(file).length > 0;
  } catch {
    return false;
  }
}

function compiles(): boolean {
  try {
    // oxlint-disable-next-line no-new-func typescript/no-implied-eval
    return new Function('return true')() as boolean;
  } catch {
    return false;
  }
}
