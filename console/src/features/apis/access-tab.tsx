import { Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Empty } from '../../shared/empty.tsx'
import { Failure } from '../../shared/failure.tsx'
import { apis as t } from '../../texts/apis.ts'
import classes from './apis.module.css'
import { apiEffectQuery, apiUsageQuery } from './queries.ts'
import { Referring } from './referring.tsx'

/** The clients of an API, with their use of it. */
export function AccessTab({ audience }: { readonly audience: string }) {
  const { data, error, refetch } = useQuery(apiUsageQuery(audience))
  const effect = useQuery(apiEffectQuery(audience))
  if (error !== null) return <Failure error={error} onRetry={() => void refetch()} />
  return (
    <>
      <Referring of={effect.data?.clients} />
      {data?.items.length === 0 ? (
        <Empty title={t.noUse}>{t.noUseLead}</Empty>
      ) : (
        <div className={classes['scroll']}>
          <p className={classes['dimmed']}>{t.accessLead}</p>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.client}</Table.Th>
                <Table.Th ta="right">{t.issued}</Table.Th>
                <Table.Th ta="right">{t.refused}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody className="tabular">
              {data?.items.map((row) => (
                <Table.Tr key={row.key}>
                  <Table.Td>
                    <Link to="/clients/$clientId" params={{ clientId: row.key }}>
                      {row.key}
                    </Link>
                  </Table.Td>
                  <Table.Td ta="right">{row.issued.toLocaleString('en')}</Table.Td>
                  <Table.Td ta="right">{row.refused.toLocaleString('en')}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </>
  )
}
