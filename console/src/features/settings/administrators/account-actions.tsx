import { ActionIcon, Menu } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useDialog } from '../../../shared/dialog.ts'
import { described } from '../../../shared/failure.tsx'
import { Icon } from '../../../shared/icon.tsx'
import { say } from '../../../shared/toast.ts'
import { administrators as t } from '../../../texts/administrators.ts'
import { accountQuery } from '../queries.ts'
import { switchAccount } from './calls.ts'
import type { Account } from './roles.ts'

interface Props {
  readonly account: Account
  /** Nobody else could sign in as an admin. */
  readonly isLast: boolean
}

/** The acts on one account. Those that would lock everybody out say why they are not offered. */
export function AccountActions({ account: { name, enabled }, isLast }: Props) {
  const change = useDialog('change')
  const reset = useDialog('reset')
  const disable = useDialog('disable')
  const remove = useDialog('remove')
  return (
    <Menu position="bottom-end" width={isLast ? 260 : 'auto'}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t.actions(name)}>
          <Icon name="more" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change.open(name)}>{t.change}</Menu.Item>
        <Menu.Item onClick={() => reset.open(name)}>{t.reset}</Menu.Item>
        <Menu.Divider />
        {isLast && <Menu.Label>{t.lastAdmin}</Menu.Label>}
        {enabled ? (
          <Menu.Item disabled={isLast} onClick={() => disable.open(name)}>
            {t.disable}
          </Menu.Item>
        ) : (
          <EnableItem name={name} />
        )}
        <Menu.Item color="brick" disabled={isLast} onClick={() => remove.open(name)}>
          {t.remove}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function EnableItem({ name }: { readonly name: string }) {
  const { data } = useQuery(accountQuery(name))
  const enable = useMutation({
    mutationFn: (etag: string) => switchAccount(name, true, etag),
    onSuccess: () => say(t.isEnabled(name)),
    onError: (error) => say(described(error).detail, 'bad'),
  })
  return (
    <Menu.Item disabled={data === undefined} onClick={() => data && enable.mutate(data.etag)}>
      {t.enable}
    </Menu.Item>
  )
}
