import type { FailureCode } from '../base/failure.ts';

/** What is known of a result code: its name (RFC 4511 appendix A and later RFCs), and the failure it stands for. */
export interface ResultCodeMeaning {
  readonly name: string;
  readonly code: FailureCode;
  readonly isRetryable: boolean;
}

/** Codes that end a search although there may be more to find: the read is incomplete. */
const PARTIAL: ReadonlySet<number> = new Set([3, 4, 10, 11, 51, 52, 54, 118, 4096]);

const MEANINGS: ReadonlyMap<number, ResultCodeMeaning> = new Map<number, ResultCodeMeaning>([
  [0, meaning('success', 'internal')],
  [1, meaning('operationsError', 'internal')],
  [2, meaning('protocolError', 'bad-request')],
  [3, meaning('timeLimitExceeded', 'timeout', true)],
  [4, meaning('sizeLimitExceeded', 'denied')],
  [5, meaning('compareFalse', 'internal')],
  [6, meaning('compareTrue', 'internal')],
  [7, meaning('authMethodNotSupported', 'unsupported')],
  [8, meaning('strongerAuthRequired', 'denied')],
  [10, meaning('referral', 'unsupported')],
  [11, meaning('adminLimitExceeded', 'denied')],
  [12, meaning('unavailableCriticalExtension', 'unsupported')],
  [13, meaning('confidentialityRequired', 'denied')],
  [14, meaning('saslBindInProgress', 'internal')],
  [16, meaning('noSuchAttribute', 'invalid-data')],
  [17, meaning('undefinedAttributeType', 'invalid-data')],
  [18, meaning('inappropriateMatching', 'invalid-data')],
  [19, meaning('constraintViolation', 'invalid-data')],
  [20, meaning('attributeOrValueExists', 'invalid-data')],
  [21, meaning('invalidAttributeSyntax', 'invalid-data')],
  [32, meaning('noSuchObject', 'not-found')],
  [33, meaning('aliasProblem', 'invalid-data')],
  [34, meaning('invalidDNSyntax', 'invalid-data')],
  [36, meaning('aliasDereferencingProblem', 'invalid-data')],
  [48, meaning('inappropriateAuthentication', 'unauthorized')],
  [49, meaning('invalidCredentials', 'unauthorized')],
  [50, meaning('insufficientAccessRights', 'denied')],
  [51, meaning('busy', 'unreachable', true)],
  [52, meaning('unavailable', 'unreachable', true)],
  [53, meaning('unwillingToPerform', 'denied')],
  [54, meaning('loopDetect', 'internal')],
  [60, meaning('sortControlMissing', 'bad-request')],
  [61, meaning('offsetRangeError', 'bad-request')],
  [64, meaning('namingViolation', 'invalid-data')],
  [65, meaning('objectClassViolation', 'invalid-data')],
  [66, meaning('notAllowedOnNonLeaf', 'conflict')],
  [67, meaning('notAllowedOnRDN', 'invalid-data')],
  [68, meaning('entryAlreadyExists', 'exists')],
  [69, meaning('objectClassModsProhibited', 'invalid-data')],
  [71, meaning('affectsMultipleDSAs', 'unsupported')],
  [76, meaning('virtualListViewError', 'bad-request')],
  [80, meaning('other', 'internal')],
  [118, meaning('canceled', 'canceled')],
  [119, meaning('noSuchOperation', 'not-found')],
  [120, meaning('tooLate', 'conflict')],
  [121, meaning('cannotCancel', 'unsupported')],
  [122, meaning('assertionFailed', 'revision')],
  [123, meaning('authorizationDenied', 'denied')],
  [4096, meaning('e-syncRefreshRequired', 'incomplete-read')],
]);

/** The meaning of a code; unknown codes are `resultCode<number>` and `internal`. */
export function resultCodeMeaning(code: number): ResultCodeMeaning {
  return MEANINGS.get(code) ?? meaning(`resultCode${code}`, 'internal');
}

/** Did a search with this result perhaps not give everything? */
export function isPartialRead(code: number): boolean {
  return PARTIAL.has(code);
}

function meaning(name: string, code: FailureCode, isRetryable = false): ResultCodeMeaning {
  return { name, code, isRetryable };
}
