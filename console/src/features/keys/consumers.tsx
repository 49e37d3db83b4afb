import { Table } from '@mantine/core'
import { Empty } from '../../shared/empty.tsx'
import { Instant } from '../../shared/instant.tsx'
import type { Key } from '../../shared/keys.tsx'
import { Sheet } from '../../shared/page.tsx'
import { Status } from '../../shared/status.tsx'
import { keys as t } from '../../texts/keys.ts'
import classes from './keys.module.css'
import { type Consumer, isSealing } from './queries.ts'

const idOf = ({ address, user_agent: agent }: Consumer): string => `${address} ${agent}`

/** The consumers that have fetched the key set, and the published keys that each lacks. */
export function Consumers({ keys }: { readonly keys: readonly Key[] }) {
  const published = keys.filter((key) => !isSealing(key) && (key.state === 'pending' || key.state === 'active'))
  const all = published.flatMap(({ fetched_by: has = [], not_fetched_by: lacks = [] }) => [...has, ...lacks])
  const consumers = [...new Map(all.map((one) => [idOf(one), one])).values()]
  return (
    <Sheet flush={consumers.length > 0}>
      {consumers.length === 0 ? (
        <Empty title={t.nobody}>{t.nobodyLead}</Empty>
      ) : (
        <Table.ScrollContainer minWidth={560}>
          <Table aria-label={t.consumersTitle} verticalSpacing="xs" horizontalSpacing="md">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t.consumer}</Table.Th>
                <Table.Th>{t.lastSeen}</Table.Th>
                <Table.Th>{t.fetches}</Table.Th>
                <Table.Th>{t.lacks}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {consumers.map((one) => (
                <Table.Tr key={idOf(one)}>
                  <Table.Td>
                    {one.address}
                    <div className={classes['quiet']}>{one.user_agent}</div>
                  </Table.Td>
                  <Table.Td>
                    <Instant at={one.last_seen} />
                  </Table.Td>
                  <Table.Td className="tabular">{one.fetches}</Table.Td>
                  <Table.Td>
                    <Lacked
                      keys={published.filter((key) => key.not_fetched_by?.some((it) => idOf(it) === idOf(one)))}
                    />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Sheet>
  )
}

const Lacked = ({ keys }: { readonly keys: readonly Key[] }) =>
  keys.length === 0 ? (
    <Status kind="good">{t.lacksNothing}</Status>
  ) : (
    <Status kind="warn">{keys.map(({ kid, algorithm }) => `${algorithm} ${kid.slice(0, 8)}`).join(', ')}</Status>
  )
