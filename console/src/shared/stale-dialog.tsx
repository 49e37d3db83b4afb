import { Button, Group, Modal, Stack, Table } from '@mantine/core'
import type { Problem } from '../api/problem.ts'
import { stale } from '../texts/stale.ts'

interface Props {
  /** The 412, with the present state; undefined if nothing is stale. */
  readonly problem: Pick<Problem, 'present' | 'etag'> | undefined
  /** The fields that this person changed. */
  readonly mine: Readonly<Record<string, unknown>>
  /** The state from which this person began. */
  readonly base: Readonly<Record<string, unknown>>
  /** Drops the changes of this person. */
  readonly onTakeTheirs: () => void
  /** Makes the changes again on the present state. @param etag that of the present state */
  readonly onKeepMine: (etag: string) => void
  readonly onClose: () => void
}

/** Shows what somebody else changed meanwhile beside the own changes, and lets the person decide. */
export function StaleDialog({ problem, mine, base, onTakeTheirs, onKeepMine, onClose }: Props) {
  const present = Object(problem?.present) as Readonly<Record<string, unknown>>
  const names = [...new Set([...Object.keys(present), ...Object.keys(mine)])]
  const changed = names.filter((name) => name in mine || !isSame(present[name], base[name]))
  return (
    <Modal opened={problem !== undefined} onClose={onClose} title={stale.title} size="xl">
      <Stack>
        <p style={{ margin: 0 }}>{stale.lead}</p>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{stale.field}</Table.Th>
              <Table.Th>{stale.theirs}</Table.Th>
              <Table.Th>{stale.mine}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {changed.map((name) => (
              <Table.Tr key={name}>
                <Table.Th scope="row">{name}</Table.Th>
                <Table.Td>{isSame(present[name], base[name]) ? stale.unchanged : shown(present[name])}</Table.Td>
                <Table.Td>{name in mine ? shown(mine[name]) : stale.unchanged}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Group justify="flex-end">
          <Button variant="default" onClick={onTakeTheirs}>
            {stale.takeTheirs}
          </Button>
          <Button onClick={() => onKeepMine(problem?.etag ?? '')}>{stale.keepMine}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

function shown(value: unknown): string {
  if (value === undefined || value === null) return stale.nothing
  return typeof value === 'string' ? value : JSON.stringify(value)
}
