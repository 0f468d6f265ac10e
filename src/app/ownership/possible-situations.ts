import type { Situation } from '../../model/situation.ts';
import type { MappingConfig } from '../../mapping/mapping-config.ts';
import { hasValidity } from './mapping-actions.ts';

/** What the situations of a mapping depend on. */
interface MappingTraits {
  readonly links: boolean;
  readonly correlation: boolean;
  readonly validity: boolean;
  readonly validTarget: boolean;
}

/** Why a situation cannot occur, and what would make it possible; null: it can. */
type Impossible = (traits: MappingTraits) => { readonly because: string; readonly hint: string } | null;

const NO_LINKS = {
  because: 'the mapping has "enableLinking": false, so that nothing is ever linked',
  hint: 'Remove "enableLinking", or the policy.',
};
const NO_CORRELATION = {
  because: 'the mapping has no "correlationQuery", so that no target is ever found for an object without a link',
  hint: 'Add a "correlationQuery", or remove the policy.',
};
const NO_VALIDITY = {
  because: 'the mapping has neither "validSource" nor "sourceCondition", so that every source object takes part',
  hint: 'Say with "validSource" or "sourceCondition" which objects take part, or remove the policy.',
};
const NO_VALID_TARGET = {
  because: 'the mapping has no "validTarget", so that no target object is ever set aside',
  hint: 'Say with "validTarget" which target objects count, or remove the policy.',
};
const NOTHING_TO_HOLD = {
  because: 'the mapping has neither links nor a "correlationQuery", so that an invalid source object has no target',
  hint: 'Add a "correlationQuery", or remove the policy.',
};

const always: Impossible = () => null;
const needsLinks: Impossible = ({ links }) => (links ? null : NO_LINKS);
const needsCorrelation: Impossible = ({ correlation }) => (correlation ? null : NO_CORRELATION);

/** Total: specification §4.2 to §4.4, read backwards. */
const IMPOSSIBLE: Readonly<Record<Situation, Impossible>> = {
  CONFIRMED: needsLinks,
  MISSING: needsLinks,
  FOUND: needsCorrelation,
  FOUND_ALREADY_LINKED: (traits) => needsCorrelation(traits) ?? needsLinks(traits),
  AMBIGUOUS: needsCorrelation,
  ABSENT: always,
  UNQUALIFIED: ({ validity, links, correlation }) =>
    !validity ? NO_VALIDITY : links || correlation ? null : NOTHING_TO_HOLD,
  SOURCE_IGNORED: ({ validity }) => (validity ? null : NO_VALIDITY),
  TARGET_IGNORED: ({ validTarget, validity, correlation }) =>
    validTarget || (validity && correlation) ? null : NO_VALID_TARGET,
  LINK_ONLY: needsLinks,
  ALL_GONE: always,
  UNASSIGNED: always,
  SOURCE_MISSING: needsLinks,
};

export function whyImpossible(mapping: MappingConfig, situation: Situation): ReturnType<Impossible> {
  return IMPOSSIBLE[situation]({
    links: mapping.enableLinking,
    correlation: mapping.correlation.length > 0,
    validity: hasValidity(mapping),
    validTarget: mapping.scripts.validTarget !== undefined,
  });
}
