import { Alert, Button, Switch } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { api, becauseOf, ifUnchanged, read, type Tagged } from '../../api/client.ts'
import { isStale, Problem } from '../../api/problem.ts'
import { BlastRadius } from '../../shared/blast-radius.tsx'
import { DangerDialog } from '../../shared/danger-dialog.tsx'
import { useDialog } from '../../shared/dialog.ts'
import { Section } from '../../shared/page.tsx'
import { say } from '../../shared/toast.ts'
import { apis as t } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import { type Api, apiEffectQuery } from './queries.ts'
import { Referring } from './referring.tsx'

interface Props {
  readonly tagged: Tagged<Api>
  readonly mayDelete: boolean
}

interface Deletion {
  readonly reason: string
  /** Whether the clients lose their grants of the API. Otherwise such clients keep it. */
  readonly withGrants: boolean
  readonly takesOver: boolean
}

/** The end of an API. */
export function DangerTab({ tagged: { data, etag }, mayDelete }: Props) {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const { audience, manifest } = data
  const dialog = useDialog('delete')
  const isOpen = dialog.isOpen && mayDelete
  const effect = useQuery({ ...apiEffectQuery(audience), enabled: isOpen })
  const deleted = useMutation({
    mutationFn: ({ reason, withGrants, takesOver }: Deletion) =>
      read(
        api.DELETE('/api/v1/apis/{audience}', {
          params: {
            path: { audience },
            query: { with_grants: withGrants ? 'true' : 'false', ...(takesOver && { take_over: 'true' }) },
          },
          headers: { ...ifUnchanged(etag).headers, ...becauseOf(reason) },
        }),
      ),
    onSuccess: async () => {
      say(t.removed(audience))
      await navigate({ to: '/apis' })
      queries.removeQueries({ queryKey: ['apis', 'one', audience] })
    },
    // The dialog then shows the present state, and asks once more.
    onError: (error) => (isStale(error) ? queries.invalidateQueries({ queryKey: ['apis'] }) : undefined),
  })
  // A manifest may own the API, or a client that refers to it.
  const isOwned = manifest !== undefined || (deleted.error instanceof Problem && deleted.error.status === 409)
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
          onClick={() => dialog.open()}
        >
          {t.delete}
        </Button>
      }
    >
      <DangerDialog
        isOpen={isOpen}
        onClose={dialog.close}
        title={t.delete}
        action={t.delete}
        word={audience}
        isReady={effect.isFetched}
        change={deleted}
        onConfirm={(reason, form) =>
          deleted.mutate({ reason, withGrants: form.has('with_grants'), takesOver: form.has('take_over') })
        }
      >
        <BlastRadius effect={effect.data} error={effect.error} />
        <Referring of={effect.data?.clients} />
        {manifest !== undefined && <Alert color="ochre">{t.deleteOwned(manifest)}</Alert>}
        {isOwned && <Switch name="take_over" label={t.takeOver} description={t.takeOverHint} />}
        <Switch name="with_grants" label={t.withGrants} defaultChecked />
      </DangerDialog>
    </Section>
  )
}
