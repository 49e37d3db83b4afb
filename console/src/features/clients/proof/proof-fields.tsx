import { Group, SegmentedControl, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { platforms } from '../../../texts/platforms.ts'
import { proof as t } from '../../../texts/proof.ts'
import { certificateNames, lives, type ProofDraft } from './draft.ts'
import { ExactDate } from './exact-date.tsx'
import { type PlatformId, platformOf } from './platforms.ts'
import classes from './proof.module.css'

interface Props {
  readonly draft: ProofDraft
  readonly onChange: (next: ProofDraft) => void
  /** The place where the client runs, if it is known. */
  readonly platform?: PlatformId | undefined
}

/** The fields that a kind of proof needs. */
export function ProofFields(props: Props) {
  const { draft, onChange } = props
  const set = (next: Partial<ProofDraft>) => onChange({ ...draft, ...next })
  if (draft.kind === 'secret')
    return (
      <div>
        <Select
          label={t.life}
          w="12rem"
          allowDeselect={false}
          data={lives.map(({ value, days }) => ({ value, label: days === undefined ? t.never : t.days(days) }))}
          value={draft.life}
          onChange={(value) => set({ life: lives.find((one) => one.value === value)?.value ?? draft.life })}
        />
        <p className={classes['hint']}>
          <ExactDate days={lives.find((one) => one.value === draft.life)?.days} />
        </p>
      </div>
    )
  if (draft.kind === 'certificate')
    return (
      <Group align="end" gap="sm">
        <Select
          label={t.certificateName}
          w="14rem"
          allowDeselect={false}
          data={certificateNames.map((value) => ({ value, label: t.certificateNames[value] }))}
          value={draft.certificateName}
          onChange={(value) =>
            set({ certificateName: certificateNames.find((one) => one === value) ?? draft.certificateName })
          }
        />
        <TextInput
          label={t.certificateValue}
          flex={1}
          miw="14rem"
          placeholder={t.certificateExamples[draft.certificateName]}
          value={draft.certificateValue}
          onChange={(event) => set({ certificateValue: event.currentTarget.value })}
        />
      </Group>
    )
  if (draft.kind === 'keys') return <KeyFields draft={draft} set={set} />
  return <FederatedFields {...props} />
}

interface PartProps {
  readonly draft: ProofDraft
  readonly set: (next: Partial<ProofDraft>) => void
}

const KeyFields = ({ draft, set }: PartProps) => (
  <Stack gap="sm">
    <SegmentedControl
      aria-label={t.keysBy}
      w="fit-content"
      data={[
        { value: 'url', label: t.byUrl },
        { value: 'keys', label: t.byKeys },
      ]}
      value={draft.keysBy}
      onChange={(value) => set({ keysBy: value === 'url' ? 'url' : 'keys' })}
    />
    {draft.keysBy === 'url' ? (
      <TextInput
        label={t.keysUrl}
        description={t.keysUrlHint}
        type="url"
        placeholder="https://billing.example.com/jwks.json"
        value={draft.keysUrl}
        onChange={(event) => set({ keysUrl: event.currentTarget.value })}
      />
    ) : (
      <Textarea
        label={t.keys}
        description={t.keysHint}
        autosize
        minRows={5}
        maxRows={14}
        spellCheck={false}
        classNames={{ input: classes['mono'] }}
        placeholder='{"keys":[{"kty":"EC","crv":"P-256","x":"…","y":"…"}]}'
        value={draft.keys}
        onChange={(event) => set({ keys: event.currentTarget.value })}
      />
    )}
  </Stack>
)

function FederatedFields({ draft, onChange, platform }: Props) {
  const set = (next: Partial<ProofDraft>) => onChange({ ...draft, ...next })
  const identity = platform && platformOf(platform).identity
  const parts = Object.entries(identity?.parts ?? { subject: 'repo:acme/shop:ref:refs/heads/main' })
  const names: Readonly<Record<string, string>> = { ...platforms.parts, subject: t.subject }
  const hints: Readonly<Record<string, string>> = platforms.issuerHint
  const isFilled = Object.values(draft.parts).every((one) => one !== '')
  return (
    <Stack gap="sm">
      <Group gap="sm" grow preventGrowOverflow={false}>
        {parts.map(([name, example]) => (
          <TextInput
            key={name}
            label={names[name]}
            placeholder={example}
            value={draft.parts[name] ?? ''}
            onChange={(event) => set({ parts: { ...draft.parts, [name]: event.currentTarget.value.trim() } })}
          />
        ))}
      </Group>
      <TextInput
        label={t.issuer}
        description={platform === undefined ? undefined : hints[platform]}
        value={draft.issuer}
        onChange={(event) => set({ issuer: event.currentTarget.value })}
      />
      <TextInput
        label={t.audience}
        description={t.audienceHint}
        value={draft.audience}
        onChange={(event) => set({ audience: event.currentTarget.value })}
      />
      {identity !== undefined && isFilled && (
        <p className={classes['hint']}>
          {t.accepts} <code>{identity.subject(draft.parts)}</code>
        </p>
      )}
    </Stack>
  )
}
