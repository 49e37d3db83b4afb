import { Button, Group, Stack } from '@mantine/core'
import type { Addresses } from '../../../shared/addresses.ts'
import { Code } from '../../../shared/code.tsx'
import { Section } from '../../../shared/page.tsx'
import { SecretOnce } from '../../../shared/secret-once.tsx'
import { SnippetTabs } from '../../../shared/snippets/snippet-tabs.tsx'
import type { Proof, Target } from '../../../shared/snippets/target.ts'
import { wizard as t } from '../../../texts/wizard.ts'
import { platformOf } from '../proof/platforms.ts'
import { type Draft, grantsOf } from './draft.ts'

interface Props {
  readonly draft: Draft
  readonly addresses: Addresses
  /** The generated secret, if there is one. */
  readonly secret: string | undefined
  readonly onEnd: () => void
}

/** The client is made: its secret, once, and how to use it. */
export function Done({ draft, addresses, secret, onEnd }: Props) {
  const place = draft.platform === undefined ? undefined : platformOf(draft.platform)
  const setup = draft.proof?.kind === 'federated' ? (place?.identity?.setup(draft.proof.audience) ?? '') : ''
  const usage = (
    <Stack gap="xl">
      {setup !== '' && (
        <Section title={t.setup}>
          <Code of={t.setupName}>{setup}</Code>
        </Section>
      )}
      <Section title={t.verify} lead={t.verifyLead}>
        <SnippetTabs target={targetOf(draft, addresses)} first={place?.first} />
      </Section>
    </Stack>
  )
  if (secret !== undefined)
    return (
      <SecretOnce clientId={draft.id.trim()} tokenUrl={addresses.tokenUrl} secret={secret} onKept={onEnd}>
        {usage}
      </SecretOnce>
    )
  return (
    <Stack gap="xl">
      {usage}
      <Group justify="flex-end">
        <Button onClick={onEnd}>{t.toClient}</Button>
      </Group>
    </Stack>
  )
}

function targetOf(draft: Draft, addresses: Addresses): Target {
  const [grant] = grantsOf(draft)
  return {
    ...addresses,
    clientId: draft.id.trim(),
    resource: grant?.api,
    scope: grant?.scopes.filter((one) => !one.includes('*')).join(' ') ?? '',
    proof: proofOf(draft),
  }
}

function proofOf({ proof, platform }: Draft): Proof {
  if (proof?.kind === 'keys') return { kind: 'key' }
  if (proof?.kind === 'certificate') return { kind: 'certificate' }
  if (proof?.kind === 'federated' && platform !== undefined)
    return platformOf(platform).identity?.proof(proof.audience) ?? { kind: 'token-file', path: 'identity-token' }
  return { kind: 'secret' }
}
