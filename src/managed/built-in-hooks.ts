const DEFAULT_FIELDS = `
  if (object.accountStatus === undefined || object.accountStatus === null) object.accountStatus = 'active';`;

/**
 * What stands in for scripts that OpenIDM ships and that configurations name (specification §9.5). Of the others nothing is left
 * to do without workflows, notifications and roles.
 */
export const BUILT_IN_HOOKS: Readonly<Record<string, string>> = {
  'ui/onCreateUser.js': DEFAULT_FIELDS,
  'ui/onCreate-user-set-default-fields.js': `${DEFAULT_FIELDS}
  if (object.roles === undefined || object.roles === null) object.roles = 'openidm-authorized';`,
};
