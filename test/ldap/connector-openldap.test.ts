import { afterAll, beforeAll } from 'vitest';
import { connectorConformance } from '../../src/connector/connector.conformance.ts';
import { conformanceSubject } from './conformance-subject.ts';
import { startOpenLdap, type OpenLdap } from './openldap.ts';
import { SYNC_DN, SYNC_PASSWORD } from './openldap-config.ts';
import { describeOn } from './skipped-servers.ts';

describeOn('openldap', 'the LDAP connector over OpenLDAP', () => {
  let server: OpenLdap;
  beforeAll(async () => {
    server = await startOpenLdap();
  });
  afterAll(() => server?.dispose());

  connectorConformance('ldap', () =>
    conformanceSubject({ port: server.port, dn: SYNC_DN, password: SYNC_PASSWORD }, 'pwdLockout'),
  );
});
