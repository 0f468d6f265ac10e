import type { PropertyResolver } from './substitution.ts';
import { isWithheld } from './withheld-properties.ts';

export interface PropertySources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly boot: Readonly<Record<string, string>>;
  /** Absolute. */
  readonly projectDirectory: string;
  /** Absolute; where Lockstep itself was started. */
  readonly workingDirectory: string;
}

/** Values that OpenIDM's own `boot.properties` has, for projects that were deployed without it. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'openidm.port.http': '8080',
  'openidm.port.https': '8443',
  'openidm.port.mutualauth': '8444',
  'openidm.auth.clientauthonlyports': '8444',
  'openidm.host': 'localhost',
  'openidm.https.keystore.cert.alias': 'openidm-localhost',
  'openidm.config.crypto.alias': 'openidm-sym-default',
  'openidm.keystore.type': 'JCEKS',
  'openidm.truststore.type': 'JKS',
  'openidm.keystore.provider': '',
  'openidm.truststore.provider': '',
  'openidm.keystore.location': 'security/keystore.jceks',
  'openidm.truststore.location': 'security/truststore',
  'openidm.node.id': 'node1',
  'openidm.instance.type': '',
  'openidm.recon.maxcompletedruns': '100',
  'openidm.scheduler.execute.persistent.schedules': 'true',
};

/**
 * Environment (by the exact name, then `A_B` for `a.b`), then `boot.properties`, then what is built in. The place for the
 * data of an installation is the project directory. Lockstep's own secrets have no value here.
 */
export function propertyResolver(sources: PropertySources): PropertyResolver {
  const builtIn: Readonly<Record<string, string>> = {
    ...DEFAULTS,
    'launcher.project.location': sources.projectDirectory,
    'launcher.install.location': sources.workingDirectory,
    'launcher.working.location': sources.projectDirectory,
    'idm.instance.dir': sources.projectDirectory,
    'idm.install.dir': sources.workingDirectory,
    'idm.data.dir': sources.projectDirectory,
    'openidm.instance.dir': sources.projectDirectory,
    'user.dir': sources.workingDirectory,
  };
  return (name) =>
    isWithheld(name)
      ? undefined
      : (own(sources.env, name) ??
        own(sources.env, name.replaceAll('.', '_').toUpperCase()) ??
        own(sources.boot, name) ??
        own(builtIn, name));
}

function own(record: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
