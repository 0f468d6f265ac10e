import { readFileSync } from 'node:fs';
import path from 'node:path';
import { formatDiagnostic } from '../../src/base/diagnostic.ts';
import { loadProject } from '../../src/app/config/load-project.ts';
import { tempProject } from '../../src/app/config/temp-project.ts';
import { connectorKinds } from '../../src/app/connector-kinds.ts';
import { openLockstep, type Lockstep } from '../../src/app/lockstep.ts';
import { serve } from '../../src/cli/serve.ts';
import { openTree } from '../../src/openidm/open-tree.ts';
import { curl, type CurlAnswer } from './curl.ts';

export const PASSWORD = 'Served-Project-1';

/** A project served over HTTP on a port of its own, with a repository on disk. */
export interface ServedProject extends AsyncDisposable {
  readonly origin: string;
  readonly lockstep: Lockstep;
  readonly logged: readonly string[];
  /** Runs a curl command as printed, but for host, port and credentials. */
  curl(command: string): Promise<CurlAnswer>;
  /** Text of a file of the project. */
  read(file: string): string;
  write(file: string, content: unknown): void;
}

export async function serveProject(files: Readonly<Record<string, unknown>>): Promise<ServedProject> {
  const project = tempProject(files);
  const loadOptions = { env: {}, connectorKinds };
  const { config, diagnostics } = await loadProject(project.directory, loadOptions);
  if (config === null) throw new Error(diagnostics.map(formatDiagnostic).join('\n'));
  const logged: string[] = [];
  const log = { write: (level: string, message: string) => void logged.push(`${level}: ${message}`) };
  const lockstep = await openLockstep({ config, dataDirectory: path.join(project.directory, '.lockstep'), log });
  const tree = await openTree(lockstep, { loadOptions, isWatching: false });
  const served = await serve(lockstep, tree, {
    port: 0,
    env: { LOCKSTEP_ADMIN_PASSWORD: PASSWORD },
    passwordCost: { logCost: 10, blockSize: 8, parallel: 1 },
  });
  const origin = served.urls[0]!;
  return {
    origin,
    lockstep,
    logged,
    write: project.write,
    curl: (command) => curl(command, { origin, user: 'openidm-admin', password: PASSWORD }),
    read: (file) => readFileSync(path.join(project.directory, file), 'utf8'),
    [Symbol.asyncDispose]: async () => {
      await served.stop();
      await lockstep.close();
      project[Symbol.dispose]();
    },
  };
}
