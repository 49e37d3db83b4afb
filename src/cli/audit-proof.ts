import { z } from 'zod'
import type { Options } from '../config/schema.ts'
import type { MasterKey } from '../crypto/master-key.ts'
import type { GivenCheckpoint } from '../management/audit/checkpoints.ts'
import type { Fault } from '../management/audit/faults.ts'
import { rotateAuditKey } from '../management/audit/rotate-key.ts'
import { type Verification, verifyAudit } from '../management/audit/verify.ts'
import { UserError } from '../platform/user-error.ts'
import { managementContext, masterKeyOf, withDatabase } from './database.ts'
import { counted } from './effects.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say, withProgress } from './output.ts'
import { readTextInput } from './read-input.ts'

interface VerifyOptions extends OutputOptions {
  readonly key?: string
  readonly checkpoints?: string
  readonly config?: string
}

interface RotateOptions extends OutputOptions {
  readonly reason?: string
  readonly config?: string
}

/** Bytes of a log with checkpoints: a year of one each minute. */
const LONGEST_LOG = 512 * 1024 * 1024

/** `tessera audit verify`: verifies the audit log. The exit code is 1 if anything in it was changed. */
export async function auditVerify({ key, checkpoints, config, ...output }: VerifyOptions): Promise<void> {
  const given = checkpoints === undefined ? [] : checkpointsIn(await readTextInput(checkpoints, LONGEST_LOG))
  await withDatabase(config, async (opened) => {
    const context = { ...managementContext(opened), masterKey: verifyingKey(opened.options, key) }
    const result = await withProgress((state) => {
      const onProgress = (events: number): void => state(`${events} events verified so far`)
      return verifyAudit(context, { key, given, onProgress })
    })
    show(output, { data: asJson(result), forPeople: () => report(result) })
    if (result.faultCount > 0)
      throw new UserError(
        `the audit log does not match its proof in ${counted(result.faultCount, 'place')}: see docs/operating/audit.md`,
      )
  })
}

/** The master key, which a thumbprint replaces: an auditor need not be able to sign. */
const verifyingKey = (options: Options, thumbprint: string | undefined): MasterKey | undefined =>
  thumbprint !== undefined && options.master_key === undefined && options.master_key_file === undefined
    ? undefined
    : masterKeyOf(options)

/** `tessera audit rotate-key`: replaces the key that signs the audit log. */
export const auditRotateKey = ({ reason, config, ...output }: RotateOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = { ...managementContext(opened, { reason }), masterKey: masterKeyOf(opened.options) }
    const { kid } = await rotateAuditKey(context)
    show(output, { data: { kid }, forPeople: () => print(`${kid} signs the audit log from now on`) })
  })

const logLine = z.object({ audit_checkpoint: z.object({ statement: z.string(), signature: z.string() }) })

/** The checkpoints among the lines of a log. */
function checkpointsIn(log: string): readonly GivenCheckpoint[] {
  const found = log.split('\n').flatMap((line): GivenCheckpoint[] => {
    if (!line.includes('audit_checkpoint')) return []
    const { data } = logLine.safeParse(parseLine(line))
    if (data === undefined) return []
    const { statement, signature } = data.audit_checkpoint
    return [{ statement, signature: Buffer.from(signature, 'base64url') }]
  })
  if (found.length === 0) throw new UserError('--checkpoints: there is no checkpoint in that file')
  return found
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const time = (at: number | undefined): string | undefined =>
  at === undefined || Number.isNaN(new Date(at).getTime()) ? undefined : new Date(at).toISOString()

const asJson = ({ faults, faultCount, lastCheckpointAt, ...counts }: Verification) => ({
  ok: faultCount === 0,
  ...counts,
  last_checkpoint: time(lastCheckpointAt),
  fault_count: faultCount,
  faults: faults.map(({ at, ...fault }) => ({ ...fault, time: time(at) })),
})

function report(result: Verification): void {
  for (const fault of result.faults) print(printable(asLine(fault)))
  if (result.faultCount > result.faults.length) print(`and ${result.faultCount - result.faults.length} more`)
  const { events, chains, checkpoints, removed, uncovered, unchained, keys, lastCheckpointAt } = result
  if (result.faultCount === 0)
    print(
      `${counted(events, 'event')} in ${counted(chains, 'chain')} are as they were written; ${counted(checkpoints, 'checkpoint')} ${checkpoints === 1 ? 'signs' : 'sign'} them`,
    )
  if (removed > 0) say(`Retention has removed ${removed} events and checkpoints, and signed that.`)
  if (unchained > 0) say(`${count(unchained)} from before there were chains. Nothing is known about those.`)
  if (uncovered > 0) {
    const since = time(lastCheckpointAt)
    say(`${count(uncovered)} not signed yet${since === undefined ? '' : `; the last checkpoint is of ${since}`}.`)
  }
  if (keys.length > 0) say(`Trusted keys: ${keys.join(', ')}`)
  else if (result.faultCount === 0) say('No key signs this log yet: a server makes one when it starts.')
}

/** For example `17 events are`. */
const count = (events: number): string => (events === 1 ? '1 event is' : `${events} events are`)

/** For example `chain 3, place 17, event 4711, 2030-01-01T00:00:00.000Z: the event, or its hash, was changed`. */
function asLine({ problem, chain, place, seq, at }: Fault): string {
  const where = [
    ...(chain === undefined ? [] : [`chain ${chain}`]),
    ...(place === undefined ? [] : [`place ${place}`]),
    ...(seq === undefined ? [] : [`event ${seq}`]),
    ...[time(at) ?? []].flat(),
  ]
  return where.length === 0 ? problem : `${where.join(', ')}: ${problem}`
}
