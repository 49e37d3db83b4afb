import { Button, Group, Stack, Table, VisuallyHidden } from '@mantine/core'
import type { Tagged } from '../../api/client.ts'
import { useDialog } from '../../shared/dialog.ts'
import { Empty } from '../../shared/empty.tsx'
import { Icon } from '../../shared/icon.tsx'
import { apis as t } from '../../texts/apis.ts'
import classes from './apis.module.css'
import type { Api } from './queries.ts'
import { ScopeDialog } from './scope-dialog.tsx'
import { ScopeRemoval } from './scope-removal.tsx'

type Scope = Api['scopes'][number]

interface Props {
  readonly tagged: Tagged<Api>
  readonly mayWrite: boolean
}

/** The scopes of an API, and the clients that would lose one. */
export function ScopesTab({ tagged, mayWrite }: Props) {
  const { scopes = [] } = tagged.data
  const dialog = useDialog('scope')
  const removal = useDialog('remove-scope')
  const add = mayWrite && (
    <Button variant="default" leftSection={<Icon name="plus" />} onClick={() => dialog.open()}>
      {t.addScope}
    </Button>
  )
  return (
    <Stack gap="md">
      {scopes.length === 0 ? (
        <Empty title={t.noScopes} action={add}>
          {t.noScopesLead}
        </Empty>
      ) : (
        <>
          <div className={classes['scroll']}>
            <Table verticalSpacing="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>{t.scope}</Table.Th>
                  <Table.Th>{t.kind}</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>{t.edit}</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {scopes.map((scope) => (
                  <Table.Tr key={scope.name}>
                    <Table.Td>
                      <code>{scope.name}</code>
                      <div className={classes['dimmed']}>{scope.description}</div>
                    </Table.Td>
                    <Table.Td>{inWords(scope)}</Table.Td>
                    <Table.Td>
                      {mayWrite && (
                        <Group gap="xs" justify="flex-end" wrap="nowrap">
                          <Button size="compact-sm" variant="subtle" onClick={() => dialog.open(scope.name)}>
                            {t.edit}
                          </Button>
                          <Button
                            size="compact-sm"
                            variant="subtle"
                            color="brick"
                            onClick={() => removal.open(scope.name)}
                          >
                            {t.remove}
                          </Button>
                        </Group>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
          <div>{add}</div>
        </>
      )}
      {mayWrite && <ScopeDialog tagged={tagged} />}
      {mayWrite && <ScopeRemoval tagged={tagged} />}
    </Stack>
  )
}

const inWords = ({ common, on_request: onRequest, includes, wildcard }: Scope): string =>
  [
    common === true ? t.common : t.exclusive,
    ...(onRequest === true ? [t.onRequest] : []),
    ...(includes === undefined ? [] : [t.includes(includes.join(', '))]),
    ...(wildcard === true ? [t.wildcard] : []),
  ].join('; ')
