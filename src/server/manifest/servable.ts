import { isDestructive, type Plan } from '../../management/manifest/plan.ts'
import type { ParsedManifest } from '../../management/manifest/reading/parse.ts'
import { destroys } from '../../management/manifest/refused.ts'
import { MistakeList, NotAllowed } from '../../platform/user-error.ts'

const NO_SECRET =
  'needs a secret: a server shows nobody a new one. Give secret_env, secret_file or keys, or make it with tessera apply'

/**
 * Refuses a plan that a server may not carry out by itself.
 * @throws Mistakes if a test of the manifest fails, or if it makes a secret, which nobody would see; NotAllowed if it destroys
 *   something without consent
 */
export function requireServable(
  { generated, losses, conflicts, tests }: Plan,
  { parsed, allowDestroy }: { readonly parsed: ParsedManifest; readonly allowDestroy: boolean },
): void {
  const { clients } = parsed.manifest
  const mistakes = new MistakeList()
  for (const { clientId, label } of generated) {
    const index = clients.findIndex((client) => client.client_id === clientId)
    const at = clients[index]?.credentials.findIndex((credential) => credential.label === label) ?? 0
    mistakes.note(parsed.errorAt(['clients', index, 'credentials', at], NO_SECRET))
  }
  for (const test of tests)
    for (const { expected, got } of test.differences)
      mistakes.add(
        `${test.file}:${test.line}:${test.column}: the test ${JSON.stringify(test.name)} fails: expected ${expected}, got ${got}`,
      )
  mistakes.refuse()
  const destroyed = losses.filter(isDestructive)
  if (conflicts.length === 0 && destroyed.length > 0 && !allowDestroy)
    throw new NotAllowed(
      `this would end ${destroys(destroyed)}. If that is meant, set manifest_allow_destroy, or run tessera apply --prune --allow-destroy once`,
    )
}
