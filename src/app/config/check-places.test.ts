import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultsOf, type Files } from './load-fixture.ts';
import { loadProject } from './load-project.ts';
import { tempProject } from './temp-project.ts';

const found = (files: Files, dataDirectory?: string): Promise<readonly string[]> =>
  faultsOf({ 'conf/sync.json': { mappings: [] }, ...files }, dataDirectory === undefined ? {} : { dataDirectory });

const csv = (location: string) => ({ logTo: [{ logType: 'csv', location }] });
const json = (logDirectory: string) => ({
  eventHandlers: [{ class: 'JsonAuditEventHandler', config: { logDirectory, topics: ['access'] } }],
});

async function audit(document: unknown, dataDirectory = '/data/lockstep'): Promise<readonly string[]> {
  return found({ 'conf/audit.json': document }, dataDirectory);
}

describe('the location of audit files', () => {
  it.each([
    csv('audit'),
    csv('&{launcher.working.location}/audit'),
    json('&{launcher.project.location}/audit'),
    json('&{idm.data.dir}/audit'),
    json('/data/lockstep/audit'),
  ])('may be inside of the project and data directories: %j', async (document) => {
    expect(await audit(document)).toEqual([]);
  });

  it.each([
    [csv('../audit'), '/logTo/0/location'],
    [csv('/var/log'), '/logTo/0/location'],
    [json('/data/lockstep-other'), '/eventHandlers/0/config/logDirectory'],
    [json('&{launcher.project.location}/../x'), '/eventHandlers/0/config/logDirectory'],
  ])('is an error elsewhere: %j', async (document, pointer) => {
    const message = 'the location of the audit files is outside of the project and data directories';
    expect(await audit(document)).toEqual([`error conf/audit.json ${pointer}: ${message}`]);
  });

  it.each([
    [csv('conf'), '/logTo/0/location'],
    [csv('data/../conf/audit'), '/logTo/0/location'],
    [csv('script/lib'), '/logTo/0/location'],
    [csv('.lockstep'), '/logTo/0/location'],
    [json('/data/lockstep'), '/eventHandlers/0/config/logDirectory'],
    [json('/data/lockstep/keys'), '/eventHandlers/0/config/logDirectory'],
  ])('is an error among our own files: %j', async (document, pointer) => {
    expect(await audit(document)).toEqual([
      expect.stringMatching(`^error conf/audit.json ${pointer}: .* is a directory of Lockstep itself`),
    ]);
  });

  it('may be in a project that lies in the data directory', async () => {
    using project = tempProject({ 'conf/sync.json': { mappings: [] }, 'conf/audit.json': csv('logs') });
    const dataDirectory = path.dirname(project.directory);
    expect((await loadProject(project.directory, { env: {}, dataDirectory })).config).not.toBeNull();
  });

  it('is an error when a symbolic link leads to our own files', async () => {
    using project = tempProject({ 'conf/sync.json': { mappings: [] }, 'conf/audit.json': csv('logs/today') });
    symlinkSync(path.join(project.directory, 'conf'), path.join(project.directory, 'logs'));
    const { config, diagnostics } = await loadProject(project.directory, { env: {} });
    expect(config).toBeNull();
    expect(diagnostics.map(({ pointer }) => pointer)).toEqual(['/logTo/0/location']);
  });

  it('is an error when a symbolic link leads elsewhere', async () => {
    using project = tempProject({ 'conf/sync.json': { mappings: [] }, 'conf/audit.json': csv('logs/today') });
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'lockstep-elsewhere-'));
    symlinkSync(elsewhere, path.join(project.directory, 'logs'));
    const { config, diagnostics } = await loadProject(project.directory, { env: {} });
    rmSync(elsewhere, { recursive: true });
    expect(config).toBeNull();
    expect(diagnostics.map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      expect.stringContaining(`/logTo/0/location the location of the audit files is outside of the project`),
    ]);
  });
});

describe('server.https', () => {
  const https = (value: unknown, more: Record<string, unknown> = {}) =>
    found({ 'conf/lockstep.json': { server: { https: value } }, ...more });

  it.each([{ certFile: 'a.pem' }, { keyFile: 'a.pem' }])('needs both files: %j', async (value) => {
    expect(await https(value, { 'a.pem': 'x' })).toEqual([
      expect.stringContaining('error conf/lockstep.json /server/https: needs both "certFile" and "keyFile"'),
    ]);
  });

  it('names a file that is not there', async () => {
    const faults = await https({ certFile: 'a.pem', keyFile: 'tls' }, { 'a.pem': 'x', 'tls/inner': 'x' });
    expect(faults).toEqual([expect.stringMatching(/^error conf\/lockstep\.json \/server\/https\/keyFile: .*\/tls$/)]);
  });

  it('may have both files, or none', async () => {
    expect(await https({ certFile: 'a.pem', keyFile: 'b.pem' }, { 'a.pem': 'x', 'b.pem': 'x' })).toEqual([]);
    expect(await https({ port: 0 })).toEqual([]);
  });
});
