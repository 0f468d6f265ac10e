import type { Diagnostic } from '../base/diagnostic.ts';
import type { ConfigCheck } from './config-judge.ts';
import { readEndpoint } from './endpoint-config.ts';
import type { ScriptRunner } from './script-runner.ts';

/** Finds faults in `conf/endpoint-<name>.json` before it is written: its shape, and a script that does not compile. */
export function endpointCheck(runner: Pick<ScriptRunner, 'check'>): ConfigCheck {
  return (id, value, file) => {
    if (!id.startsWith('endpoint/')) return [];
    const read = readEndpoint({ id, file, value });
    if (!read.ok) return read.faults;
    const fault = runner.check(read.endpoint.script, ['request', 'context'], `endpoint "${read.endpoint.name}"`);
    if (fault === null) return [];
    const position = fault.line === null ? '' : ` (line ${fault.line}, column ${fault.column ?? 1} of the script)`;
    const pointer = read.endpoint.script.source === null ? '/file' : '/source';
    return [{ severity: 'error', file, pointer, message: `${fault.message}${position}` } satisfies Diagnostic];
  };
}
