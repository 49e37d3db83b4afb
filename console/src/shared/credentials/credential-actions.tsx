import { ActionIcon, Button, Group, Menu } from '@mantine/core'
import { useMay } from '../../api/me.ts'
import { credentials as t } from '../../texts/credentials.ts'
import { useDialog } from '../dialog.ts'
import { Icon } from '../icon.tsx'
import { textOf } from './queries.ts'

interface Props {
  readonly credential: {
    readonly id: string
    readonly client_id?: string | undefined
    readonly kind?: string | undefined
    readonly label?: string | undefined
    readonly status: string
    readonly replaces?: string | undefined
  }
  readonly owner: string | undefined
}

/** The acts that a person may do to a credential. The one that is due has a button of its own. */
export function CredentialActions({ credential, owner }: Props) {
  const may = useMay()
  const [rotate, cancel, label, revoke, remove] = [
    useDialog('rotate'),
    useDialog('cancel'),
    useDialog('label'),
    useDialog('revoke'),
    useDialog('remove'),
  ]
  const { id, client_id: client = '', kind, status, replaces } = credential
  const about = textOf({ client, id })
  const over = { owner }
  const isValid = ['active', 'replaced', 'safe to delete'].includes(status)
  const mayEnd = may('credentials:delete', over)
  const acts = [
    may('credentials:rotate', over) && kind === 'secret' && status === 'active' && ([t.rotate, rotate] as const),
    may('credentials:rotate', over) && isValid && replaces !== undefined && ([t.cancel, cancel] as const),
    may('credentials:write', over) && status !== 'unreadable' && ([t.relabel, label] as const),
    mayEnd && isValid && ([t.revoke, revoke] as const),
    mayEnd && ([t.remove, remove] as const),
  ].filter((act) => act !== false)
  if (acts.length === 0) return null
  return (
    <Group gap="xs" justify="flex-end" wrap="nowrap">
      {status === 'safe to delete' && mayEnd && (
        <Button size="compact-xs" variant="default" onClick={() => remove.open(about)}>
          {t.remove}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={t.actions(credential.label || id)}>
            <Icon name="more" />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {acts.map(([text, dialog]) => (
            <Menu.Item key={text} onClick={() => dialog.open(about)}>
              {text}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}
