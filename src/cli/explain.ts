import { refusalOf } from '../endpoints/refusal-table.ts'
import { type ExplainingContext, explainClient, explainRequest } from '../management/explanations/explain.ts'
import type { Explanation } from '../management/explanations/explanation.ts'
import { requestReferenceIn } from '../management/explanations/reference.ts'
import { whyUnrecorded } from '../management/explanations/unrecorded.ts'
import { systemClock } from '../platform/clock.ts'
import { NotFound, UsageError } from '../platform/user-error.ts'
import { managementContext, type Opened, withDatabase } from './database.ts'
import { explanationAsJson, explanationLines } from './explanation-text.ts'
import { type OutputOptions, showNext } from './format.ts'
import { print } from './output.ts'
import { readStandardInput } from './read-input.ts'

interface ExplainOptions extends OutputOptions {
  readonly client?: string
  readonly last?: string | true
  readonly config?: string
}

/** The limit for a pasted answer, in bytes. */
const LONGEST_PASTED = 64 * 1024

/**
 * `tessera explain`: prints the result of a request, its reasons, which no response reveals, and the remedies.
 * @param given text with a request id; `-` for standard input; empty if `--client` names the requests
 */
export const explain = (given: string, { client, last, config, ...output }: ExplainOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const explanations =
      client === undefined ? await ofRequest(opened, given, last) : await ofClient(opened, client, given, last)
    for (const one of explanations) {
      showNext(output, {
        data: explanationAsJson(one),
        forPeople: () => {
          for (const line of explanationLines(one)) print(line)
        },
      })
    }
  })

async function ofClient(
  opened: Opened,
  client: string,
  given: string,
  last: ExplainOptions['last'],
): Promise<readonly Explanation[]> {
  if (given !== '') throw new UsageError('give a request id or --client, not both')
  const count = last === undefined || last === true ? '1' : last
  if (!/^\d{1,3}$/.test(count)) throw new UsageError(`--last must be a number, not ${JSON.stringify(count)}`)
  const explanations = await explainClient(explainingContext(opened), { client, last: Number(count) })
  if (explanations.length === 0) throw new NotFound(`no request of ${JSON.stringify(client)} is recorded`)
  return explanations
}

async function ofRequest(opened: Opened, given: string, last: ExplainOptions['last']): Promise<readonly Explanation[]> {
  if (last !== undefined) throw new UsageError('--last needs --client')
  const text = given === '-' ? await readStandardInput(LONGEST_PASTED) : given
  if (text === '') throw new UsageError('give a request id, or --client and --last')
  const found = requestReferenceIn(text)
  if (found === undefined && /\s/.test(text.trim())) {
    throw new UsageError('that is not a request id: give the X-Request-Id of a response')
  }
  const asked = found ?? { kind: 'request', id: text.trim() }
  const explanations = await explainRequest(explainingContext(opened), asked)
  if (explanations.length > 0) return explanations
  if (asked.kind === 'trace') throw new NotFound(`no request of the trace ${asked.id} is recorded`)
  throw new NotFound(whyUnrecorded(asked.id, systemClock.now(), opened.options.audit.retention_days))
}

/** The context of explanations by a command. */
export const explainingContext = (opened: Opened): ExplainingContext => ({ ...managementContext(opened), refusalOf })
