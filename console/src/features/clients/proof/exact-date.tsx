import { exactDate } from '../../../shared/format.ts'
import { useNow } from '../../../shared/now.ts'
import { proof as t } from '../../../texts/proof.ts'

const DAY_MS = 86_400_000

/** The date at which something that begins now ends. @param days undefined for never */
export function ExactDate({ days }: { readonly days: number | undefined }) {
  const now = useNow()
  if (days === undefined) return t.neverEnds
  return t.ends(exactDate(now + days * DAY_MS))
}
