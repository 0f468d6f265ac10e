import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import type { JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import { redactObject } from '../base/redact.ts';
import type { NewId } from '../base/uuid.ts';
import type { AuditEvent, AuditTopic } from '../model/audit.ts';
import type { Repository } from '../model/repository.ts';
import type { RunEntry, RunRecord } from '../model/run.ts';
import type { AuditRoots } from './audit-directory.ts';
import { eventMaker, type EventMaker } from './audit-events.ts';
import { openAuditFiles, type AuditFiles } from './audit-files.ts';
import { acceptsEvent, readAuditSettings, type AuditSettings } from './audit-settings.ts';
import { LaterEvents } from './later-events.ts';
import { objectEntry, startEntry, summaryEntry, type ReconView } from './recon-entries.ts';
import { entryOf } from './vocabulary.ts';

export interface AuditServiceOptions {
  readonly repository: Pick<Repository, 'commit'>;
  /** `conf/audit.json`; null: there is none. */
  readonly config: JsonObject | null;
  readonly roots: AuditRoots;
  readonly recon: ReconView;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: Log;
  /** How long events of `later` wait for others before they are committed together. Default 100. */
  readonly delayMs?: number;
}

/**
 * What happened, in the repository and in files. The repository decides: what it refuses fails the operation. A file that
 * cannot be written is reported in the log and fails nothing.
 */
export interface AuditService {
  readonly settings: AuditSettings;
  readonly events: EventMaker;
  /** Whether such an event is to be made at all; `cause` as in the request's context. */
  accepts(topic: AuditTopic, action: string | null, cause: string): boolean;
  /** The events without secrets, as they are to be committed. */
  cleaned(events: readonly AuditEvent[]): readonly AuditEvent[];
  /** Commits them (what `accepts` refuses is left out), then hands them to the files. Rejects if they could not be stored. */
  record(events: readonly AuditEvent[], cause?: string): Promise<void>;
  /** Commits them whatever the filters say: for somebody who asks for exactly these. */
  keep(events: readonly AuditEvent[]): Promise<void>;
  /** The same as `record`, a little later, together with others: for events that nobody waits for. Waits only when thousands are waiting. */
  later(event: AuditEvent, cause?: string): Promise<void>;
  /** They were committed together with what they tell about: hands them to the files. Never rejects. */
  committed(events: readonly AuditEvent[]): Promise<void>;
  hasFiles(topic: AuditTopic): boolean;
  /** Runs are in the repository already; these write them to the files. They never reject. */
  runStarted(record: RunRecord): Promise<void>;
  runEntry(record: RunRecord, entry: RunEntry): Promise<void>;
  runEnded(record: RunRecord): Promise<void>;
  /** Goes on with another `audit.json`. */
  configure(config: JsonObject | null): Promise<void>;
  /** Everything that waits is committed and written first. */
  close(): Promise<void>;
}

export function openAuditService(options: AuditServiceOptions): AuditService {
  return new Service(options);
}

class Service implements AuditService {
  readonly events: EventMaker;
  readonly #options: AuditServiceOptions;
  readonly #later: LaterEvents;
  #settings: AuditSettings;
  #files: AuditFiles;

  constructor(options: AuditServiceOptions) {
    this.#options = options;
    this.events = eventMaker(options);
    this.#later = new LaterEvents({
      commit: (events) => this.#commit(events),
      delayMs: options.delayMs ?? 100,
      log: options.log,
    });
    this.#settings = this.#readSettings(options.config);
    this.#files = this.#openFiles();
  }

  get settings(): AuditSettings {
    return this.#settings;
  }

  accepts(topic: AuditTopic, action: string | null, cause: string): boolean {
    return acceptsEvent(this.#settings, { topic, action, cause });
  }

  cleaned(events: readonly AuditEvent[]): readonly AuditEvent[] {
    return events.map((event) => {
      const { passwordFields } = this.#settings.topics[event.topic];
      return { ...event, event: redactObject(event.event, passwordFields) };
    });
  }

  async record(events: readonly AuditEvent[], cause = 'rest'): Promise<void> {
    await this.keep(events.filter((event) => this.#isWanted(event, cause)));
  }

  async keep(events: readonly AuditEvent[]): Promise<void> {
    if (events.length > 0) await this.#commit(this.cleaned(events));
  }

  async later(event: AuditEvent, cause = 'rest'): Promise<void> {
    if (this.#isWanted(event, cause)) await this.#later.add(this.cleaned([event])[0]!);
  }

  async committed(events: readonly AuditEvent[]): Promise<void> {
    for (const event of events) if (this.#files.has(event.topic)) await this.#files.write(event.topic, entryOf(event));
  }

  hasFiles(topic: AuditTopic): boolean {
    return this.#files.has(topic);
  }

  async runStarted(record: RunRecord): Promise<void> {
    await this.#writeRecon(() => startEntry(record));
  }

  async runEntry(record: RunRecord, entry: RunEntry): Promise<void> {
    await this.#writeRecon(() => objectEntry(record, entry, this.#options.recon));
  }

  async runEnded(record: RunRecord): Promise<void> {
    await this.#writeRecon(() => summaryEntry(record, this.#options.recon));
  }

  async configure(config: JsonObject | null): Promise<void> {
    const before = this.#files;
    this.#settings = this.#readSettings(config);
    this.#files = this.#openFiles();
    await before.close();
  }

  async close(): Promise<void> {
    await this.#later.close();
    await this.#files.close();
  }

  async #commit(events: readonly AuditEvent[]): Promise<void> {
    const result = await this.#options.repository.commit({ units: [], audit: events });
    if (!result.ok) throw new Failure('internal', 'audit events could not be stored');
    await this.committed(events);
  }

  async #writeRecon(render: () => JsonObject | null): Promise<void> {
    if (!this.#files.has('recon')) return;
    const entry = render();
    if (entry !== null) await this.#files.write('recon', entry);
  }

  #isWanted({ topic, event }: AuditEvent, cause: string): boolean {
    return this.accepts(topic, actionOf(topic, event), cause);
  }

  #readSettings(config: JsonObject | null): AuditSettings {
    const settings = readAuditSettings(config);
    for (const warning of settings.warnings) this.#options.log.write('warn', warning);
    return settings;
  }

  #openFiles(): AuditFiles {
    const { roots, clock, log } = this.#options;
    return openAuditFiles({ settings: this.#settings, roots, clock, log });
  }
}

function actionOf(topic: AuditTopic, event: JsonObject): string | null {
  const { operation, action, request } = event;
  const asked = topic === 'access' && typeof request === 'object' && request !== null && 'operation' in request;
  const named = asked ? (request as JsonObject)['operation'] : (operation ?? action);
  return typeof named === 'string' ? named : null;
}
