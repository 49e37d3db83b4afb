import { withAdminApi } from '../authority/all-apis.ts'
import { toApi } from '../schemas/api.ts'
import { findDangling, findRespelled, findUnknownMembers, refuseAll, warnings } from './check.ts'
import type { ParsedManifest } from './reading/parse.ts'

/** The findings about a manifest alone. */
interface Validity {
  /** References to things that are not in the manifest. A database may have them. */
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
  refuseAll([...findRespelled(parsed, withAdminApi([], [])), ...findUnknownMembers(parsed)])
  const dangling = [...findDangling(parsed, () => apis)]
  return { outside: dangling.map(({ message }) => message), warnings: warnings(parsed) }
}
