import { api, becauseOf, ifUnchanged, read, readTagged } from '../../../api/client.ts'
import type { Input } from '../../../api/types.ts'

const of = (name: string) => ({ path: { name } })

export const addAccount = (body: Input<'accounts.add'>) => read(api.POST('/api/v1/accounts', { body }))

/** @param etag the tag of the state that the person has seen */
export const changeAccount = (name: string, body: Input<'accounts.change'>, etag: string) =>
  readTagged(api.PATCH('/api/v1/accounts/{name}', { params: of(name), body, ...ifUnchanged(etag) }))

/** Enables or disables an account. @param etag the tag of the state that the person has seen */
export const switchAccount = (name: string, enabled: boolean, etag: string, reason = '') =>
  read(
    api.PATCH('/api/v1/accounts/{name}', {
      params: of(name),
      body: { enabled },
      headers: { ...ifUnchanged(etag).headers, ...becauseOf(reason) },
    }),
  )

/** Makes a link that sets a new password. */
export const resetAccount = (name: string, alsoFactor: boolean) =>
  read(api.POST('/api/v1/accounts/{name}/reset', { params: of(name), body: { second_factor: alsoFactor } }))

/** @param etag the tag of the state that the person has seen */
export const removeAccount = (name: string, etag: string, reason: string) =>
  read(
    api.DELETE('/api/v1/accounts/{name}', {
      params: of(name),
      headers: { ...ifUnchanged(etag).headers, ...becauseOf(reason) },
    }),
  )
