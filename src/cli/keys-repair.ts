import { listLostSecondFactors } from '../administrators/accounts/rewrap.ts'
import { auditKeyProblem, repairAuditKey } from '../management/audit/repair-key.ts'
import { forgetSecret } from '../management/credentials/forget-secret.ts'
import { type LostSecret, listLostSecrets } from '../management/credentials/lost-secrets.ts'
import { inspectKeys } from '../management/keys/inspect.ts'
import type { KeyRepair } from '../management/keys/plan-repair.ts'
import { repairKeys } from '../management/keys/repair.ts'
import { NotAllowed } from '../platform/user-error.ts'
import { sealedAccounts } from './accounts.ts'
import { keyContext, withDatabase } from './database.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'

interface RepairOptions extends OutputOptions {
  readonly yes?: true
  readonly masterKeyLost?: true
  readonly reason?: string
  readonly config?: string
}

/** `tessera keys repair`: lists the keys and secrets that can't be used, and with `--yes` replaces or removes them. */
export const keysRepair = ({ yes, masterKeyLost, reason, config, ...output }: RepairOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const context = await keyContext(opened, { reason })
    const isLost = masterKeyLost === true
    const repair = yes ? await repairKeys(context, isLost) : await inspectKeys(context, isLost)
    const secrets = await listLostSecrets(context)
    const factors = await listLostSecondFactors(sealedAccounts(opened, context))
    const auditKey = await auditKeyProblem(context)
    if (yes) for (const secret of secrets) await forgetSecret(context, secret)
    if (yes) await repairAuditKey(context)
    const isDone = yes === true
    show(output, {
      data: { ...asJson(repair, secrets, isDone), ...(auditKey && { audit_key: auditKey }), second_factors: factors },
      forPeople: () => report(repair, { secrets, auditKey }, isDone),
    })
    for (const { name, problem } of factors)
      say(
        printable(
          `the second factor of ${name} ${problem}: give ${name} the link of \`tessera admin reset ${name} --second-factor\``,
        ),
      )
    const isWhole =
      repair.broken.length + repair.replacements.length + secrets.length === 0 && !isLost && auditKey === undefined
    if (!yes && !isWhole) throw new NotAllowed('nothing was changed: give --yes to make the repairs')
  })

const ENDS = {
  retire: 'it stops signing; its tokens stay valid until they expire',
  discard: 'it is removed; its tokens are invalid',
} as const

interface Others {
  readonly secrets: readonly LostSecret[]
  /** Why the audit key can't be used. */
  readonly auditKey: string | undefined
}

function report({ broken, replacements }: KeyRepair, { secrets, auditKey }: Others, isDone: boolean): void {
  for (const { id, algorithm = '?', state = 'unknown', problem, action } of broken) {
    print(`${algorithm}\t${state}\t${printable(id)}\t${printable(problem)}`)
    print(`\t${ENDS[action]}`)
  }
  for (const { algorithm, key } of replacements) {
    const when = key === undefined || key.state === 'active' ? '' : ` from ${new Date(key.activeAt).toISOString()} on`
    print(`${algorithm}\t${key === undefined ? 'a new key is made' : `${printable(key.kid)} signs${when}`}`)
  }
  for (const { clientId, credential, problem } of secrets) {
    print(`${printable(clientId)}\t${printable(credential.label || credential.id)}\tits secret ${printable(problem)}`)
    print('\tonly its hash is kept: the client can send it, but not sign with it (client_secret_jwt)')
  }
  if (auditKey !== undefined) {
    print(printable(auditKey))
    print('\tanother one signs the audit log from now on; the old one does not vouch for it')
  }
  if (broken.length + replacements.length + secrets.length === 0 && auditKey === undefined)
    print('every key and secret can be used')
  else if (isDone && secrets.length > 0)
    say('To give a client another secret to sign with, run: tessera credentials rotate')
}

const asJson = ({ broken, replacements }: KeyRepair, secrets: readonly LostSecret[], isDone: boolean) => ({
  done: isDone,
  keys: broken.map(({ id, algorithm, state, problem, action }) => ({ kid: id, algorithm, state, problem, action })),
  replacements: replacements.map(({ algorithm, key }) => ({
    algorithm,
    kid: key?.kid,
    active_at: key && new Date(key.activeAt).toISOString(),
  })),
  secrets: secrets.map(({ clientId, credential, problem }) => ({
    client_id: clientId,
    credential: credential.id,
    label: credential.label,
    problem,
  })),
})
