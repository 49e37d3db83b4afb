import { useMutation, useQueryClient } from '@tanstack/react-query'
import { api, becauseOf, read, readTagged } from '../../../api/client.ts'
import { isMissing, Problem } from '../../../api/problem.ts'
import { say } from '../../../shared/toast.ts'
import { clientPermissions as t } from '../../../texts/client-permissions.ts'
import { clientQuery } from '../queries.ts'
import type { Grant } from './sources.ts'

interface Change {
  readonly scopes: readonly string[]
  readonly default_scopes: readonly string[]
  /** The grant from which the person began. */
  readonly seen: Grant | undefined
  /** The tag of a newer state that the person was shown beside the own changes. */
  readonly etag?: string
  readonly reason?: string
}

/** Changes the grant of a client at an API on the state that the person has seen. A grant without scopes is deleted. */
export function useGrantChange(clientId: string, audience: string, onDone: () => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async ({ scopes, default_scopes: defaults, seen, etag, reason = '' }: Change) => {
      const path = { client_id: clientId, audience }
      const condition =
        etag === undefined || etag === '' ? await conditionFor(path, seen) : ({ 'If-Match': etag } as const)
      const shared = { params: { path }, headers: { ...condition, ...becauseOf(reason) } }
      if (scopes.length === 0 && defaults.length === 0)
        return read(api.DELETE('/api/v1/clients/{client_id}/grants/{audience}', shared))
      return read(
        api.PUT('/api/v1/clients/{client_id}/grants/{audience}', {
          ...shared,
          body: { scopes: [...scopes], default_scopes: [...defaults] },
        }),
      )
    },
    onSuccess: () => say(t.saved(audience)),
    onError: () => queries.invalidateQueries({ queryKey: ['clients', 'one', clientId] }),
    onSettled: async (_, error) => {
      if (error !== null) return
      // The draft stays in sight until the new state is there.
      await queries.fetchQuery(clientQuery(clientId)).catch(() => {})
      onDone()
    },
  })
}

/**
 * The condition under which the change fits what the person saw. The tag of a single grant comes with a read of it, which must
 * show the same. @throws Problem 412 if it does not
 */
async function conditionFor(path: { readonly client_id: string; readonly audience: string }, seen: Grant | undefined) {
  if (seen === undefined) return { 'If-None-Match': '*' }
  try {
    const present = await readTagged(api.GET('/api/v1/clients/{client_id}/grants/{audience}', { params: { path } }))
    if (JSON.stringify(present.data) !== JSON.stringify(seen))
      throw new Problem(new Response(null, { status: 412, headers: { etag: present.etag } }), { present: present.data })
    return { 'If-Match': present.etag }
  } catch (error) {
    // It was taken away meanwhile.
    if (isMissing(error)) throw new Problem(new Response(null, { status: 412 }), {})
    throw error
  }
}
