import { standardOutput } from '../../platform/standard-streams.ts'
import { UsageError } from '../../platform/user-error.ts'
import type { Destination, Output } from './destination.ts'
import { openCommand } from './exec.ts'
import { openEnvironment, openFile } from './file.ts'
import { openKubernetes } from './kubernetes.ts'

/** The places for new secrets, each by the beginning of `--secrets-to`, with the name of the rest. */
const PLACES = {
  'file:': { rest: 'PATH', open: openFile },
  'env:': { rest: 'PATH', open: openEnvironment },
  'exec:': { rest: 'COMMAND', open: (rest: string, output: Output) => openCommand(rest, output) },
  'k8s:': { rest: 'NAME', open: openKubernetes },
  stdout: { rest: '', open: (_rest: string, output: Output) => openStandardOutput(output) },
} as const satisfies Readonly<
  Record<string, { readonly rest: string; readonly open: (rest: string, output: Output) => Destination }>
>

/** The beginnings of `--secrets-to`, for a completion. */
export const placeNames: readonly string[] = Object.keys(PLACES)

const forms = Object.entries(PLACES).map(([begin, { rest }]) => begin + rest)
/** The forms of `--secrets-to`, for people. */
export const placeForms = `${forms.slice(0, -1).join(', ')} or ${forms.at(-1)}`

const openStandardOutput = ({ printSurely }: Output): Destination => ({
  name: 'standard output',
  output: 'shared',
  check: () => {},
  take: (_made, result) => printSurely(result()),
  end: () => {},
})

/**
 * Opens the place that `--secrets-to` names. Without it, a terminal takes secrets, and nothing else does.
 * @returns undefined if there is no place
 * @throws UsageError or UserError if the place can't be used
 */
export function openPlace(given: string | undefined, output: Output): Destination | undefined {
  if (given === undefined) return standardOutput.isTerminal ? openStandardOutput(output) : undefined
  const [begin, place] = Object.entries(PLACES).find(([name]) => given.startsWith(name)) ?? []
  const rest = given.slice(begin?.length)
  if (place === undefined || (rest === '') !== (place.rest === ''))
    throw new UsageError(`--secrets-to: give ${placeForms}`)
  return place.open(rest, output)
}
