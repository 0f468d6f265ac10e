import type { JsonObject } from './json.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error';

/** Where messages for the operator go. One line each; never a stack trace. */
export interface Log {
  write(level: LogLevel, message: string, fields?: JsonObject): void;
}

export const silentLog: Log = { write: () => {} };
