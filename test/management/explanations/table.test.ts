import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { optionInfos } from '../../../src/config/option-infos.ts'
import { refusals } from '../../../src/endpoints/refusal-table.ts'
import { ANY_CASE } from '../../../src/management/explanations/advice/case.ts'
import { adviceOn, generalRemedies } from '../../../src/management/explanations/advice/table.ts'
import { apiSchema } from '../../../src/management/schemas/api.ts'
import { clientSchema } from '../../../src/management/schemas/client.ts'
import { commandsOf } from '../../harness/program.ts'

const all = [...generalRemedies].flatMap(([reason, remedies]) => remedies.map((remedy) => ({ reason, ...remedy })))
const ofKind = (...kinds: readonly string[]) => all.filter(({ kind }) => kinds.includes(kind))

test('every reason has a remedy', () => {
  expect([...generalRemedies.keys()].sort()).toEqual(Object.keys(refusals).sort())
  for (const [reason, remedies] of generalRemedies) {
    expect([reason, remedies.length > 0]).toEqual([reason, true])
    for (const { text, value } of remedies) {
      expect(value.trim()).not.toBe('')
      expect(text).toMatch(/^[A-Z].*[^.]$/)
    }
  }
})

test.each(['secret', 'keys', 'certificate', 'federated'])(
  'no remedy is given twice to a client that has a %s',
  (kind) => {
    const advise = adviceOn('no_such_credential')
    const { remedies = [] } = advise?.({ ...ANY_CASE, detail: { has: [kind] } }) ?? {}
    expect(remedies.length).toBeGreaterThan(1)
    expect(new Set(remedies.map(({ text }) => text)).size).toBe(remedies.length)
  },
)

const commands = commandsOf()

test.each(ofKind('command').filter(({ value }) => value.startsWith('tessera ')))(
  'the command for $reason exists: $value',
  ({ value }) => {
    const [, ...words] = value.replace(/ [<>] .*/, '').split(' ')
    const name = [words.slice(0, 2).join(' '), words[0] ?? ''].find((one) => commands.has(one)) ?? ''
    const command: Command | undefined = commands.get(name)
    expect(command).toBeDefined()
    const flags = command?.options.map(({ long }) => long)
    for (const word of words.filter((one) => one.startsWith('--'))) expect(flags).toContain(word)
    const required = command?.registeredArguments.filter(({ required }) => required).length ?? 0
    expect(words.length - name.split(' ').length).toBeGreaterThanOrEqual(required)
  },
)

test.each(ofKind('setting'))('the option for $reason exists: $value', ({ value }) => {
  const [key, ...rest] = value.split(': ')
  expect(optionInfos.map((info) => info.key)).toContain(key)
  expect(rest.join('')).not.toBe('')
})

test.each(ofKind('client', 'api'))('the lines for $reason can stand in a manifest: $value', ({ kind, value }) => {
  const lines: unknown = parse(
    value.replaceAll('<audience>', 'https://api.example.com').replaceAll('<method>', 'tls_client_auth'),
  )
  const entry = kind === 'client' ? { client_id: 'job' } : { audience: 'https://api.example.com' }
  const schema = kind === 'client' ? clientSchema : apiSchema
  expect(schema.safeParse({ ...entry, ...(lines as object) }).error?.issues ?? []).toEqual([])
})
