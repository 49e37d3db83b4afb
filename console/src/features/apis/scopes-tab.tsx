import { Button, Group, Stack, Table } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { api, becauseOf, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import type { Answer } from '../../api/types.ts'
import { DangerDialog } from '../../shared/danger-dialog.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Empty } from '../../shared/empty.tsx'
import { Icon } from '../../shared/icon.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import classes from './apis.module.css'
import { type Api, apiEffectQuery } from './queries.ts'
import { ScopeDialog } from './scope-dialog.tsx'

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
                  <Table.Th aria-label={t.edit} />
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
      {mayWrite && <Removal tagged={tagged} />}
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

function Removal({ tagged: { data, etag } }: { readonly tagged: Tagged<Api> }) {
  const queries = useQueryClient()
  const { isOpen, about: scope, close } = useDialog('remove-scope')
  const { audience } = data
  const effect = useQuery({ ...apiEffectQuery(audience), enabled: isOpen })
  const removed = useMutation({
    mutationFn: (reason: string) =>
      read(
        api.DELETE('/api/v1/apis/{audience}/scopes/{scope}', {
          params: { path: { audience, scope } },
          headers: { ...ifUnchanged(etag).headers, ...becauseOf(reason) },
        }),
      ),
    onSuccess: () => {
      close()
      say(t.removed(scope))
      return queries.invalidateQueries({ queryKey: ['apis'] })
    },
  })
  return (
    <DangerDialog
      isOpen={isOpen}
      onClose={close}
      title={t.removeTitle(scope)}
      action={t.remove}
      error={removed.error}
      isBusy={removed.isPending}
      onConfirm={(reason) => removed.mutate(reason)}
    >
      <p style={{ margin: 0 }}>{t.removeLead}</p>
      <Referring of={effect.data?.clients} />
    </DangerDialog>
  )
}

/** The clients that refer to an API. */
export const Referring = ({ of }: { readonly of: Answer<'apis.effect'>['clients'] | undefined }) =>
  of === undefined ? null : of.count === 0 ? (
    <p style={{ margin: 0 }}>{t.noneRefer}</p>
  ) : (
    <p style={{ margin: 0 }}>
      {t.losing}: {of.count}
      {of.is_more && ` ${t.moreClients}`} ({of.some.slice(0, 10).join(', ')})
    </p>
  )
