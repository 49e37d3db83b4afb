import { formatHash, SCRYPT_COST, scryptDigest } from '../../src/model/credentials/secret-hash.ts'

const parameters = { ...SCRYPT_COST, salt: Buffer.from('some salt') }
const dataOf = async (secret: string) =>
  JSON.stringify({ hash: formatHash({ kind: 'scrypt', parameters, digest: await scryptDigest(secret, parameters) }) })
const credential = async (id: string, client: string, secret: string) =>
  `('${id}', '${client}', 'secret', '${id}', '', '${await dataOf(secret)}', 'manifest', 1)`

/**
 * A database from before migration 0008: a disabled and an enabled client, and the sample of `tessera dev` among other
 * credentials.
 */
export const BEFORE_0008 = `
  insert into client (client_id, tags, enabled, grant_types, scopes, default_scopes, token, created_at, updated_at)
  values ('off', '[]', 0, '[]', '[]', '[]', '{}', 1, 1700000000000), ('on', '[]', 1, '[]', '[]', '[]', '{}', 1, 2),
    ('cc_client', '[]', 1, '[]', '[]', '[]', '{}', 1, 2);
  insert into credential (id, client_id, kind, label, hint, data, origin, created_at) values
    ${await credential('sample', 'cc_client', '2Federate')},
    ${await credential('own', 'cc_client', 'changed by hand')},
    ${await credential('other', 'on', '2Federate')},
    ('generated', 'cc_client', 'secret', 'generated', '', '{"hash":"$sha256$${'A'.repeat(43)}"}', 'manifest', 1);
`
