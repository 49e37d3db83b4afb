import { SIGN_ON_CALLBACK } from '../admin/pages/routes.ts'
import type { PeopleContext } from '../admin/sessions/context.ts'
import { makeSetUpLink } from '../administrators/accounts/links.ts'
import { Passwords } from '../administrators/accounts/passwords.ts'
import type { SessionContext } from '../administrators/sessions/context.ts'
import { pruneSessions } from '../administrators/sessions/signed-in.ts'
import { Provider } from '../administrators/sign-on/provider.ts'
import type { SignOnContext } from '../administrators/sign-on/sign-on.ts'
import { SYSTEM } from '../audit/actor.ts'
import type { Guesses } from '../client-auth/throttle/guesses.ts'
import { DEFAULT_TENANT } from '../oauth/ids.ts'
import { cleanUp } from '../platform/clean-up.ts'
import { ReplayMarks } from '../replay/marks.ts'
import type { Store } from '../store/tables/sql-store.ts'
import type { AdminParts } from './admin.ts'
import type { Dependencies } from './environment.ts'
import { fetcherOf } from './fetcher.ts'

const PRUNE_EVERY_MS = 60_000

interface Parts extends Pick<AdminParts, 'audit' | 'masterKey'> {
  readonly store: Store
  /** Counts guesses together with those at clients. */
  readonly guesses: Guesses
}

/** Makes everything about the people who administer, and keeps their tables small. */
export function openPeople(dependencies: Dependencies, { store, audit, masterKey, guesses }: Parts): PeopleContext {
  const { config, live, clock, random, repeat } = dependencies
  const people: SessionContext = {
    tenant: DEFAULT_TENANT,
    clock,
    random,
    accounts: store.accounts,
    sessions: store.sessions,
    passwords: new Passwords(random),
    masterKey,
    masterKeyInUse: () => store.keys.masterKeyInUse(),
    guesses,
    audit,
    lives: {
      get idle() {
        return live.current.admin.session_idle * 1000
      },
      get absolute() {
        return live.current.admin.session_lifetime * 1000
      },
    },
  }
  repeat({
    every: PRUNE_EVERY_MS,
    work: (ending) => cleanUp((most) => pruneSessions(people, most), ending),
    failure: 'ended sessions of administrators could not be removed',
  })
  return { people, signOn: openSignOn(dependencies, people, store), url: config.adminUrl }
}

function openSignOn(dependencies: Dependencies, people: SessionContext, store: Store): SignOnContext | undefined {
  const { config, clock } = dependencies
  const { signOn, adminUrl } = config
  if (signOn === undefined) return undefined
  const settings = { ...signOn, redirectUri: adminUrl + SIGN_ON_CALLBACK }
  const provider = new Provider(settings, clock, fetcherOf(dependencies))
  return { ...people, provider, rules: signOn, marks: new ReplayMarks(store.replay, clock) }
}

/**
 * Offers a link to somebody who sets up a new server, which has no account and no single sign-on. It is shown once, or at each start of a
 * server for development. The log, which others may read, only says how to make one.
 */
export async function offerSetUp(
  { people, signOn, url }: PeopleContext,
  { config, log, onSetUpLink }: Pick<Dependencies, 'config' | 'log' | 'onSetUpLink'>,
): Promise<void> {
  if (signOn !== undefined || (await people.accounts.hasAccounts())) return
  const wasShown = !config.isDevelopment && (await people.accounts.hasLink('set_up', people.clock.now()))
  if (onSetUpLink === undefined || wasShown) {
    log.info(
      'nobody can administer this server yet: `tessera admin bootstrap --link` makes a set-up link; elsewhere than on a terminal, --secrets-to names its place',
    )
    return
  }
  onSetUpLink(`${url}/setup#${await makeSetUpLink(people, { actor: SYSTEM })}`)
}
