import type { Clock } from '../base/clock.ts';
import type { JsonObject } from '../base/json.ts';
import type { Log } from '../base/log.ts';
import type { AuditTopic } from '../model/audit.ts';
import { auditPlace, openAuditDirectory, type AuditRoots } from './audit-directory.ts';
import type { AuditSettings } from './audit-settings.ts';
import { fileFormat, type FileFormat } from './file-record.ts';
import type { FileSettings } from './file-settings.ts';
import { FileSink } from './file-sink.ts';

/** The audit files of a project. Writing goes on in the background and never fails a caller. */
export interface AuditFiles {
  /** False: nothing is written for this topic. */
  has(topic: AuditTopic): boolean;
  /** `entry` in both vocabularies. Resolves at once unless very much is waiting. */
  write(topic: AuditTopic, entry: JsonObject): Promise<void>;
  close(): Promise<void>;
}

interface Output {
  readonly format: FileFormat;
  readonly sink: FileSink;
}

interface AuditFilesOptions {
  readonly settings: AuditSettings;
  readonly roots: AuditRoots;
  readonly clock: Clock;
  readonly log: Log;
}

/** Files are made when something is written to them. A location outside of the project is reported and not used. */
export function openAuditFiles(options: AuditFilesOptions): AuditFiles {
  const outputs = new Map<AuditTopic, Output[]>();
  const taken = new Set<string>();
  for (const settings of options.settings.files) addHandler(outputs, taken, settings, options);
  return {
    has: (topic) => outputs.has(topic),
    write: async (topic, entry) => {
      await Promise.all((outputs.get(topic) ?? []).map(({ format, sink }) => sink.write(format.record(entry))));
    },
    close: async () => {
      await Promise.all([...outputs.values()].flat().map(({ sink }) => sink.close()));
    },
  };
}

function addHandler(
  outputs: Map<AuditTopic, Output[]>,
  taken: Set<string>,
  settings: FileSettings,
  { roots, clock, log }: AuditFilesOptions,
): void {
  const { directory, fault } = auditPlace(settings.location, roots);
  if (directory === null) {
    const place = JSON.stringify(settings.location);
    log.write('error', `audit.json: ${place} ${fault}; nothing is written there`);
    return;
  }
  const report = (message: string): void => log.write('error', message);
  for (const topic of settings.topics) {
    const format = fileFormat(settings, topic);
    const place = `${directory}/${format.name}`;
    if (taken.has(place)) {
      log.write('warn', `audit.json: two handlers write ${place}; the second one is not used`);
      continue;
    }
    taken.add(place);
    const { name, header } = format;
    const open = (): Promise<string> => openAuditDirectory(directory, roots);
    const sink = new FileSink({ directory: open, name, header, rotation: settings.rotation, clock, report });
    outputs.set(topic, [...(outputs.get(topic) ?? []), { format, sink }]);
  }
}
