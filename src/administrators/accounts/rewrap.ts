import type { Author } from '../event.ts'
import type { Account, SecondFactor } from './account.ts'
import { secondFactorContext } from './account.ts'
import { changeWith } from './change.ts'
import type { SealedAccountContext } from './context.ts'
import type { AccountStore } from './store.ts'

const PAGE = 100

type WithSecondFactor = Account & { readonly secondFactor: SecondFactor }

/** Every account with a second factor. Unreadable accounts are in `problems`, a line each. */
async function listSecondFactors(accounts: AccountStore) {
  const found: WithSecondFactor[] = []
  const problems: string[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const page = await accounts.listAccounts(after, PAGE)
    for (const account of page.found) {
      const { secondFactor } = account
      if (secondFactor !== undefined) found.push({ ...account, secondFactor })
    }
    problems.push(...page.unreadable.map(({ id, problem }) => `account ${id}: ${problem}`))
    const names = [...page.found.map(({ name }) => name), ...page.unreadable.map(({ id }) => id)].sort()
    after = names.length < PAGE ? undefined : names.at(-1)
  }
  return { found, problems }
}

/**
 * Encrypts every second factor under the current master key, one at a time. If it is interrupted, the next call completes it.
 * @param onRewrapped called with the name of each account
 * @returns one line for each second factor that can't be decrypted or read; those stay as they are
 */
export async function rewrapSecondFactors(
  context: SealedAccountContext,
  author: Author,
  onRewrapped: (name: string) => void,
): Promise<readonly string[]> {
  const { accounts, masterKey } = context
  const { found, problems } = await listSecondFactors(accounts)
  for (const { id, name, secondFactor } of found) {
    if (secondFactor.secret.masterKeyId === masterKey.id) continue
    const opened = masterKey.decrypt(secondFactor.secret, secondFactorContext({ id }))
    if (!Buffer.isBuffer(opened)) {
      problems.push(`the second factor of account ${name} ${opened.problem}`)
      continue
    }
    const secret = masterKey.encrypt(opened, secondFactorContext({ id }), masterKey.id)
    await changeWith(context, author, name, (before) =>
      // Somebody may have enrolled another one meanwhile, under the current master key.
      before.secondFactor?.secret.ciphertext.equals(secondFactor.secret.ciphertext)
        ? {
            account: { ...before, secondFactor: { ...before.secondFactor, secret } },
            detail: { master_key: secret.masterKeyId },
          }
        : { account: before },
    )
    onRewrapped(name)
  }
  return problems
}

/** The accounts whose second factor can't be decrypted, with the problem. Their recovery codes still work. */
export async function listLostSecondFactors({
  accounts,
  masterKey,
}: SealedAccountContext): Promise<readonly { readonly name: string; readonly problem: string }[]> {
  const { found } = await listSecondFactors(accounts)
  return found.flatMap(({ id, name, secondFactor }) => {
    const opened = masterKey.decrypt(secondFactor.secret, secondFactorContext({ id }))
    return Buffer.isBuffer(opened) ? [] : [{ name, problem: opened.problem }]
  })
}
