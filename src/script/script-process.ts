import { spawn, type ChildProcess } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Log } from '../base/log.ts';
import { encodeFrame, FrameDecoder, type Frame, type FrameKind } from './frames.ts';
import { offerToOutOfMemoryKiller } from './proc-stat.ts';

export interface ProcessOptions {
  /** For log messages. */
  readonly name: string;
  /** The program module's file, without symbolic links on the way. */
  readonly programFile: string;
  readonly memoryMiB: number;
  readonly log: Log;
  readonly onFrame: (frame: Frame) => void;
  /** Called once, after the last frame. */
  readonly onEnd: (end: ProcessEnd) => void;
}

export interface ProcessEnd {
  /** V8 gave up for lack of memory, or Linux did. */
  readonly outOfMemory: boolean;
  /** `exit code 3`, `signal SIGKILL`, or why it could not be started. */
  readonly how: string;
}

const MAX_OUTPUT_LINES = 20;
const MAX_OUTPUT_TEXT = 8192;
const isSource = import.meta.url.endsWith('.ts');
/** Without symbolic links: the process may read where they lead, not the links. */
const mainFile = realpathSync(
  fileURLToPath(new URL(isSource ? './child/main.ts' : './child/main.js', import.meta.url)),
);
/** Our own program text, all that the process may read: the folder `src` or `dist`. */
const codeFolder = path.resolve(path.dirname(mainFile), '..', '..');

/** One script process and its two pipes. Knows frames, not what they mean. */
export class ScriptProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #input: Socket;
  readonly #output: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #options: ProcessOptions;
  #outOfMemory = false;
  #failure: string | null = null;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.#child = spawn(process.execPath, argumentsFor(options), {
      env: {},
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.pid = this.#child.pid ?? 0;
    if (this.pid !== 0) offerToOutOfMemoryKiller(this.pid);
    this.#input = this.#child.stdio[3] as Socket;
    this.#output = this.#child.stdio[4] as Socket;
    this.#listen();
  }

  send(kind: FrameKind, text: string): void {
    if (this.#input.writable) this.#input.write(encodeFrame(kind, text));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** An idle process does not keep the server alive; a working one does. */
  holdServer(isWorking: boolean): void {
    const all = [this.#child, this.#input, this.#output, this.#child.stdout as Socket, this.#child.stderr as Socket];
    for (const one of all) {
      if (isWorking) one.ref();
      else one.unref();
    }
  }

  #listen(): void {
    // Writing to a process that has just died is no event of its own: `close` tells.
    this.#input.on('error', () => {});
    this.#output.on('error', () => {});
    this.#output.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#capture(this.#child.stdout as Socket);
    this.#capture(this.#child.stderr as Socket);
    this.#child.on('error', (error) => (this.#failure = error.message));
    this.#child.on('close', (code, signal) => {
      const how = this.#failure ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
      this.#options.onEnd({ outOfMemory: this.#outOfMemory || (signal === 'SIGKILL' && this.#failure === null), how });
    });
  }

  #receive(chunk: Buffer): void {
    try {
      this.#decoder.push(chunk);
      for (let frame = this.#decoder.next(); frame !== null; frame = this.#decoder.next()) this.#options.onFrame(frame);
    } catch (thrown) {
      this.#failure = `it sent what is no message: ${(thrown as Error).message}`;
      this.#output.removeAllListeners('data');
      this.#output.resume();
      this.kill();
    }
  }

  /** What is printed there comes from Node or from a script that broke out: shown, but only so much of it. */
  #capture(stream: Socket): void {
    let lines = 0;
    let size = 0;
    stream.on('error', () => {});
    stream.on('data', (chunk: Buffer) => {
      if (size > MAX_OUTPUT_TEXT) return;
      size += chunk.length;
      const text = chunk.toString('utf8');
      if (/out of memory|Allocation failed|invalid (size|array length|table size)/i.test(text))
        this.#outOfMemory = true;
      for (const line of text.split('\n')) {
        if (!/^\S/.test(line) || /^[\d#<[-]/.test(line) || lines++ >= MAX_OUTPUT_LINES) continue;
        this.#options.log.write('warn', `script process "${this.#options.name}" printed: ${line.slice(0, 300)}`);
      }
    });
  }
}

function argumentsFor(options: ProcessOptions): readonly string[] {
  const folders = new Set([codeFolder, path.dirname(options.programFile)]);
  return [
    '--permission',
    ...[...folders].map((folder) => `--allow-fs-read=${folder}`),
    `--max-old-space-size=${options.memoryMiB}`,
    '--disallow-code-generation-from-strings',
    '--no-warnings',
    mainFile,
  ];
}
