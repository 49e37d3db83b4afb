import { api, becauseOf, ifUnchanged, readTagged } from '../../../api/client.ts'
import type { GroupInput } from './members.ts'

const of = (group: string) => ({ path: { group } })

/** An empty description is none. */
const bodyOf = ({ description = '', ...rest }: GroupInput): GroupInput => ({
  ...rest,
  ...(description.trim() !== '' && { description: description.trim() }),
})

/** Refused with 412 if there is such a group. */
export const createGroup = (group: string, input: GroupInput) =>
  readTagged(
    api.PUT('/api/v1/groups/{group}', { params: of(group), body: bodyOf(input), headers: { 'If-None-Match': '*' } }),
  )

export const replaceGroup = (group: string, input: GroupInput, etag: string) =>
  readTagged(api.PUT('/api/v1/groups/{group}', { params: of(group), body: bodyOf(input), ...ifUnchanged(etag) }))

export const deleteGroup = (group: string, etag: string, reason: string) =>
  readTagged(
    api.DELETE('/api/v1/groups/{group}', {
      params: of(group),
      headers: { 'If-Match': etag, ...becauseOf(reason) },
    }),
  )
