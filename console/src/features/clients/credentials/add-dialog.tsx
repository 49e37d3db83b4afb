import { Button, Group, Modal, Select, Stack, TextInput } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, read } from '../../../api/client.ts'
import { addressesQuery } from '../../../shared/addresses.ts'
import { kinds } from '../../../shared/credentials/kinds.ts'
import { useDialog } from '../../../shared/dialog.ts'
import { Failure } from '../../../shared/failure.tsx'
import { SecretOnce } from '../../../shared/secret-once.tsx'
import { common } from '../../../texts/common.ts'
import { credentials as t } from '../../../texts/credentials.ts'
import { platforms as names } from '../../../texts/platforms.ts'
import { proof } from '../../../texts/proof.ts'
import { Choices } from '../proof/choices.tsx'
import { credentialOf, isProofComplete, type ProofDraft, proofFor } from '../proof/draft.ts'
import { type PlatformId, platformOf, platforms } from '../proof/platforms.ts'
import { ProofFields } from '../proof/proof-fields.tsx'

/** Adds a credential of any kind beside the others. */
export function AddDialog({ clientId }: { readonly clientId: string }) {
  const dialog = useDialog('add-credential')
  return (
    <Modal opened={dialog.isOpen} onClose={dialog.close} title={t.addTitle} size="xl">
      {dialog.isOpen && <AddForm clientId={clientId} onEnd={dialog.close} />}
    </Modal>
  )
}

const withIdentity = platforms.filter((one) => one.identity !== undefined).map(({ id }) => id)

function AddForm({ clientId, onEnd }: { readonly clientId: string; readonly onEnd: () => void }) {
  const { data: addresses } = useQuery(addressesQuery)
  const issuer = addresses?.issuer ?? ''
  const [platform, setPlatform] = useState<PlatformId>('kubernetes')
  const [changed, setDraft] = useState<ProofDraft>()
  const [label, setLabel] = useState('')
  const draft = changed ?? { ...proofFor(platform, issuer), kind: 'secret' as const }
  const add = useMutation({
    mutationFn: () =>
      read(
        api.POST('/api/v1/clients/{client_id}/credentials', {
          params: { path: { client_id: clientId } },
          body: credentialOf(draft, label.trim(), platformOf(platform).identity),
        }),
      ),
    onSuccess: ({ secret }) => {
      if (secret === undefined) onEnd()
    },
  })
  const secret = add.data?.secret
  if (secret !== undefined)
    return <SecretOnce clientId={clientId} tokenUrl={addresses?.tokenUrl ?? ''} secret={secret} onKept={onEnd} />
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <Stack>
        <TextInput
          label={t.label}
          description={t.addHint}
          value={label}
          onChange={(event) => setLabel(event.currentTarget.value)}
          data-autofocus
        />
        <Choices
          legend={t.kind}
          choices={kinds.map((value) => ({ value, name: proof.names[value], about: proof.about[value] }))}
          value={draft.kind}
          onChange={(kind) => setDraft({ ...draft, kind })}
        >
          <Stack gap="sm">
            {draft.kind === 'federated' && (
              <Select
                label={proof.platform}
                w="14rem"
                allowDeselect={false}
                data={withIdentity.map((value) => ({ value, label: names.names[value] }))}
                value={platform}
                onChange={(value) => {
                  const next = withIdentity.find((one) => one === value) ?? platform
                  setPlatform(next)
                  setDraft(proofFor(next, issuer))
                }}
              />
            )}
            <ProofFields draft={draft} platform={platform} onChange={setDraft} />
          </Stack>
        </Choices>
        {add.error !== null && <Failure error={add.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onEnd}>
            {common.cancel}
          </Button>
          <Button type="submit" loading={add.isPending} disabled={!isProofComplete(draft)}>
            {t.add}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
