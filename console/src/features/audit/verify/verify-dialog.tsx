import { Alert, Button, Group, Modal, Stack, Table, TextInput } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Answer } from '../../../api/types.ts'
import { Facts } from '../../../shared/facts.tsx'
import { Failure } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { Instant } from '../../../shared/instant.tsx'
import { audit as t } from '../../../texts/audit.ts'
import classes from '../event/event.module.css'
import { verify } from '../queries.ts'

type Verification = Answer<'audit.verify'>

/** Verifies the chains and checkpoints, and shows what was verified. */
export function VerifyDialog({ onClose }: { readonly onClose: () => void }) {
  const [key, setKey] = useState('')
  const { mutate, data, error, isPending } = useMutation({ mutationFn: () => verify(key.trim()) })
  return (
    <Modal opened onClose={onClose} title={t.verifyTitle} size="lg">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mutate()
        }}
      >
        <Stack>
          <p style={{ margin: 0 }}>{t.verifyLead}</p>
          <TextInput
            label={t.verifyKey}
            description={t.verifyKeyHint}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            spellCheck={false}
            autoComplete="off"
          />
          <div role="status">
            {isPending && t.verifying}
            {data !== undefined && !isPending && <Result result={data} />}
          </div>
          {error !== null && <Failure error={error} />}
          <Group justify="flex-end">
            <Button type="submit" loading={isPending} data-autofocus>
              {data === undefined ? t.verifyNow : t.verifyAgain}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

const numbers = ['events', 'chains', 'checkpoints', 'uncovered', 'removed', 'unchained'] as const
const count = new Intl.NumberFormat('en')

function Result({ result }: { readonly result: Verification }) {
  const { fault_count: faults } = result
  return (
    <Stack>
      {faults === 0 ? (
        <Alert color="tile" icon={<Icon name="check" />} title={t.intact}>
          {t.intactLead}
        </Alert>
      ) : (
        <Alert color="brick" icon={<Icon name="warn" />} title={t.faulty(faults)}>
          {t.faultyLead}
        </Alert>
      )}
      {faults > 0 && <Faults result={result} />}
      <Facts
        facts={[
          ...numbers.map((name) => [t.verified[name], count.format(result[name])] as const),
          [t.verified.last_checkpoint, <Instant key="last" at={result.last_checkpoint} />],
          [
            t.verified.keys,
            result.keys.map((key) => (
              <code key={key} style={{ display: 'block' }}>
                {key}
              </code>
            )),
          ],
        ]}
      />
    </Stack>
  )
}

const MOST_FAULTS = 100

function Faults({ result: { faults, fault_count: all } }: { readonly result: Verification }) {
  const shown = faults.slice(0, MOST_FAULTS)
  return (
    <>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t.place}</Table.Th>
            <Table.Th>{t.fault}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map(({ problem, chain, place = 0, seq, at }) => (
            <Table.Tr key={`${chain} ${place} ${seq} ${problem}`}>
              <Table.Td>
                {chain !== undefined && t.placeOf(chain, place)}
                {seq !== undefined && <div>{t.eventNumber(seq)}</div>}
                {at !== undefined && <Instant at={new Date(at).toISOString()} />}
              </Table.Td>
              <Table.Td>{problem}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {all > shown.length && <p className={classes['quiet']}>{t.moreFaults(all - shown.length)}</p>}
    </>
  )
}
