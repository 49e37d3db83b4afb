import { z } from 'zod'
import { type Group, groupPermissions, inOrder, memberKey } from '../../model/group.ts'
import { LONGEST_CLIENT_ID } from '../../oauth/ids.ts'
import { line } from './values.ts'

/** Characters. An index of PostgreSQL takes 2,700 bytes, and one has three such names. */
const LONGEST_INDEXED = 256
const MOST_MEMBERS = 1_000

const permissions = z.array(z.enum(groupPermissions)).min(1)

const member = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('account'), id: line(LONGEST_INDEXED), permissions }),
  z.strictObject({ kind: z.literal('client'), id: line(LONGEST_CLIENT_ID), permissions }),
  z.strictObject({ kind: z.literal('claim'), claim: line(LONGEST_INDEXED), id: line(LONGEST_INDEXED), permissions }),
])

/** A group, as requests have it. */
export const groupSchema = z.strictObject({
  name: line(LONGEST_INDEXED),
  description: line(1024).optional(),
  members: z
    .array(member)
    .max(MOST_MEMBERS, `must be at most ${MOST_MEMBERS} members: let a claim stand for several`)
    .superRefine((members, context) => {
      const seen = new Set<string>()
      for (const [index, one] of members.entries()) {
        const key = memberKey(one)
        if (seen.has(key)) context.addIssue({ code: 'custom', message: 'is listed twice', path: [index] })
        seen.add(key)
      }
    })
    .default([]),
})

export type GroupInput = z.output<typeof groupSchema>

/** The group that the input describes. */
export const toGroup = ({ name, description, members }: GroupInput): Group => ({
  name,
  description,
  members: inOrder(members),
})
