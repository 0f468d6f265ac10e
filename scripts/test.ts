import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Runs the whole suite and ends with the line "N passed, N failed", which is what continuous integration reads. With
// --retry, a file whose process was ended by the system (Node itself crashed in it, no test failed) is run once more, too.
const VITEST = path.join(import.meta.dirname, '..', 'node_modules', 'vitest', 'vitest.mjs');
const MAX_CRASHED = 3;

interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly isGood: boolean;
  /** What was left out, and why: `suite (left out: reason)`. */
  readonly leftOut: readonly string[];
  /** The files that ended without a failed test and without a result of all of them. */
  readonly crashed: readonly string[];
}

const args = process.argv.slice(2);
const outcome = await runOnceMore(await run(args));
for (const one of outcome.leftOut) process.stdout.write(`${one}\n`);
process.stdout.write(`${outcome.passed} passed, ${outcome.failed} failed\n`);
process.exitCode = outcome.isGood && outcome.failed === 0 && outcome.passed > 0 ? 0 : 1;

async function runOnceMore(first: Outcome): Promise<Outcome> {
  const { crashed } = first;
  const isAllowed = args.some((arg) => arg.startsWith('--retry'));
  if (!isAllowed || crashed.length === 0 || crashed.length > MAX_CRASHED) return first;
  process.stdout.write(`The process of these test files crashed; they are run once more:\n${crashed.join('\n')}\n`);
  const second = await run([...args.filter((arg) => arg.startsWith('-')), ...crashed]);
  const failed = first.failed - crashed.length + second.failed;
  const leftOut = [...new Set([...first.leftOut, ...second.leftOut])];
  return { passed: first.passed + second.passed, failed, isGood: second.isGood, crashed: second.crashed, leftOut };
}

async function run(args: readonly string[]): Promise<Outcome> {
  const directory = mkdtempSync(path.join(tmpdir(), 'lockstep-test-'));
  const report = path.join(directory, 'report.json');
  try {
    const code = await vitest(['--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...args]);
    return { ...read(report), isGood: code === 0 };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function vitest(args: readonly string[]): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NO_COLOR: process.env['CI'] ?? '' };
    const child = spawn(process.execPath, [VITEST, 'run', ...args], { stdio: 'inherit', env });
    child.on('error', reject);
    child.on('exit', resolve);
  });
}

interface TestResult {
  readonly status: string;
  readonly ancestorTitles: readonly string[];
}

interface FileResult {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly TestResult[];
}

/** A suite that could not even be loaded counts as a failure. */
function read(report: string): Omit<Outcome, 'isGood'> {
  try {
    const json = JSON.parse(readFileSync(report, 'utf8')) as { readonly testResults: readonly FileResult[] };
    const tests = json.testResults.flatMap((file) => file.assertionResults);
    const isFailed = ({ status }: { readonly status: string }): boolean => status === 'failed';
    const broken = json.testResults.filter((file) => isFailed(file) && !file.assertionResults.some(isFailed));
    const crashed = broken.filter(({ message }) => message === '');
    // What a file had passed before it crashed counts when all of it is run.
    const whole = json.testResults.filter((file) => !crashed.includes(file)).flatMap((file) => file.assertionResults);
    return {
      passed: whole.filter(({ status }) => status === 'passed').length,
      failed: tests.filter(isFailed).length + broken.length,
      leftOut: [...new Set(tests.flatMap(leftOutOf))],
      crashed: crashed.map(({ name }) => name),
    };
  } catch {
    return { passed: 0, failed: 1, crashed: [], leftOut: [] };
  }
}

/** Suites of what is not there have the reason in their titles. */
function leftOutOf({ status, ancestorTitles }: TestResult): readonly string[] {
  return status === 'passed' ? [] : ancestorTitles.filter((title) => title.includes('(left out: '));
}
