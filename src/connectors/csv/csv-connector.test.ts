import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../base/log.ts';
import { connectorConformance, conformanceType } from '../../connector/connector.conformance.ts';
import { csvConnector } from './csv-connector.ts';

const HEADER = 'uid,mail,text,count,isActive,groups,fixed,derived,password\n';

connectorConformance('csv', async () => {
  const projectDirectory = await mkdtemp(join(tmpdir(), 'lockstep-csv-'));
  await writeFile(join(projectDirectory, 'people.csv'), HEADER);
  const connector = csvConnector.create(
    {
      name: 'hr',
      enabled: true,
      connectorName: 'csv',
      configurationProperties: { csvFile: 'people.csv', multivalueDelimiter: '|' },
      objectTypes: { account: conformanceType },
    },
    { projectDirectory, log: silentLog },
  );
  return {
    set: connector.objectSet('account'),
    dispose: () => rm(projectDirectory, { recursive: true }),
  };
});
