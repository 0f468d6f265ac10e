import { describe, expect, it } from 'vitest';
import { DEFAULT_GUARD } from '../../mapping/mapping-config.ts';
import { DEFAULT_ACCESS, DEFAULT_SECURITY } from '../../security/security-config.ts';
import { BASE, configOf, loadFiles, mappingFaults, provisioner } from './load-fixture.ts';
import { loadProject } from './load-project.ts';

describe('a project', () => {
  it('that is empty but for conf has nothing in it', async () => {
    const config = await configOf({});
    expect(config).toMatchObject({ mappings: [], managed: [], connectors: [] });
    expect(config.lockstep).toEqual({
      guard: DEFAULT_GUARD,
      files: { allowed: [] },
      scripts: { timeoutMs: 1000, memoryMiB: 128 },
      implicitSync: { enabled: true, maxAttempts: 6, firstDelayMs: 1000, maxDelayMs: 60_000 },
      ownership: {},
      resume: { onCrash: 'resume' },
      batchSize: 500,
      startup: [],
      audit: { logUnchanged: false, retention: { days: null, topicDays: {}, runDays: null, runsPerMapping: null } },
      repository: { kind: 'sqlite', file: 'lockstep.db' },
      server: {
        host: '127.0.0.1',
        port: null,
        https: null,
        trustedProxies: [],
        publicMetrics: false,
        accessLog: true,
      },
      watch: true,
      security: DEFAULT_SECURITY,
      access: DEFAULT_ACCESS,
    });
  });

  it('that does not exist is one error', async () => {
    const { config, diagnostics } = await loadProject('/no/such/project', { env: {} });
    expect(config).toBeNull();
    expect(diagnostics[0]!.message).toContain('/no/such/project/conf cannot be read: ENOENT');
  });

  it('shows its files by configuration id', async () => {
    const config = await configOf({
      ...BASE,
      'conf/schedule-recon.json': {
        enabled: false,
        schedule: '0 0 3 * * ?',
        invokeService: 'sync',
        invokeContext: { mapping: 'm' },
        $schema: 'x',
      },
      'conf/endpoint-echo.json': {},
      'conf/boot/boot.properties': 'a=1',
    });
    expect(Object.keys(config.documents).toSorted()).toEqual([
      'endpoint/echo',
      'managed',
      'provisioner.openicf/ldap',
      'schedule/recon',
    ]);
    expect({ ...config.bootProperties }).toEqual({ a: '1' });
  });

  it('is not stopped by faults in files that nothing here reads', async () => {
    const { config, diagnostics } = await loadFiles({
      ...BASE,
      'conf/jetty.json': '{"a": &{x}',
      'conf/audit.json': ['&{no}'],
    });
    expect(config).not.toBeNull();
    expect(new Set(diagnostics.map((d) => d.severity))).toEqual(new Set(['warning']));
  });

  it('takes properties from the environment and boot.properties', async () => {
    const files = {
      'conf/provisioner.openicf-hr.json': provisioner('&{hr.name}', {
        enabled: '&{hr.enabled}' as unknown as string,
        configurationProperties: { port: '&{hr.port}', password: '&{hr.password}' },
        syncFailureHandler: { maxRetries: '&{hr.retries}' },
      }),
      'conf/boot/boot.properties': 'hr.port=389\nhr.enabled=false\nhr.retries=5',
    };
    const config = await configOf(files, { env: { HR_NAME: 'hr', HR_PASSWORD: '12345' } });
    expect(config.connectors[0]).toMatchObject({
      name: 'hr',
      enabled: false,
      configurationProperties: { port: '389', password: '12345' },
      syncFailureHandler: { maxRetries: 5, postRetryAction: { kind: 'none' } },
    });
  });

  it('never shows what a property holds', async () => {
    const faults = await loadFiles(
      {
        'conf/provisioner.openicf-hr.json': provisioner('hr', {
          enabled: '&{secret}',
          operationTimeout: { GET: '&{secret}' },
          syncFailureHandler: { postRetryAction: '&{secret}' },
        }),
        'conf/managed.json': { objects: [{ name: 'u', properties: [{ name: 'p', scope: '&{secret}' }] }] },
      },
      { env: { SECRET: 'hunter2' } },
    );
    expect(faults.diagnostics.length).toBeGreaterThan(3);
    expect(JSON.stringify(faults.diagnostics)).not.toContain('hunter2');
  });
});

describe('lockstep.json', () => {
  it('names mappings and managed types that exist', async () => {
    const lockstep = { startup: ['m', 'mm'], mappings: { n: {} }, managed: { usr: {} } };
    expect(await mappingFaults({}, { 'conf/lockstep.json': lockstep })).toEqual([
      'error conf/lockstep.json /startup/1: there is no mapping "mm"',
      'warning conf/lockstep.json /mappings/n: there is no mapping "n"',
      'warning conf/lockstep.json /managed/usr: there is no managed type "usr"',
    ]);
  });
});

describe('every fault at once', () => {
  it('in files with every key wrong', async () => {
    const { config, diagnostics } = await loadFiles({
      'conf/managed.json': { objcts: [], objects: [{ nam: 'user' }, 3] },
      'conf/provisioner.openicf-ldap.json': {
        nme: 'x',
        connectorRef: { connectorNam: 'y' },
        enabled: 'yes',
        objectTypes: { a: { properties: { p: { type: 'text' } } } },
      },
      'conf/lockstep.json': {
        batchSize: 0,
        resume: { onCrash: 'retry' },
        guard: { maxDeletes: -1 },
        scripts: { timeoutMS: 5 },
        repository: { kind: 'oracle' },
      },
      'conf/sync.json': `{"mappings": [
        {"name": 3, "sorce": "x", "source": "managd/user", "target": "managed/user", 'links': "zz", "enableSync": "false",
         "policies": [{"situation": "ABSNT", "action": "CREAT"}, {"situation": "FOUND"}],
         "properties": [{"target": ""}, {"source": 1, "target": "a"}, {"source": "a", "target": "b", "condition": "/object/x foo"},],
         "correlationQuery": {"type": "text/javascript", "sourc": "x"},
         "validSource": {"type": "text/javascript", "file": "nope.js"}, "validTarget": 3, "taskThreads": 1.5},
        {"name": "&{gone}"}]}`,
    });
    expect(config).toBeNull();
    expect(diagnostics.map((d) => `${d.file.replace('conf/', '')} ${d.pointer}`)).toEqual([
      'lockstep.json /batchSize',
      'lockstep.json /resume/onCrash',
      'lockstep.json /guard/maxDeletes',
      'lockstep.json /scripts/timeoutMS',
      'lockstep.json /repository/kind',
      'managed.json /objcts',
      'managed.json /objects/0/name',
      'managed.json /objects/0/nam',
      'managed.json /objects/1',
      'provisioner.openicf-ldap.json /name',
      'provisioner.openicf-ldap.json /nme',
      'provisioner.openicf-ldap.json /connectorRef/connectorName',
      'provisioner.openicf-ldap.json /connectorRef/connectorNam',
      'provisioner.openicf-ldap.json /enabled',
      'provisioner.openicf-ldap.json /objectTypes/a/properties/p/type',
      'sync.json /mappings/0/name',
      'sync.json /mappings/0/sorce',
      'sync.json /mappings/0/source',
      'sync.json /mappings/0/target',
      'sync.json /mappings/0/links',
      'sync.json /mappings/0/links',
      'sync.json /mappings/0/enableSync',
      'sync.json /mappings/0/policies/0/situation',
      'sync.json /mappings/0/policies/0/action',
      'sync.json /mappings/0/policies/1/action',
      'sync.json /mappings/0/properties/0',
      'sync.json /mappings/0/properties/0/target',
      'sync.json /mappings/0/properties/1/source',
      'sync.json /mappings/0/properties/2/condition',
      'sync.json /mappings/0/properties/2/condition',
      'sync.json /mappings/0/correlationQuery',
      'sync.json /mappings/0/validSource/file',
      'sync.json /mappings/0/validTarget',
      'sync.json /mappings/0/taskThreads',
      'sync.json /mappings/1/source',
      'sync.json /mappings/1/target',
      'sync.json /mappings/1/name',
    ]);
    expect(diagnostics.filter((d) => d.severity === 'error' && d.line === undefined)).toEqual([]);
  });
});
