import type { UserError } from '../../platform/user-error.ts'
import { withAdminApi } from '../authority/all-apis.ts'
import { CredentialError, requireUsable } from '../credentials/make.ts'
import { proofOf } from '../credentials/proof.ts'
import { toApi } from '../schemas/api.ts'
import { findDangling, findRespelled, findUnknownMembers, firstOf, refuseAll, warnings } from './check.ts'
import type { ParsedManifest } from './reading/parse.ts'

/** The findings about a manifest alone. */
interface Validity {
  /** The first references to things that are not in the manifest. A database may have them. */
  readonly outside: readonly string[]
  /** Likely mistakes. */
  readonly warnings: readonly string[]
}

/** Checks a manifest without a database. @throws Mistakes about everything that no database could mend */
export function checkManifest(parsed: ParsedManifest): Validity {
  const apis = withAdminApi(
    parsed.manifest.apis.map((api) => ({ ...toApi(api), manifest: api.manifest })),
    [],
  )
  refuseAll(findRespelled(parsed, withAdminApi([], [])), findUnknownMembers(parsed), findUnusable(parsed))
  const dangling = firstOf(findDangling(parsed, () => apis))
  return { outside: dangling.map(({ message }) => message), warnings: warnings(parsed) }
}

/** Finds secrets, keys, certificates and trusts that no client could use. */
function* findUnusable({ manifest, errorAt }: ParsedManifest): Generator<UserError> {
  for (const [index, { credentials }] of manifest.clients.entries()) {
    for (const [at, credential] of credentials.entries()) {
      try {
        requireUsable(proofOf(credential, credential.secret))
      } catch (error) {
        if (!(error instanceof CredentialError)) throw error
        const field = error.field === undefined ? [] : [error.field]
        yield errorAt(['clients', index, 'credentials', at, ...field], error.message)
      }
    }
  }
}
