import { Failure } from '../../base/failure.ts';

/** `_mimeType` of a read (specification §1.3). Throws `Failure('bad-request')` unless exactly one field is asked for. */
export function mediaType(text: string, fields: readonly string[] | null): string {
  if (fields?.length !== 1)
    throw new Failure('bad-request', 'The parameter _mimeType requires only 1 field to be specified with _fields');
  if (MEDIA_TYPE.test(text)) return text;
  throw new Failure('bad-request', `The value '${text.slice(0, 100)}' for parameter '_mimeType' is no media type`);
}

const MEDIA_TYPE = /^[A-Za-z0-9][\w.+-]{0,100}\/[A-Za-z0-9][\w.+-]{0,100}(?:; ?charset=[\w-]{1,40})?$/;
