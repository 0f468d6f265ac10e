/** Namespaces of the data file (specification §10.8). */
export const ICF_NAMESPACE = 'http://openidm.forgerock.com/xml/ns/public/resource/openicf/resource-schema-1.xsd';
export const RI_NAMESPACE = 'http://openidm.forgerock.com/xml/ns/public/resource/instances/resource-schema-extension';
export const ROOT = 'OpenICFContainer';

/** Native names like `__NAME__` are elements of the ICF namespace, all others belong to the resource. */
export function namespaceOf(nativeName: string): string {
  return /^__.+__$/.test(nativeName) ? ICF_NAMESPACE : RI_NAMESPACE;
}

/** Whether a text can be the name of an element (without a prefix). */
export function isElementName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}\p{M}_.\-\u00b7]*$/u.test(text);
}
