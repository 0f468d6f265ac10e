import { generate } from 'selfsigned';

export interface TestCertificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface TestCertificates {
  readonly ca: string;
  /** For `localhost` and 127.0.0.1. */
  readonly server: TestCertificate;
  /** For a client whose subject is `CN=sync`. */
  readonly client: TestCertificate;
}

/** A certificate authority made for one test, and what it signed. */
export async function makeCertificates(): Promise<TestCertificates> {
  const authority = await generate(named('Lockstep test authority'), {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, digitalSignature: true },
    ],
  });
  const ca = { key: authority.private, cert: authority.cert };
  const sign = async (name: string, server: boolean): Promise<TestCertificate> => {
    const signed = await generate(named(name), {
      keyType: 'ec',
      algorithm: 'sha256',
      ca,
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'extKeyUsage', serverAuth: server, clientAuth: !server },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
          ],
        },
      ],
    });
    return { cert: signed.cert, key: signed.private };
  };
  return { ca: authority.cert, server: await sign('localhost', true), client: await sign('sync', false) };
}

function named(value: string): { readonly name: string; readonly value: string }[] {
  return [{ name: 'commonName', value }];
}
