import { Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Failure } from '../../shared/failure.tsx'
import { Section } from '../../shared/page.tsx'
import { apis as t } from '../../texts/apis.ts'
import classes from './apis.module.css'
import { apiUsageQuery } from './queries.ts'

/** The clients that asked for tokens of an API lately. */
export function ApiUsage({ audience }: { readonly audience: string }) {
  const { data, error, refetch } = useQuery(apiUsageQuery(audience))
  return (
    <Section title={t.usage} lead={data?.items.length === 0 ? t.noUse : t.accessLead}>
      {error !== null && <Failure error={error} onRetry={() => void refetch()} />}
      {data !== undefined && data.items.length > 0 && (
        <div className={classes['scroll']}>
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.client}</Table.Th>
                <Table.Th ta="right">{t.issued}</Table.Th>
                <Table.Th ta="right">{t.refused}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody className="tabular">
              {data.items.map((row) => (
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
    </Section>
  )
}
