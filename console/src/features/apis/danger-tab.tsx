import { Button, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { api, becauseOf, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import { BlastRadius } from '../../shared/blast-radius.tsx'
import { DangerDialog } from '../../shared/danger-dialog.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Section } from '../../shared/page.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import { type Api, apiEffectQuery } from './queries.ts'
import { Referring } from './scopes-tab.tsx'

interface Props {
  readonly tagged: Tagged<Api>
  readonly mayDelete: boolean
}

/** The end of an API. */
export function DangerTab({ tagged: { data, etag }, mayDelete }: Props) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { audience, manifest } = data
  const { isOpen, open, close } = useDialog('delete')
  const [withGrants, setWithGrants] = useState(true)
  const effect = useQuery({ ...apiEffectQuery(audience), enabled: isOpen })
  const deleted = useMutation({
    mutationFn: (reason: string) =>
      read(
        api.DELETE('/api/v1/apis/{audience}', {
          params: {
            path: { audience },
            query: { with_grants: withGrants ? 'true' : 'false', ...(manifest !== undefined && { take_over: 'true' }) },
          },
          headers: { ...ifUnchanged(etag).headers, ...becauseOf(reason) },
        }),
      ),
    onSuccess: async () => {
      say(t.removed(audience))
      await navigate({ to: '/apis' })
      queries.removeQueries({ queryKey: ['apis', 'one', audience] })
      await queries.invalidateQueries({ queryKey: ['apis'] })
    },
  })
  return (
    <Section
      title={t.delete}
      lead={t.deleteLead}
      actions={
        <Button
          color="brick"
          variant="outline"
          disabled={!mayDelete}
          title={mayDelete ? undefined : common.notAllowed}
          onClick={() => open()}
        >
          {t.delete}
        </Button>
      }
    >
      <DangerDialog
        isOpen={isOpen}
        onClose={close}
        title={t.delete}
        action={t.delete}
        word={audience}
        error={deleted.error}
        isBusy={deleted.isPending}
        onConfirm={(reason) => deleted.mutate(reason)}
      >
        <BlastRadius effect={effect.data} error={effect.error} />
        <Referring of={effect.data?.clients} />
        <Switch
          label={t.withGrants}
          checked={withGrants}
          onChange={(event) => setWithGrants(event.currentTarget.checked)}
        />
      </DangerDialog>
    </Section>
  )
}
