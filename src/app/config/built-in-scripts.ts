/** Scripts that OpenIDM ships in `bin/defaults/script` and configurations refer to (specification §9.5). */
const NAMES: ReadonlySet<string> = new Set([
  'compensate.js',
  'linkedView.js',
  'policy.js',
  'policyFilter.js',
  'router-authz.js',
  'crypto.js',
  'ui/correlateTreeToQueryFilter.js',
  'ui/onCreateUser.js',
  'ui/onUpdateUser.js',
  'ui/onCreate-user-set-default-fields.js',
  'ui/onDelete-user-cleanup.js',
  'ui/mappingDetails.js',
  'ui/reconResults.js',
  'ui/resetPassword.js',
  'ui/oauthProxy.js',
  'ui/bindBehavior.js',
  'ui/preferenceCheck.js',
]);

const FOLDERS = ['ui/notification/', 'roles/', 'auth/', 'audit/', 'workflow/', 'info/'];

export function isBuiltInScript(name: string): boolean {
  return NAMES.has(name) || (FOLDERS.some((folder) => name.startsWith(folder)) && !name.includes('..'));
}
