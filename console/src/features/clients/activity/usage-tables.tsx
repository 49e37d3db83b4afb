import { Table } from '@mantine/core'
import type { Entry } from '../../../api/types.ts'
import { formatCount } from '../../../shared/chart-values.ts'
import { Instant } from '../../../shared/instant.tsx'
import { Sheet } from '../../../shared/page.tsx'
import { clientActivity as t } from '../../../texts/client-activity.ts'
import { clientDetail } from '../../../texts/client-detail.ts'
import classes from './activity.module.css'

interface Row {
  readonly key: string
  readonly cells: readonly React.ReactNode[]
}

interface FiguresProps {
  readonly label: string
  readonly heads: readonly string[]
  readonly rows: readonly Row[]
  readonly empty: string
}

function Figures({ label, heads, rows, empty }: FiguresProps) {
  if (rows.length === 0) return <p className={classes['none']}>{empty}</p>
  return (
    <Sheet flush>
      <Table aria-label={label} horizontalSpacing="md" className={classes['figures']}>
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head}>{head}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(({ key, cells }) => (
            <Table.Tr key={key}>
              {cells.map((cell, index) => (
                <Table.Td key={heads[index]}>{cell}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Sheet>
  )
}

/** The usage of each credential, with its share of the client's tokens. */
export const UsageByCredential = ({ items }: { readonly items: readonly Entry<'usage.credentials'>[] }) => (
  <Figures
    label={t.byCredential}
    heads={[clientDetail.label, t.issued, t.refused, t.share, t.lastToken]}
    empty={t.noCredentialUse}
    rows={items.map(({ credential, label, issued, refused, share, last_issued: last }) => ({
      key: credential,
      cells: [
        label,
        formatCount(issued),
        formatCount(refused),
        share === undefined ? '–' : `${Math.round(share * 100)} %`,
        <Instant key="last" at={last} />,
      ],
    }))}
  />
)

/** The usage at each API. */
export const UsageByApi = ({ items }: { readonly items: readonly Entry<'usage.list'>[] }) => (
  <Figures
    label={t.byApi}
    heads={[t.api, t.issued, t.refused]}
    empty={t.noApiUse}
    rows={items.map(({ key, issued, refused }) => ({
      key,
      cells: [key === '' ? t.noApi : key, formatCount(issued), formatCount(refused)],
    }))}
  />
)
