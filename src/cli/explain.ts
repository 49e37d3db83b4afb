import { z } from 'zod'
import { refusalOf } from '../endpoints/refusal-table.ts'
import type { ExplainingContext } from '../management/explanations/explain.ts'
import { MOST_EXPLAINED } from '../management/explanations/explain.ts'
import { requestReferenceIn } from '../management/explanations/reference.ts'
import { UsageError } from '../platform/user-error.ts'
import { managementContext, type Opened } from './database.ts'
import { explanationAnswer, explanationLines } from './explanation-text.ts'
import { type OutputOptions, showNext } from './format.ts'
import { withTarget } from './operate.ts'
import { print } from './output.ts'
import { readStandardInput } from './read-input.ts'
import type { TargetOptions } from './target.ts'

interface ExplainOptions extends OutputOptions, TargetOptions {
  readonly client?: string
  readonly last?: string | true
}

/** The limit for a pasted answer, in bytes. */
const LONGEST_PASTED = 64 * 1024

const answer = z.looseObject({ items: z.array(explanationAnswer) })

/**
 * `tessera explain`: prints the result of a request, its reasons, which no response reveals, and the remedies.
 * @param given text with a request id; `-` for standard input; empty if `--client` names the requests
 */
export const explain = (given: string, options: ExplainOptions): Promise<void> =>
  withTarget(options, async (target) => {
    const { client, last } = options
    const query = client === undefined ? await ofRequest(given, last) : ofClient(client, given, last)
    const { items } = await target.call('explanations.list', { query }, answer)
    for (const one of items) {
      const forPeople = () => {
        for (const line of explanationLines(one)) print(line)
      }
      showNext(options, { data: one, forPeople })
    }
  })

function ofClient(client: string, given: string, last: ExplainOptions['last']) {
  if (given !== '') throw new UsageError('give a request id or --client, not both')
  const count = last === undefined || last === true ? '1' : last
  if (!/^\d{1,3}$/.test(count)) throw new UsageError(`--last must be a number, not ${JSON.stringify(count)}`)
  if (Number(count) < 1 || Number(count) > MOST_EXPLAINED) throw new UsageError(`--last must be 1 to ${MOST_EXPLAINED}`)
  return { client, last: String(Number(count)) }
}

async function ofRequest(given: string, last: ExplainOptions['last']) {
  if (last !== undefined) throw new UsageError('--last needs --client')
  const text = given === '-' ? await readStandardInput(LONGEST_PASTED) : given
  if (text === '') throw new UsageError('give a request id, or --client and --last')
  const found = requestReferenceIn(text)
  if (found === undefined && /\s/.test(text.trim())) {
    throw new UsageError('that is not a request id: give the X-Request-Id of a response')
  }
  // A `traceparent` names all requests of a trace by its second part.
  const request = found?.kind === 'trace' ? `00-${found.id}-${'0'.repeat(16)}-00` : (found?.id ?? text.trim())
  return { request }
}

/** The context of explanations by a command. */
export const explainingContext = (opened: Opened): ExplainingContext => ({ ...managementContext(opened), refusalOf })
