import { Failure } from '../../base/failure.ts';

/** The code of the failure that a call throws; null where it throws nothing. Anything else that is thrown goes on. */
export function failureOf(call: () => unknown): string | null {
  try {
    call();
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
}
