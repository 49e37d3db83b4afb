import type { Answer } from '../../api/types.ts'
import { apis as t } from '../../texts/apis.ts'

const SHOWN = 10

/** The clients that refer to an API. */
export const Referring = ({ of }: { readonly of: Answer<'apis.effect'>['clients'] | undefined }) =>
  of === undefined ? null : of.count === 0 ? (
    <p style={{ margin: 0 }}>{t.noneRefer}</p>
  ) : (
    <p style={{ margin: 0 }}>
      {t.losing}: {of.count.toLocaleString('en')}
      {of.is_more && ` ${t.moreClients}`} ({of.some.slice(0, SHOWN).join(', ')})
    </p>
  )
