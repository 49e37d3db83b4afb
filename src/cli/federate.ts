import { RegisteredKeys } from '../client-auth/registered-keys.ts'
import { IssuerKeys } from '../client-auth/remote-jwks/discovery.ts'
import { RemoteKeySets } from '../client-auth/remote-jwks/key-sets.ts'
import { Conditions } from '../conditions/conditions.ts'
import { Tries } from '../crypto/jws/verify.ts'
import { showClient } from '../management/clients/show.ts'
import { type Comparison, compareToken } from '../management/lab/compare-token.ts'
import { parseToken } from '../management/tokens/decode.ts'
import { ClientId } from '../oauth/ids.ts'
import { systemClock } from '../platform/clock.ts'
import { NotFound, UserError } from '../platform/user-error.ts'
import { keyFetcher, managementContext, withDatabase } from './database.ts'
import { readTokenFile } from './decode.ts'
import { checkLine } from './facts.ts'
import { type OutputOptions, show } from './format.ts'
import { print, printable, say } from './output.ts'

interface FederateTestOptions extends OutputOptions {
  readonly client: string
  readonly config?: string
}

/** `tessera federate test`: says which federated credential a token matches, and why the others don't. */
export const federateTest = ({ client: id, config, ...output }: FederateTestOptions): Promise<void> =>
  withDatabase(config, async (opened) => {
    const client = await showClient(managementContext(opened), ClientId(id))
    if ('problem' in client) throw new UserError(`${JSON.stringify(id)} can't be read: ${client.problem}`)
    const { federated } = client.credentials
    if (federated.length === 0) throw new NotFound(`${JSON.stringify(id)} has no federated credential`)
    const jws = parseToken(await readTokenFile())
    const fetcher = keyFetcher(opened.options)
    const published = new IssuerKeys(systemClock, fetcher, new RemoteKeySets(systemClock, fetcher))
    const comparing = {
      keys: { published, registered: new RegisteredKeys() },
      conditions: new Conditions(),
      now: systemClock.now(),
      tries: new Tries(),
    }
    const outcomes: Comparison[] = []
    for (const credential of federated) outcomes.push(await compareToken(credential, jws, comparing))
    show(output, { data: outcomes, forPeople: () => outcomes.forEach(report) })
    if (!client.enabled) say(`${printable(id)} is disabled: every token is refused`)
    if (!outcomes.some(({ matched }) => matched)) process.exitCode = 1
  })

function report({ credential, issuer, ended, matched, signature, checks }: Comparison): void {
  print(printable(`${matched ? 'matches' : 'does not match'}  ${credential}  ${issuer}`))
  if (ended !== undefined) print(`  ✗ credential: ${ended}`)
  if (signature !== undefined) print(printable(`  ${signature === 'good' ? '✓' : '✗'} signature: ${signature}`))
  for (const check of checks) print(printable(`  ${checkLine(check)}`))
}
