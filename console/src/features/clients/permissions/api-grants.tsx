import { Button, Checkbox, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { isStale } from '../../../api/problem.ts'
import { BlastRadius } from '../../../shared/blast-radius.tsx'
import { DangerDialog } from '../../../shared/danger-dialog.tsx'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { StaleDialog } from '../../../shared/stale-dialog.tsx'
import { clientPermissions as t } from '../../../texts/client-permissions.ts'
import { common } from '../../../texts/common.ts'
import { clientEffectQuery } from '../queries.ts'
import classes from './permissions.module.css'
import type { Api, Grant, Row } from './sources.ts'
import { useGrantChange } from './use-grant-change.ts'

interface Props {
  readonly clientId: string
  readonly api: Api
  readonly grant: Grant | undefined
  /** The rows that are shown. */
  readonly rows: readonly Row[]
  readonly all: number
  readonly held: number
  readonly isReadOnly: boolean
}

const toggled = (list: readonly string[], name: string): readonly string[] =>
  list.includes(name) ? list.filter((one) => one !== name) : [...list, name]

/** The scopes of one API with what is granted of them. Scopes that are taken away show who would notice. */
export function ApiGrants({ clientId, api: { audience, name }, grant, rows, all, held, isReadOnly }: Props) {
  const before = { scopes: grant?.scopes ?? [], default_scopes: grant?.default_scopes ?? [] }
  const [draft, setDraft] = useState<{
    readonly scopes: readonly string[]
    readonly default_scopes: readonly string[]
  }>()
  const after = draft ?? before
  const heading = useId()
  const dialog = useDialog('narrow')
  const isAsking = dialog.isOpen && dialog.about === audience && draft !== undefined
  const effect = useQuery({ ...clientEffectQuery(clientId), enabled: isAsking })
  const taken = before.scopes.filter((one) => !after.scopes.includes(one))
  const save = useGrantChange(clientId, audience, () => {
    setDraft(undefined)
    if (isAsking) dialog.close()
  })
  const stale = isStale(save.error) ? save.error : undefined
  const ask = () => (taken.length > 0 ? dialog.open(audience) : save.mutate({ ...after, seen: grant }))
  return (
    <section className={classes['api']} aria-labelledby={heading}>
      <header>
        <h2 id={heading}>{name ?? audience}</h2>
        {name !== undefined && <code>{audience}</code>}
        <span className={classes['count']}>{t.scopeCount(held, all)}</span>
      </header>
      {rows.length === 0 ? (
        <p className={classes['none']}>{t.noScopes}</p>
      ) : (
        <table>
          <thead>
            <tr>
              <th scope="col">{t.granted}</th>
              <th scope="col">{t.scope}</th>
              <th scope="col">{t.source}</th>
              <th scope="col">{t.isDefault}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const isGranted = after.scopes.includes(row.name)
              const isHeld = isGranted || row.elsewhere !== undefined
              return (
                <tr key={row.name} data-held={isHeld || undefined}>
                  <td>
                    <Checkbox
                      aria-label={t.grantHint(row.name, audience)}
                      checked={isGranted}
                      indeterminate={!isGranted && row.elsewhere !== undefined}
                      disabled={isReadOnly}
                      onChange={() =>
                        setDraft({
                          scopes: toggled(after.scopes, row.name),
                          default_scopes: isGranted
                            ? after.default_scopes.filter((one) => one !== row.name)
                            : after.default_scopes,
                        })
                      }
                    />
                  </td>
                  <th scope="row">
                    <code>{row.name}</code>
                    {row.description !== undefined && <span>{row.description}</span>}
                    {row.isOnRequest && <span>{t.onRequest}</span>}
                  </th>
                  <td className={classes['source']}>{sourceOf(row, before.scopes.includes(row.name), isGranted)}</td>
                  <td>
                    <Checkbox
                      aria-label={t.defaultHint(row.name)}
                      checked={after.default_scopes.includes(row.name)}
                      disabled={isReadOnly || !isHeld}
                      onChange={() => setDraft({ ...after, default_scopes: toggled(after.default_scopes, row.name) })}
                    />
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      )}
      {draft !== undefined && (
        <Group className={classes['foot']} justify="flex-end" gap="sm">
          <Button variant="default" size="xs" onClick={() => setDraft(undefined)}>
            {common.discard}
          </Button>
          <Button size="xs" loading={save.isPending} onClick={ask}>
            {common.save}
          </Button>
        </Group>
      )}
      {save.error !== null && stale === undefined && !isAsking && <Failure error={save.error} />}
      <DangerDialog
        isOpen={isAsking && stale === undefined}
        onClose={dialog.close}
        title={t.narrowTitle(audience)}
        action={t.narrowAction}
        isReady={effect.isFetched}
        change={save}
        onConfirm={(reason) => save.mutate({ ...after, seen: grant, reason })}
      >
        <p style={{ margin: 0 }}>{t.narrowConsequence(taken)}</p>
        <BlastRadius effect={effect.data} error={effect.error} />
      </DangerDialog>
      <StaleDialog
        problem={stale}
        mine={after}
        base={before}
        onTakeTheirs={() => {
          setDraft(undefined)
          save.reset()
          dialog.close()
        }}
        onKeepMine={(etag) => save.mutate({ ...after, seen: grant, etag })}
        onClose={save.reset}
      />
    </section>
  )
}

function sourceOf({ elsewhere }: Row, was: boolean, is: boolean): string {
  if (was && !is) return t.sources.taken
  if (is) return was ? t.sources.granted : t.sources.new
  return elsewhere ?? t.sources.none
}
