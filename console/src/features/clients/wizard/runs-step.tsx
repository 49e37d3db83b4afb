import { Autocomplete, Group, Stack, TextInput } from '@mantine/core'
import { useSuspenseQuery } from '@tanstack/react-query'
import { meQuery } from '../../../api/me.ts'
import { platforms as names } from '../../../texts/platforms.ts'
import { wizard as t } from '../../../texts/wizard.ts'
import { Choices } from '../proof/choices.tsx'
import { proofFor } from '../proof/draft.ts'
import { platforms } from '../proof/platforms.ts'
import type { StepProps } from './step-props.ts'

/** Where the client runs, and its name. */
export function RunsStep({ draft, set, errorAt, issuer }: StepProps) {
  const { data: me } = useSuspenseQuery(meQuery)
  return (
    <Stack gap="lg">
      <Choices
        legend={t.place}
        inColumns
        choices={platforms.map(({ id }) => ({ value: id, name: names.names[id], about: names.about[id] }))}
        value={draft.platform}
        onChange={(platform) => set({ platform, proof: proofFor(platform, issuer) })}
      />
      <TextInput
        label={t.id}
        description={t.idHint}
        required
        autoComplete="off"
        spellCheck={false}
        placeholder="billing"
        value={draft.id}
        error={errorAt('/client_id')}
        onChange={(event) => set({ id: event.currentTarget.value })}
      />
      <Group gap="md" grow preventGrowOverflow={false} align="start">
        <TextInput
          label={t.name}
          value={draft.name}
          error={errorAt('/name')}
          onChange={(event) => set({ name: event.currentTarget.value })}
        />
        <Autocomplete
          label={t.owner}
          data={me.groups.map((group) => group.name)}
          value={draft.owner}
          error={errorAt('/owner')}
          onChange={(owner) => set({ owner })}
        />
      </Group>
    </Stack>
  )
}
