import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Runs the whole suite and ends with the line "N passed, N failed", which is what continuous integration reads.
const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-test-'));
const report = path.join(directory, 'report.json');
const vitest = path.join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
const args = [
  vitest,
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${report}`,
  ...process.argv.slice(2),
];
const child = spawn(process.execPath, args, {
  stdio: 'inherit',
  env: { ...process.env, NO_COLOR: process.env['CI'] ?? '' },
});

child.on('exit', (code) => {
  const { passed, failed } = counts();
  rmSync(directory, { recursive: true, force: true });
  process.stdout.write(`${passed} passed, ${failed} failed\n`);
  process.exitCode = code === 0 && failed === 0 && passed > 0 ? 0 : 1;
});

/** A suite that could not even be loaded counts as a failure. */
function counts(): { readonly passed: number; readonly failed: number } {
  try {
    const json: unknown = JSON.parse(readFileSync(report, 'utf8'));
    const number = (key: string): number => Number((json as Record<string, unknown>)[key] ?? 0);
    const brokenSuites = Math.max(0, number('numFailedTestSuites') - number('numFailedTests'));
    return { passed: number('numPassedTests'), failed: number('numFailedTests') + brokenSuites };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
