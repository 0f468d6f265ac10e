import type { ConnectorKind } from '../connector/contract.ts';
import { csvConnector } from '../connectors/csv/csv-connector.ts';
import { ldapConnector } from '../connectors/ldap/ldap-connector.ts';
import { memoryConnector } from '../connectors/memory/memory-connector.ts';
import { xmlConnector } from '../connectors/xml/xml-connector.ts';

/** Every kind of connector there is. A new one costs a folder and a line here. */
export const connectorKinds: readonly ConnectorKind[] = [csvConnector, xmlConnector, ldapConnector, memoryConnector];

/** Null: no such connector here (an OpenICF bundle that cannot be provided). */
export function connectorKind(connectorName: string): ConnectorKind | null {
  return connectorKinds.find((kind) => kind.connectorNames.includes(connectorName)) ?? null;
}
