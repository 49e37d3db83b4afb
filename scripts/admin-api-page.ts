/** The reference of the admin API, from the table of operations. */

import type { z } from 'zod'
import { problemNames, problemTypes } from '../src/admin/api/problem-types.ts'
import type { Operation } from '../src/admin/operations/operation.ts'
import { operations } from '../src/admin/operations/operations.ts'
import { permissionNames, permissions, roleNames, roles } from '../src/management/authority/permissions.ts'

export function adminApiPage(): string {
  const byResource = Map.groupBy(operations, ({ id }) => id.slice(0, id.indexOf('.')))
  return [
    '# The admin API',
    '',
    'Generated from the table of operations (`src/admin/operations/`).',
    '',
    'The API is on the admin listener, below `/api/v1`. [Administering](../operating/administering.md) says how to get a token, and how the',
    'conditions, pages and errors work. `GET /api/v1/openapi.json` has the same in OpenAPI 3.1.',
    '',
    '## Permissions',
    '',
    'A permission is a scope of the API `urn:tessera:admin` as well. A member of a group has it over what the group owns, if the last',
    'column names a permission of the membership.',
    '',
    '| permission | meaning | roles | in a group |',
    '| --- | --- | --- | --- |',
    ...permissionNames.map((name) => {
      const having = roleNames.filter((role) => roles[role].includes(name)).join(', ')
      return `| \`${name}\` | ${permissions[name].description} | ${having} | ${permissions[name].within ?? ''} |`
    }),
    '',
    '## Problems',
    '',
    '| type | status | meaning |',
    '| --- | --- | --- |',
    ...problemNames.map((name) => `| \`${name}\` | ${problemTypes[name].status} | ${problemTypes[name].page} |`),
    '',
    ...[...byResource].flatMap(([resource, some]) => [`## ${resource}`, '', ...some.flatMap(describe)]),
  ].join('\n')
}

function describe(operation: Operation): readonly string[] {
  const { method, path, summary, access, isConditional, commands, query, example, status } = operation
  const needs = access === 'public' ? 'none' : access === 'member' ? 'any' : `\`${access}\``
  const facts = [
    `permission: ${needs}`,
    ...commands.map((words) => `command: \`tessera ${words}\``),
    ...(isConditional ? ['needs `If-Match`'] : []),
  ]
  return [
    `### \`${method} ${path}\``,
    '',
    `${summary}. (${facts.join('; ')})`,
    '',
    ...parametersOf(query),
    ...(example.body === undefined ? [] : ['```json', JSON.stringify(example.body), '```', '']),
    ...(example.answer === undefined
      ? []
      : [`Answer ${status}:`, '', '```json', JSON.stringify(example.answer), '```', '']),
  ]
}

function parametersOf(query: z.ZodObject): readonly string[] {
  const fields: [string, z.ZodType][] = Object.entries(query.shape)
  if (fields.length === 0) return []
  const shown = fields.map(([name, field]) => {
    const meaning = field.description ?? ''
    return `\`${name}\`${meaning === '' ? '' : ` (${meaning.replace(/\.$/, '')})`}`
  })
  return [`Parameters: ${shown.join(', ')}.`, '']
}
