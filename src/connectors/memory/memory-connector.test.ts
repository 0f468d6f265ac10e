import { silentLog } from '../../base/log.ts';
import { connectorConformance, conformanceType } from '../../connector/connector.conformance.ts';
import { memoryConnector } from './memory-connector.ts';

connectorConformance('memory', () => {
  const config = {
    name: 'fake',
    enabled: true,
    connectorName: 'memory',
    configurationProperties: {},
    objectTypes: { account: conformanceType },
  };
  const connector = memoryConnector.create(config, { projectDirectory: '/', log: silentLog });
  return Promise.resolve({ set: connector.objectSet('account'), dispose: () => connector.close() });
});
