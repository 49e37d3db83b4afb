import { generateSecret } from '../../src/model/credentials/generate-secret.ts'
import { systemRandom } from '../../src/platform/random.ts'

/** A secret of the generated form. Tests that aren't about slow hashes use it to avoid them. */
export const newSecret = (): string => generateSecret(systemRandom)

/** The secret of every client of the model below. Tests about secrets set their own. */
export const SECRET = newSecret()

/** A manifest line for one API with one scope, which is all that most tests need. */
export const oneApi = (scope: string): string =>
  `apis: [{ audience: "https://api.example.com", scopes: [{ name: ${scope} }] }]`

const credentials = `credentials: [{ secret: ${SECRET} }]`

/**
 * Two APIs that share the scope `read`, and clients that each differ in one thing:
 * - `reporter` has one API; `auditor` has defaults there; `brief` has its own lifetime
 * - `batch` has scopes at both APIs; `reader` has only the shared scope
 * - `disabled`, `expired`, and `powerless`, which has no scope
 */
export const MODEL = `
apis:
  - audience: https://api.example.com
    scopes: [{ name: edit }, { name: read }, { name: delete }]
  - audience: https://vault.example.com
    token: { lifetime: 3600 }
    scopes: [{ name: read }, { name: "vault:open" }]
clients:
  - { client_id: reporter, scopes: [edit, delete], subject: svc-reporter@example.com, ${credentials} }
  - { client_id: auditor, scopes: [edit, delete], default_scopes: [edit], ${credentials} }
  - { client_id: brief, scopes: [edit], token: { lifetime: 60 }, ${credentials} }
  - { client_id: batch, scopes: [edit, read, "vault:open"], ${credentials} }
  - { client_id: reader, scopes: [read], ${credentials} }
  - { client_id: disabled, enabled: false, scopes: [edit], ${credentials} }
  - { client_id: expired, scopes: [edit], credentials: [{ secret: ${SECRET}, expires: 2020-01-01T00:00:00Z }] }
  - { client_id: grantless, grant_types: [], scopes: [edit], ${credentials} }
  - { client_id: powerless, ${credentials} }
`
