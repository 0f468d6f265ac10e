import type { ResultOperation } from './message.ts';

/** Tags of the protocol operations (RFC 4511 §4.2–4.13). */
export const TAG = {
  bindRequest: 0x60,
  bindResponse: 0x61,
  unbindRequest: 0x42,
  searchRequest: 0x63,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  modifyRequest: 0x66,
  modifyResponse: 0x67,
  addRequest: 0x68,
  addResponse: 0x69,
  deleteRequest: 0x4a,
  deleteResponse: 0x6b,
  renameRequest: 0x6c,
  renameResponse: 0x6d,
  compareRequest: 0x6e,
  compareResponse: 0x6f,
  abandonRequest: 0x50,
  extendedRequest: 0x77,
  extendedResponse: 0x78,
  intermediateResponse: 0x79,
  controls: 0xa0,
} as const;

export const RESULT_TAGS: Readonly<Record<ResultOperation, number>> = {
  bind: TAG.bindResponse,
  search: TAG.searchDone,
  modify: TAG.modifyResponse,
  add: TAG.addResponse,
  delete: TAG.deleteResponse,
  rename: TAG.renameResponse,
  compare: TAG.compareResponse,
  extended: TAG.extendedResponse,
};

export const RESULT_OPERATIONS: ReadonlyMap<number, ResultOperation> = new Map(
  Object.entries(RESULT_TAGS).map(([operation, tag]) => [tag, operation as ResultOperation]),
);

export const SCOPES = ['base', 'one', 'subtree', 'subordinates'] as const;
export const DEREFERENCES = ['never', 'searching', 'finding', 'always'] as const;
export const MODIFICATIONS = ['add', 'delete', 'replace', 'increment'] as const;
