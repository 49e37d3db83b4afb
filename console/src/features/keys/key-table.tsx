import { ActionIcon, Menu, Table } from '@mantine/core'
import { useMay } from '../../api/me.ts'
import { Copy } from '../../shared/copy.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Icon } from '../../shared/icon.tsx'
import { Instant } from '../../shared/instant.tsx'
import { type Key, KeyState } from '../../shared/keys.tsx'
import { Sheet } from '../../shared/page.tsx'
import { keys as t } from '../../texts/keys.ts'
import classes from './keys.module.css'
import { isSealing } from './queries.ts'

/** The keys with their dates. */
export function KeyTable({ keys }: { readonly keys: readonly Key[] }) {
  return (
    <Sheet flush>
      <Table.ScrollContainer minWidth={720}>
        <Table aria-label={t.title} verticalSpacing="xs" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              {[t.key, t.state, t.created, t.signs, t.ends, t.fetched].map((title) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
              <Table.Td />
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {keys.map((key) => (
              <Row key={key.kid} item={key} canRollBack={keys.some((one) => isBefore(one, key))} />
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Sheet>
  )
}

/** Whether a key could sign again instead of another one. */
const isBefore = (key: Key, active: Key): boolean =>
  active.state === 'active' && key.state === 'retiring' && key.algorithm === active.algorithm

function Row({ item, canRollBack }: { readonly item: Key; readonly canRollBack: boolean }) {
  const { kid, algorithm, fetched_by: fetched = [], not_fetched_by: not = [] } = item
  return (
    <Table.Tr>
      <Table.Td>
        <span className={classes['kid']}>
          <code>{kid.slice(0, 12)}…</code> <Copy value={kid} of={t.key.toLowerCase()} />
        </span>
        <span className={classes['quiet']}>{item.unreadable ?? algorithm}</span>
      </Table.Td>
      <Table.Td>
        <KeyState item={item} />
      </Table.Td>
      <Table.Td>
        <Instant at={item.created_at} />
      </Table.Td>
      <Table.Td>
        <Instant at={item.active_at} />
      </Table.Td>
      <Table.Td>
        <Instant at={item.gone_at} never={t.open} />
      </Table.Td>
      <Table.Td>
        {isSealing(item)
          ? t.sealing
          : fetched.length + not.length === 0
            ? t.noConsumer
            : t.fetchedCount(fetched.length, fetched.length + not.length)}
      </Table.Td>
      <Table.Td>
        <Actions item={item} canRollBack={canRollBack} />
      </Table.Td>
    </Table.Tr>
  )
}

function Actions({ item: { kid, algorithm = '', state }, canRollBack }: Parameters<typeof Row>[0]) {
  const may = useMay()
  const revoke = useDialog('revoke')
  const rollBack = useDialog('roll-back')
  if (!may('keys:write') || state === 'revoked') return null
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t.actions(kid)}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {canRollBack && <Menu.Item onClick={() => rollBack.open(algorithm)}>{t.rollBack}</Menu.Item>}
        <Menu.Item color="brick" onClick={() => revoke.open(kid)}>
          {t.revoke}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
