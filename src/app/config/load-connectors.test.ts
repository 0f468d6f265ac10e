import { describe, expect, it } from 'vitest';
import { BASE, configOf, faultsOf, provisioner } from './load-fixture.ts';

describe('connectors', () => {
  it('are read with all that OpenIDM writes', async () => {
    const config = await configOf({
      ...BASE,
      'conf/provisioner.openicf.connectorinfoprovider.json': { remoteConnectorServers: [] },
      'conf/provisioner.openicf-hr.json': provisioner('hr', {
        connectorRef: {
          connectorName: 'x.Y',
          connectorHostRef: '#LOCAL',
          displayName: 'd',
          systemType: 'provisioner.openicf',
        },
        producerBufferSize: 100,
        connectorPoolingSupported: true,
        poolConfigOption: { maxObjects: 10, maxWait: 150_000 },
        operationTimeout: { CREATE: -1, SEARCH: 5000, GET: '7' },
        resultsHandlerConfig: { enableFilteredResultsHandler: false },
        syncFailureHandler: { maxRetries: 4, postRetryAction: 'dead-letter-queue' },
        operationOptions: { CREATE: { denied: true } },
        objectTypes: {
          account: {
            $schema: 'http://json-schema.org/draft/schema',
            id: '__ACCOUNT__',
            type: 'object',
            nativeType: '__ACCOUNT__',
            properties: {
              uid: { type: 'string', nativeName: '__NAME__', required: true, nativeType: 'string' },
              groups: {
                type: 'array',
                items: { type: 'string', nativeType: 'string' },
                flags: ['NOT_RETURNED_BY_DEFAULT'],
              },
              pwd: {
                type: 'string',
                nativeName: '__PASSWORD__',
                nativeType: 'JAVA_TYPE_GUARDEDSTRING',
                runAsUser: true,
                default: 'x',
              },
            },
          },
        },
      }),
    });
    const hr = config.connectors.find((c) => c.name === 'hr')!;
    expect(hr).toMatchObject({
      connectorName: 'x.Y',
      operationTimeoutMs: { SEARCH: 5000, GET: 7 },
      resultsHandler: { enableFilteredResultsHandler: false, enableNormalizingResultsHandler: null },
      syncFailureHandler: { maxRetries: 4, postRetryAction: { kind: 'dead-letter-queue' } },
    });
    expect(hr.objectTypes['account']!.properties).toEqual({
      uid: {
        type: 'string',
        itemType: null,
        nativeName: '__NAME__',
        nativeType: 'string',
        isRequired: true,
        flags: [],
      },
      groups: {
        type: 'array',
        itemType: 'string',
        nativeName: 'groups',
        nativeType: 'array',
        isRequired: false,
        flags: ['NOT_RETURNED_BY_DEFAULT'],
      },
      pwd: {
        type: 'string',
        itemType: null,
        nativeName: '__PASSWORD__',
        nativeType: 'JAVA_TYPE_GUARDEDSTRING',
        isRequired: false,
        flags: [],
        default: 'x',
      },
    });
  });

  it('that are not available here are a warning; those that are check themselves', async () => {
    const kind = {
      connectorNames: ['known.Connector'],
      check: () =>
        [{ severity: 'error', pointer: '/configurationProperties/host', message: 'host is missing' }] as const,
    };
    const faults = await faultsOf(
      {
        'conf/provisioner.openicf-a.json': provisioner('a'),
        'conf/provisioner.b.json': provisioner('b', { connectorRef: { connectorName: 'known.Connector' } }),
        'conf/sync.json': {},
      },
      { connectorKinds: [kind] },
    );
    expect(faults).toEqual([
      'error conf/provisioner.b.json /configurationProperties/host: host is missing',
      'warning conf/provisioner.openicf-a.json /connectorRef/connectorName: the connector org.identityconnectors.ldap.LdapConnector is not available here',
    ]);
  });

  it('follow types that are there', async () => {
    const system = (liveSync: unknown): Record<string, unknown> => ({
      'conf/provisioner.openicf-hr.json': provisioner('hr', {
        liveSync: liveSync as never,
        objectTypes: { account: { nativeType: '__ACCOUNT__', properties: { uid: { type: 'string' } } } },
      }),
      'conf/sync.json': {},
    });
    const place = 'conf/provisioner.openicf-hr.json /liveSync/objectTypes';
    expect(await faultsOf(system({ mode: 'push', objectTypes: ['account'] }))).toEqual([]);
    expect(await faultsOf(system({ mode: 'push', objectTypes: ['__ALL__'] }))).toEqual([]);
    expect(await faultsOf(system({ mode: 'push', objectTypes: ['account', 'acount'] }))).toEqual([
      `error ${place}/1: the system "hr" has no object type "acount", so its changes cannot be followed`,
    ]);
    expect(await faultsOf(system({ mode: 'push', objectTypes: ['account', '__ALL__'] }))).toEqual([
      `error ${place}: __ALL__ stands for every type`,
    ]);
    expect(await faultsOf(system({ objectTypes: ['account'] }))).toEqual([
      `warning ${place}: "objectTypes" of "liveSync" has no effect`,
    ]);
  });
});
