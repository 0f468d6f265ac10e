import { z } from 'zod';
import { Failure } from '../../base/failure.ts';
import { formatPointer } from '../../base/json-pointer.ts';
import type { Json } from '../../base/json.ts';
import type { ResourceRequest } from '../../resource/request.ts';
import { isNamedSchema, type PathDescriptor } from './descriptor.ts';
import { findOperation } from './find-operation.ts';

/**
 * Checks the content of a request against its description. Patches are checked where they are applied, and the shapes that
 * a project brings along by its policies. Throws `Failure('bad-request')`; `detail.issues` has each place with what is wrong.
 */
export function contentChecker(descriptors: readonly PathDescriptor[]): (request: ResourceRequest) => void {
  const checkedTops = new Set(descriptors.filter(isChecked).map(({ path }) => topOf(path)));
  return (request) => {
    const content = contentOf(request);
    if (content === undefined || !checkedTops.has(topOf(request.path))) return;
    const action = request.verb === 'action' ? request.action : null;
    const operation = findOperation(descriptors, request.path, request.verb, action);
    if (operation?.body === undefined || isNamedSchema(operation.body)) return;
    if (content === null && operation.isBodyRequired !== true) return;
    const checked = operation.body.safeParse(content);
    if (!checked.success) throw refusal(checked.error);
  };
}

/** Most requests go where nothing is checked; they should not pay for it. */
function isChecked({ operations }: PathDescriptor): boolean {
  return operations.some(({ verb, body }) => verb !== 'patch' && body !== undefined && !isNamedSchema(body));
}

function topOf(path: string): string {
  return path.split('/', 1)[0]!;
}

function contentOf(request: ResourceRequest): Json | undefined {
  switch (request.verb) {
    case 'action':
    case 'create':
    case 'update':
      return request.content;
    default:
      return undefined;
  }
}

function refusal(error: z.ZodError): Failure {
  const issues = error.issues.slice(0, 20).map(({ path, message }) => ({
    pointer: formatPointer(path.map((step) => (typeof step === 'number' ? step : String(step)))),
    message,
  }));
  const [first] = issues;
  const place = first === undefined || first.pointer === '' ? '' : ` at ${first.pointer}`;
  return new Failure('bad-request', `The request content is not as expected${place}: ${first?.message}`, {
    detail: { issues },
  });
}
