import { z } from 'zod'
import type { AuditTrail } from '../../audit/store.ts'

/** The part of a `manifest.apply` event that says that a server has applied its files. */
const servedDetail = z.looseObject({
  served: z.strictObject({ manifests: z.array(z.string()), digest: z.string() }),
})

/** The facts of a file set that a server applies, for the event. */
export const servedFacts = (manifests: Iterable<string>, digest: string): z.output<typeof servedDetail> => ({
  served: { manifests: [...manifests], digest },
})

/** The last application of its files by any server. */
export interface LastServed {
  /** Its place in the audit log. */
  readonly seq: number
  readonly digest: string
}

const PAGE = 20
const MOST_PAGES = 20

/** Finds the last application of these manifests by a server, among the latest ones; undefined if there is none. */
export async function lastServed(
  audit: Pick<AuditTrail, 'queryEvents'>,
  manifests: ReadonlySet<string>,
): Promise<LastServed | undefined> {
  let from: { readonly before: number } | undefined
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { events, older } = await audit.queryEvents({ types: ['manifest.apply'], limit: PAGE, ...(from && { from }) })
    for (const { seq, detail } of events) {
      const served = servedDetail.safeParse(detail).data?.served
      if (served?.manifests.some((name) => manifests.has(name))) return { seq, digest: served.digest }
    }
    if (older === undefined) return undefined
    from = older
  }
  return undefined
}
