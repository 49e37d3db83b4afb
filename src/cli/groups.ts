import { z } from 'zod'
import { readYaml } from '../input/yaml.ts'
import { LONGEST_FILE } from '../platform/files.ts'
import { type ConfirmOptions, confirm } from './confirm.ts'
import { inLines, type OutputOptions, show } from './format.ts'
import { withTarget } from './operate.ts'
import { print, printable } from './output.ts'
import { nameOfInput, readTextInput } from './read-input.ts'
import { type Column, printTable } from './table.ts'
import type { TargetOptions } from './target.ts'

interface GroupsOptions extends OutputOptions, ConfirmOptions, TargetOptions {}

const line = z.looseObject({
  name: z.string(),
  description: z.string().optional(),
  members: z.int().optional(),
  unreadable: z.string().optional(),
})

const group = z.looseObject({ name: z.string(), members: z.array(z.unknown()).optional() })

/** `tessera groups list`: prints the groups. */
export const groupsList = (options: GroupsOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const items = await target.list('groups.list', {}, line)
    show(options, { data: items, asText: inLines, forPeople: () => printTable(items, groupColumns) })
  })

const groupColumns: readonly Column<z.output<typeof line>>[] = [
  { heading: 'GROUP', of: ({ name }) => name, isWhole: true },
  { heading: 'MEMBERS', of: ({ members }) => members },
  {
    heading: 'DESCRIPTION',
    of: ({ description, unreadable }) => (unreadable === undefined ? description : `can't be read: ${unreadable}`),
  },
]

/** `tessera groups show`: prints a group and its members. */
export const groupsShow = (name: string, options: GroupsOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const data = await target.call('groups.show', { path: { group: name } }, group)
    const asText = (one: typeof data) => JSON.stringify(one, undefined, 2)
    show(options, { data, asText, forPeople: () => print(asText(data)) })
  })

/** `tessera groups put`: creates a group from a file, or replaces its members. */
export const groupsPut = (name: string, options: GroupsOptions & { readonly file: string }): Promise<void> =>
  withTarget(options, async (target) => {
    const { file } = options
    const { value: body } = readYaml(nameOfInput(file), await readTextInput(file, LONGEST_FILE))
    const data = await target.call('groups.replace', { path: { group: name }, body }, group)
    const count = data.members?.length ?? 0
    const members = `${count} member${count === 1 ? '' : 's'}`
    show(options, { data, forPeople: () => print(`${printable(name)} has ${members}`) })
  })

/** `tessera groups delete`: deletes a group that owns nothing. */
export const groupsDelete = (name: string, options: GroupsOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const { members = [] } = await target.call('groups.show', { path: { group: name } }, group)
    const effect = [`Its members lose what it gives them: it has ${members.length}.`]
    await confirm({ action: `delete the group ${JSON.stringify(name)}`, effect }, options)
    await target.call('groups.delete', { path: { group: name } }, z.undefined())
    show(options, { data: { name }, forPeople: () => print(`${printable(name)} is deleted`) })
  })
