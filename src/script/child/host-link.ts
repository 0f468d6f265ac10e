import { randomUUID } from 'node:crypto';
import process from 'node:process';
import vm from 'node:vm';
import type { ScriptMode } from '../../mapping/script-host.ts';
import type { RealmReach } from '../compile/analyze-script.ts';
import { VALUES_OF } from '../compile/hidden-names.ts';
import { MAX_VALUE_LENGTH, type Frame } from '../frames.ts';
import type { ModuleAnswer } from '../protocol.ts';
import type { ModuleFunction, RealmHost } from '../realm/realm.ts';
import type { Channel } from './channel.ts';
import type { Outbox } from './outbox.ts';

const MAX_LOGS_PER_ITEM = 1000;
const MODULE_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname', VALUES_OF];

/** The realm's way out: calls that are answered by the server while the script waits, and log messages. */
export class HostLink implements RealmHost {
  readonly #channel: Channel;
  readonly #outbox: Outbox;
  readonly #modules = new Map<string, ModuleAnswer & { readonly ok: true }>();
  readonly #backlog: Frame[] = [];
  /** Set while a call is under way. Found set by another: the first one was cut short by a full stack. */
  #isBusy = false;
  #logs = 0;
  /** Of the modules loaded so far. */
  reach: RealmReach = 'none';
  context: vm.Context | null = null;
  item = -1;
  mode: ScriptMode = 'live';
  /** Calls made for the present item. */
  calls = 0;

  constructor(channel: Channel, outbox: Outbox) {
    this.#channel = channel;
    this.#outbox = outbox;
  }

  startItem(item: number): void {
    this.checkSound();
    this.item = item;
    this.calls = 0;
    this.#logs = 0;
  }

  /** Ends the process if an exchange was cut in the middle: what follows on the pipe could belong to anything. */
  checkSound(): void {
    if (!this.#isBusy) return;
    process.stderr.write('a script ran out of stack in the middle of a call\n');
    process.exit(71);
  }

  /** The next frame that starts something. */
  nextFrame(): Frame {
    return this.#backlog.shift() ?? this.#channel.read();
  }

  call(name: string, args: string): string {
    if (args.length > MAX_VALUE_LENGTH) return tooLarge(name);
    this.calls++;
    const head = `{"item":${this.item},"name":${JSON.stringify(name)},"mode":"${this.mode}","args":`;
    return this.#exchange('C', `${head}${args}}`);
  }

  log(level: string, text: string): void {
    if (this.#logs++ >= MAX_LOGS_PER_ITEM) return;
    this.checkSound();
    const shown = this.#logs === MAX_LOGS_PER_ITEM ? '(more messages of this object are left out)' : text;
    this.#outbox.log(JSON.stringify({ item: this.item, name: `logger.${level}`, mode: this.mode, args: [shown] }));
  }

  findModule(request: string, from: string | null, purpose: string): string {
    const answer = JSON.parse(this.#exchange('Q', JSON.stringify({ request, from, purpose }))) as ModuleAnswer;
    if (!answer.ok) return JSON.stringify(answer);
    const key = `${purpose} ${answer.file}`;
    this.#modules.set(key, answer);
    if (answer.reach !== 'none') this.reach = answer.reach;
    return JSON.stringify({ ok: true, key, file: answer.file });
  }

  compileModule(key: string): string | ModuleFunction {
    const { file, code } = this.#modules.get(key)!;
    if (file.endsWith('.json')) return code;
    try {
      return vm.compileFunction(code, MODULE_PARAMETERS, {
        parsingContext: this.context!,
        filename: `lockstep:module/${file}`,
      }) as ModuleFunction;
    } catch (thrown) {
      return `${file}: ${(thrown as Error).message}`;
    }
  }

  randomUuid(): string {
    return randomUUID();
  }

  #exchange(kind: 'C' | 'Q', text: string): string {
    this.checkSound();
    this.#isBusy = true;
    this.#outbox.flush();
    this.#channel.write(kind, text);
    let frame = this.#channel.read();
    while (frame.kind !== 'A') {
      this.#backlog.push(frame);
      frame = this.#channel.read();
    }
    this.#isBusy = false;
    return frame.text;
  }
}

function tooLarge(name: string): string {
  return JSON.stringify({ ok: false, error: { code: 413, message: `${name}: the arguments are too large` } });
}
