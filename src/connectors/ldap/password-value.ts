import { createHash, randomBytes } from 'node:crypto';
import type { LdapValue } from '../../ldap/codec/message.ts';
import type { PasswordForm } from './ldap-settings.ts';

/**
 * What a password is written as: as it is (the server hashes it), as a hash in the form of RFC 2307, or as Active Directory takes it
 * (quoted, UTF-16).
 */
export function passwordValue(password: string, form: PasswordForm): LdapValue {
  switch (form) {
    case 'plain':
      return password;
    case 'unicode':
      return Buffer.from(`"${password}"`, 'utf16le');
    case 'sha':
      return `{SHA}${digest('sha1', password)}`;
    case 'md5':
      return `{MD5}${digest('md5', password)}`;
    case 'ssha':
      return `{SSHA}${digest('sha1', password, randomBytes(16))}`;
    case 'smd5':
      return `{SMD5}${digest('md5', password, randomBytes(16))}`;
  }
}

function digest(algorithm: string, password: string, salt: Buffer = Buffer.alloc(0)): string {
  const hash = createHash(algorithm).update(password, 'utf8').update(salt).digest();
  return Buffer.concat([hash, salt]).toString('base64');
}
