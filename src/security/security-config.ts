import { z } from 'zod';

/**
 * The parts `security` and `access` of `conf/lockstep.json`. Nothing in them is secret: passwords and tokens are kept,
 * hashed, in the repository.
 */

/** As `known` of the configuration loader: an unknown key is an issue whose message lists the known ones in JSON. */
function known<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  const keys = JSON.stringify(Object.keys(shape));
  return z.strictObject(shape, { error: (issue) => (issue.code === 'unrecognized_keys' ? keys : undefined) });
}

const name = z.string().min(1);
const minutes = (most: number, usual: number) => z.int().min(1).max(most).default(usual);

// Only public-key signatures: a shared secret would let everyone who can check a token make one.
const RSA = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const;
const TOKEN_ALGORITHMS = [...RSA, 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;

const publicKey = z
  .record(z.string(), z.unknown())
  .refine((key) => typeof key['kty'] === 'string' && key['kty'] !== 'oct' && !Object.hasOwn(key, 'd'), {
    error: 'is not a public key (a JSON Web Key of type RSA, EC or OKP without "d")',
  });

const issuerSchema = known({
  name: z
    .string()
    .regex(/^(?!token$)[\w.-]{1,100}$/, { error: 'is not a name of letters, digits, - _ . other than "token"' })
    .describe('What audit entries call it: a user is "<name>:<subject>".'),
  issuer: name.describe('The claim "iss", exactly.'),
  audience: z.union([name, z.array(name).min(1)]).describe('The claim "aud" contains it, or one of them.'),
  jwksUri: z
    .string()
    .refine(isKeyAddress, { error: 'is not an https address (http is accepted for this host only)' })
    .optional()
    .describe('Where its public keys are: an https address.'),
  keys: z.array(publicKey).min(1).optional().describe('Its public keys themselves, as JSON Web Keys.'),
  algorithms: z
    .array(z.enum(TOKEN_ALGORITHMS, { error: `is not one of ${TOKEN_ALGORITHMS.join(', ')}` }))
    .min(1)
    .default(['RS256', 'ES256'])
    .describe('Signature algorithms that are accepted. Default RS256 and ES256.'),
  clockToleranceSeconds: z.int().min(0).max(300).default(5).describe('How far clocks may differ. Default 5.'),
  subjectClaim: name.default('sub').describe('The claim that names the user. Default sub.'),
  rolesClaim: z
    .string()
    .default('roles')
    .describe('JSON pointer of the claim with the roles: a list, or a text with blanks between. Default roles.'),
  roles: z
    .record(z.string(), z.array(name))
    .optional()
    .describe('Roles here by role there; a role that is not listed gives nothing. Without this, names are the same.'),
  defaultRoles: z.array(name).default([]).describe('Roles that every user of this issuer has.'),
}).refine((one) => (one.jwksUri === undefined) !== (one.keys === undefined), {
  error: 'needs either "jwksUri" or "keys"',
});

const managedUsersSchema = known({
  enabled: z.boolean().default(false).describe('Whether managed users may log in. Default false.'),
  collection: z
    .string()
    .regex(/^managed\/[^/]+$/)
    .default('managed/user'),
  nameProperty: name.default('userName'),
  passwordProperty: name.default('password').describe('Hashed, encrypted or plain.'),
  statusProperty: name.default('accountStatus').describe('The value "inactive" there refuses the user.'),
  roles: z.array(name).default(['openidm-authorized']).describe('What every managed user may be.'),
  rolesProperty: name
    .nullable()
    .default(null)
    .describe('Where further roles of the user are. Nobody but administrators should be able to write it.'),
  grantableRoles: z
    .array(name)
    .default(['openidm-authorized'])
    .describe('Only these roles are taken from rolesProperty. Default openidm-authorized.'),
});

export const securitySchema = known({
  session: known({
    idleMinutes: minutes(1440, 30).describe('A session ends after so long without a request. Default 30.'),
    lifeMinutes: minutes(10_080, 120).describe('A session ends so long after the log-in. Default 120.'),
  }).prefault({}),
  anonymous: z
    .boolean()
    .default(true)
    .describe('Whether anonymous/anonymous is known, with the role openidm-reg. Default true.'),
  managedUsers: managedUsersSchema.prefault({}),
  oidc: z.array(issuerSchema).max(20).default([]).describe('Who else may issue bearer tokens.'),
})
  .prefault({})
  .describe('Who may log in, and how.');

const METHODS = ['create', 'read', 'update', 'delete', 'patch', 'action', 'query', '*'] as const;

const ruleSchema = known({
  pattern: z
    .string()
    .describe('A path; "/*" at its end stands for everything below, "*" for everything, "{self}" for the own id.'),
  roles: z.array(name).min(1).describe('Any of them; "*": everyone who is logged in.'),
  methods: z.array(z.enum(METHODS, { error: `is not one of ${METHODS.join(', ')}` })).min(1),
  actions: z.array(name).default([]).describe('Actions that are allowed, if action is among the methods; "*": all.'),
  exclude: z.array(name).default([]).describe('Patterns that the rule is not about.'),
  fields: z
    .union([z.enum(['*', 'userEditable']), z.array(name)])
    .default('*')
    .describe('What patch and update may change: "*", "userEditable" (as in managed.json), or names of properties.'),
  commands: z.array(name).optional().describe('Values of commandId that are allowed for the action "command".'),
});

export const accessSchema = known({
  useDefaults: z.boolean().default(true).describe('false: only the rules given here allow anything. Default true.'),
  rules: z.array(ruleSchema).max(1000).default([]).describe('What is allowed besides. Nothing else is.'),
})
  .prefault({})
  .describe('Who may do what over the network.');

export type SecurityConfig = z.output<typeof securitySchema>;
export type OidcIssuer = z.output<typeof issuerSchema>;
export type AccessConfig = z.output<typeof accessSchema>;
export type AccessRule = z.output<typeof ruleSchema>;

export const DEFAULT_SECURITY: SecurityConfig = securitySchema.parse({});
export const DEFAULT_ACCESS: AccessConfig = accessSchema.parse({});

function isKeyAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  if (username !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname));
}
