import type { OperationDescriptor, ParameterDescriptor, PathDescriptor, Shape } from './descriptor.ts';
import { patchShape } from './shapes.ts';

export interface CollectionOptions {
  readonly path: string;
  readonly tag: string;
  /** For summaries: `user`. */
  readonly noun: string;
  readonly body?: Shape;
  readonly answer?: Shape;
  readonly queryParameters?: readonly ParameterDescriptor[];
  /** Actions of the collection and of its items. */
  readonly collectionActions?: readonly OperationDescriptor[];
  readonly itemActions?: readonly OperationDescriptor[];
  readonly canPatch?: boolean;
}

/** A collection and its items. */
export function collection(options: CollectionOptions): readonly PathDescriptor[] {
  const { path, tag, noun, collectionActions = [], itemActions = [], canPatch = true } = options;
  const shapes = {
    ...(options.body === undefined ? {} : { body: options.body }),
    ...(options.answer === undefined ? {} : { answer: options.answer }),
  };
  const answer = options.answer === undefined ? {} : { answer: options.answer };
  const parameters = options.queryParameters ?? [];
  const patch: OperationDescriptor = { verb: 'patch', summary: `Change ${a(noun)}`, body: patchShape, ...answer };
  return [
    {
      path,
      tag,
      operations: [
        { verb: 'query', summary: `Query: ${noun}`, parameters, ...answer },
        { verb: 'create', summary: `Create ${a(noun)}`, isBodyRequired: true, ...shapes },
        ...collectionActions,
      ],
    },
    {
      path: `${path}/{id}`,
      tag,
      operations: [
        { verb: 'read', summary: `Read ${a(noun)}`, ...answer },
        { verb: 'update', summary: `Create or replace ${a(noun)}`, isBodyRequired: true, ...shapes },
        ...(canPatch ? [patch] : []),
        { verb: 'delete', summary: `Delete ${a(noun)}`, ...answer },
        ...itemActions,
      ],
    },
  ];
}

function a(noun: string): string {
  return /^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`;
}
