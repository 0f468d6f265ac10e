/** A project as the reference documents describe theirs: an XML file and a directory, both mapped to managed users. */

const xmlAccount = (name: string, more: string): string =>
  `  <ri:__ACCOUNT__><icf:__UID__>${name}</icf:__UID__><icf:__NAME__>${name}</icf:__NAME__>${more}</ri:__ACCOUNT__>`;

const XML_FILE = `<?xml version="1.0" encoding="UTF-8"?>
<icf:OpenICFContainer xmlns:icf="http://openidm.forgerock.com/xml/ns/public/resource/openicf/resource-schema-1.xsd"
    xmlns:ri="http://openidm.forgerock.com/xml/ns/public/resource/instances/resource-schema-extension">
${xmlAccount('scarter', '<ri:firstname>Steven</ri:firstname><ri:lastname>Carter</ri:lastname>')}
${xmlAccount('bjensen', '<ri:firstname>Barbara</ri:firstname><ri:lastname>Jensen</ri:lastname>')}
</icf:OpenICFContainer>
`;

const text = { type: 'string' };

const userSchema = {
  properties: {
    userName: { type: 'string', required: true, searchable: true },
    givenName: text,
    sn: text,
    mail: text,
    description: text,
    password: { type: 'string', scope: 'private', encryption: { key: 'openidm-sym-default' } },
    securityAnswer: { type: 'string', encryption: { key: 'openidm-sym-default', cipher: 'AES/CBC/PKCS5Padding' } },
  },
};

const xmlProvisioner = {
  name: 'xmlfile',
  connectorRef: { connectorName: 'org.forgerock.openicf.connectors.xml.XMLConnector' },
  configurationProperties: { xmlFilePath: '&{launcher.project.location}/data/people.xml' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      type: 'object',
      properties: {
        name: { type: 'string', nativeName: '__NAME__', required: true },
        firstname: { ...text, nativeName: 'firstname' },
        lastname: { ...text, nativeName: 'lastname' },
        email: { ...text, nativeName: 'email' },
      },
    },
  },
};

const ldapProvisioner = {
  name: 'ldap',
  connectorRef: { connectorName: 'org.forgerock.openicf.csvfile.CSVFileConnector' },
  configurationProperties: { csvFile: '&{launcher.project.location}/data/ldap.csv', headerUid: 'dn' },
  objectTypes: {
    account: {
      nativeType: '__ACCOUNT__',
      type: 'object',
      properties: {
        dn: { type: 'string', nativeName: '__NAME__', required: true },
        uid: { ...text, nativeName: 'uid' },
        givenName: { ...text, nativeName: 'givenName' },
        sn: { ...text, nativeName: 'sn' },
      },
    },
  },
};

const mappings = [
  {
    name: 'systemXmlfileAccounts_managedUser',
    source: 'system/xmlfile/account',
    target: 'managed/user',
    correlationQuery: {
      type: 'text/javascript',
      source: `var query = {'_queryId': 'for-userName', 'uid': source.name}; query;`,
    },
    properties: [
      { source: 'name', target: '_id' },
      { source: 'name', target: 'userName' },
      { source: 'firstname', target: 'givenName' },
      { source: 'lastname', target: 'sn' },
      {
        source: '',
        target: 'description',
        default: 'Created By XML1',
        transform: { type: 'text/javascript', source: `'Created By XML1'` },
      },
    ],
    policies: [{ situation: 'ABSENT', action: 'CREATE' }],
  },
  {
    name: 'systemLdapAccounts_managedUser',
    source: 'system/ldap/account',
    target: 'managed/user',
    correlationQuery: {
      type: 'text/javascript',
      source: `var query = {'_queryId': 'for-userName', 'uid': source.uid}; query;`,
    },
    properties: [
      { source: 'uid', target: 'userName' },
      { source: 'givenName', target: 'givenName' },
      { source: 'sn', target: 'sn' },
    ],
    policies: [{ situation: 'UNASSIGNED', action: 'IGNORE' }],
  },
  {
    name: 'managedUser_systemLdapAccounts',
    source: 'managed/user',
    target: 'system/ldap/account',
    links: 'systemLdapAccounts_managedUser',
    properties: [
      { source: 'userName', target: 'uid' },
      { source: 'givenName', target: 'givenName' },
      { source: 'sn', target: 'sn' },
      {
        source: 'userName',
        target: 'dn',
        transform: { type: 'text/javascript', source: `'uid=' + source + ',ou=People,dc=example,dc=com'` },
      },
    ],
    policies: [{ situation: 'UNASSIGNED', action: 'IGNORE' }],
  },
];

export const PROJECT_FILES: Readonly<Record<string, unknown>> = {
  'conf/managed.json': { objects: [{ name: 'user', schema: userSchema }] },
  'conf/provisioner.openicf-xmlfile.json': xmlProvisioner,
  'conf/provisioner.openicf-ldap.json': ldapProvisioner,
  'conf/sync.json': { mappings },
  'data/people.xml': XML_FILE,
  'data/ldap.csv': '"dn","uid","givenName","sn"\n"uid=jdoe,ou=People,dc=example,dc=com","jdoe","John","Doe"\n',
};
