import { describe, expect, it } from 'vitest';
import { acceptsEvent, readAuditSettings } from './audit-settings.ts';

const V2014 = {
  eventTypes: {
    activity: {
      filter: { actions: ['create', 'UPDATE'], triggers: { recon: ['create'] } },
      watchedFields: ['mail'],
      passwordFields: ['password', 'pin'],
    },
    recon: {},
  },
  logTo: [
    { logType: 'csv', location: 'audit', recordDelimiter: ';' },
    { logType: 'repository', useForQueries: true },
    { logType: 'router', location: 'x' },
  ],
};
const CURRENT = {
  auditServiceConfig: { handlerForQueries: 'repo', availableAuditEventHandlers: [] },
  eventHandlers: [
    {
      class: 'org.forgerock.audit.handlers.json.JsonAuditEventHandler',
      config: { name: 'json', topics: ['access', 'recon', 'nothing'], logDirectory: 'logs' },
    },
    {
      class: 'org.forgerock.audit.handlers.csv.CsvAuditEventHandler',
      config: {
        topics: ['sync'],
        formatting: { quoteChar: "'", delimiterChar: ';', endOfLineSymbols: '\r\n' },
        fileRotation: {
          rotationEnabled: true,
          maxFileSize: 1000,
          rotationInterval: '1 hour and 30 minutes',
          rotationFilePrefix: '../../x/',
        },
        fileRetention: { maxNumberOfHistoryFiles: 3, maxDiskSpaceToUse: -1 },
      },
    },
    { class: 'x.CsvAuditEventHandler', config: { enabled: false, topics: ['sync'] } },
    { class: 'org.forgerock.openidm.audit.impl.RepositoryAuditEventHandler', config: {} },
    { class: 'x.SyslogAuditEventHandler', config: {} },
  ],
  eventTopics: { access: { filter: { actions: ['create'] } }, unknown: {} },
};

describe('audit.json', () => {
  it('of 2014 is read', () => {
    const { files, warnings, topics } = readAuditSettings(V2014);
    expect(files).toMatchObject([{ style: 'csv2014', location: 'audit', recordEnd: ';\n', delimiter: ',' }]);
    expect([...files[0]!.topics]).toEqual(['recon', 'activity', 'access']);
    expect(warnings).toEqual([expect.stringContaining('"router"')]);
    expect(topics.activity).toMatchObject({ watchedFields: ['mail'], passwordFields: ['password', 'pin'] });
  });

  it('of today is read, and what is not available is told', () => {
    const { files, warnings } = readAuditSettings(CURRENT);
    expect(files.map(({ style, location, topics }) => [style, location, [...topics]])).toEqual([
      ['json', 'logs', ['recon', 'access']],
      ['csv', 'audit', ['sync']],
    ]);
    expect(files[1]).toMatchObject({
      quote: "'",
      delimiter: ';',
      recordEnd: '\r\n',
      rotation: { maxBytes: 1000, maxAgeMs: 5_400_000, keptFiles: 3, keptBytes: null, prefix: '....x' },
    });
    expect(warnings.map((text) => /"(\w+)"/.exec(text)?.[1])).toEqual([
      'unknown',
      'nothing',
      'SyslogAuditEventHandler',
    ]);
  });

  it.each([
    ['activity', 'CREATE', 'rest', true],
    ['activity', 'update', 'rest', true],
    ['activity', 'DELETE', 'rest', false],
    ['activity', 'update', 'recon', false],
    ['activity', 'create', 'recon', true],
    ['activity', null, 'rest', true],
    ['access', 'READ', 'rest', true],
    ['config', 'READ', 'rest', false],
    ['config', 'PATCH', 'rest', true],
  ] as const)('%s %s caused by %s: %s', (topic, action, cause, expected) => {
    expect(acceptsEvent(readAuditSettings(V2014), { topic, action, cause })).toBe(expected);
  });

  it.each([
    null,
    {},
    { logTo: 7, eventHandlers: [1, null, {}], eventTopics: [], eventTypes: { activity: 3, recon: { filter: 'x' } } },
    { eventHandlers: [{ class: 9, config: { topics: 'x', fileRotation: [], formatting: { quoteChar: '' } } }] },
    {
      eventHandlers: [
        {
          class: 'JsonAuditEventHandler',
          config: { fileRotation: { rotationEnabled: true, rotationInterval: 'soon' } },
        },
      ],
    },
  ])('never throws: %j', (document) => {
    expect(Object.keys(readAuditSettings(document as never).topics)).toHaveLength(6);
  });
});
