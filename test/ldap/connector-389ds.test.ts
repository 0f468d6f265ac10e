import { afterAll, beforeAll } from 'vitest';
import { connectorConformance } from '../../src/connector/connector.conformance.ts';
import { conformanceSubject } from './conformance-subject.ts';
import { startDirectory389, type Directory389 } from './directory389.ts';
import { SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { describeOn } from './skipped-servers.ts';

describeOn('389ds', 'the LDAP connector over 389 Directory Server', () => {
  let server: Directory389;
  beforeAll(async () => {
    server = await startDirectory389();
  });
  afterAll(() => server?.dispose());

  connectorConformance('ldap', () =>
    conformanceSubject({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD }, 'employeeType'),
  );
});
