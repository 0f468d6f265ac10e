import { SUFFIX } from './openldap-config.ts';

/** Entries of inetOrgPerson with some 15 attributes each, as LDIF: `uid=user0` to `uid=user<count - 1>`. */
export function peopleLdif(count: number): string {
  return Array.from({ length: count }, (_, i) => personLdif(i)).join('\n');
}

function personLdif(i: number): string {
  return `dn: uid=user${i},ou=people,${SUFFIX}
objectClass: top
objectClass: person
objectClass: organizationalPerson
objectClass: inetOrgPerson
uid: user${i}
cn: Person Number ${i}
sn: Number ${i}
givenName: Person
displayName: Person N. ${i}
mail: user${i}@example.org
telephoneNumber: +49 30 ${100_000 + i}
employeeNumber: ${i}
employeeType: ${i % 3 === 0 ? 'external' : 'internal'}
title: Engineer of class ${i % 10}
l: Berlin
departmentNumber: ${i % 50}
description:: ${Buffer.from(`Beschreibung für Nº ${i}`).toString('base64')}
`;
}
