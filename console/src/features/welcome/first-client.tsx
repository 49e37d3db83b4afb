import { Button, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useMutation } from '@tanstack/react-query'
import { api, ifUnchanged, read, readTagged } from '../../api/client.ts'
import { isMissing, Problem } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { Status } from '../../shared/status.tsx'
import { welcome as t } from '../../texts/welcome.ts'

/** A client that was just made. Its secret is in memory alone. */
export interface MadeClient {
  readonly clientId: string
  readonly api: string
  readonly scope: string
  readonly secret: string
}

interface Values {
  readonly clientId: string
  readonly api: string
  readonly scope: string
}

interface Props {
  readonly made: MadeClient | undefined
  readonly onMade: (made: MadeClient) => void
}

/** Asks for the names of a client, an API and a scope, and makes what is missing of them. */
export function FirstClient({ made, onMade }: Props) {
  const form = useForm<Values>({
    initialValues: { clientId: 'first-service', api: 'https://api.example.com', scope: 'read' },
  })
  const making = useMutation({
    mutationFn: make,
    onSuccess: onMade,
  })
  if (made !== undefined) return <Status kind="good">{t.made(made.clientId, made.scope, made.api)}</Status>
  const problem = making.error instanceof Problem ? making.error : undefined
  return (
    <form onSubmit={form.onSubmit((values) => making.mutate(values))}>
      <Stack gap="md">
        <TextInput
          label={t.clientId}
          description={t.clientIdHint}
          error={problem?.at('/client_id')}
          required
          {...form.getInputProps('clientId')}
        />
        <TextInput
          label={t.api}
          description={t.apiHint}
          error={problem?.at('/audience')}
          required
          {...form.getInputProps('api')}
        />
        <TextInput
          label={t.scope}
          description={t.scopeHint}
          error={problem?.at('/scopes/0/name')}
          required
          {...form.getInputProps('scope')}
        />
        {making.error !== null && <Failure error={making.error} />}
        <div>
          <Button type="submit" loading={making.isPending}>
            {t.make}
          </Button>
        </div>
      </Stack>
    </form>
  )
}

/** Makes the API with the scope, unless they exist, and then the client. @throws Problem */
async function make({ clientId, api: audience, scope }: Values): Promise<MadeClient> {
  await ensureScope(audience, scope)
  const created = await read(
    api.POST('/api/v1/clients', {
      body: {
        client_id: clientId,
        grants: [{ api: audience, scopes: [scope] }],
        credentials: [{ label: 'first' }],
      },
    }),
  )
  return { clientId, api: audience, scope, secret: created.secrets?.[0]?.secret ?? '' }
}

async function ensureScope(audience: string, scope: string): Promise<void> {
  const path = { audience }
  try {
    const { data, etag } = await readTagged(api.GET('/api/v1/apis/{audience}', { params: { path } }))
    if (data.scopes.some((one) => one.name === scope)) return
    const scopes = [...data.scopes, { name: scope }]
    await read(api.PATCH('/api/v1/apis/{audience}', { params: { path }, body: { scopes }, ...ifUnchanged(etag) }))
  } catch (error) {
    if (!isMissing(error)) throw error
    await read(api.POST('/api/v1/apis', { body: { audience, scopes: [{ name: scope }] } }))
  }
}
