import { Alert, Skeleton } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { api, becauseOf, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import { isStale } from '../../api/problem.ts'
import type { Answer } from '../../api/types.ts'
import { DangerDialog } from '../../shared/danger-dialog.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Failure } from '../../shared/failure.tsx'
import { Instant } from '../../shared/instant.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import classes from './apis.module.css'
import { type Api, scopeEffectQuery } from './queries.ts'

const SHOWN = 20

/** Takes a scope from an API, after it named the clients that lose it. */
export function ScopeRemoval({ tagged: { data, etag } }: { readonly tagged: Tagged<Api> }) {
  const queries = useQueryClient()
  const { isOpen, about: scope, close } = useDialog('remove-scope')
  const { audience } = data
  const effect = useQuery({ ...scopeEffectQuery(audience, scope), enabled: isOpen && scope !== '' })
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
    },
    // The dialog then shows the present clients, and asks once more.
    onError: (error) => (isStale(error) ? queries.invalidateQueries({ queryKey: ['apis'] }) : undefined),
  })
  return (
    <DangerDialog
      isOpen={isOpen}
      onClose={close}
      title={t.removeTitle(scope)}
      action={t.removeAction(scope)}
      isReady={effect.isFetched}
      change={removed}
      onConfirm={(reason) => removed.mutate(reason)}
    >
      <p style={{ margin: 0 }}>{t.removeLead}</p>
      {effect.error !== null ? (
        <Failure error={effect.error} />
      ) : effect.data === undefined ? (
        <Skeleton h="5rem" />
      ) : (
        <Losing of={effect.data} />
      )}
    </DangerDialog>
  )
}

/** The clients that hold a scope: why they do, and when they last used it. */
function Losing({ of: { common, groups, clients, last_used: used } }: { readonly of: Answer<'scopes.effect'> }) {
  const { count, is_more: isMore, some } = clients
  return (
    <section aria-label={t.holders}>
      {common && <Alert color="ochre">{t.everybodyLoses}</Alert>}
      <p>
        {count === 0 ? t.nobodyHolds : t.holdersCount(count, isMore)}{' '}
        {used === undefined ? (
          t.unusedScope
        ) : (
          <>
            {t.lastWithScope} <Instant at={used} />.
          </>
        )}
      </p>
      {some.length > 0 && (
        <ul className={classes['holders']}>
          {some.slice(0, SHOWN).map((one) => (
            <li key={one.client_id}>
              <Link to="/clients/$clientId" params={{ clientId: one.client_id }} search={{ tab: 'permissions' }}>
                {one.client_id}
              </Link>
              <span>{one.given.join('; ')}</span>
              <span>
                <Instant at={one.last_used} never={t.notLately} />
              </span>
            </li>
          ))}
        </ul>
      )}
      {count > SHOWN && <p className={classes['dimmed']}>{t.furtherHolders}</p>}
      {groups.length > 0 && <p>{t.inGroups(groups.join(', '))}</p>}
    </section>
  )
}
