import { Alert, Button, Select, Stack, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { api, ifUnchanged, readTagged, type Tagged } from '../../api/client.ts'
import { isStale } from '../../api/problem.ts'
import { Failure } from '../../shared/failure.tsx'
import { useNewer } from '../../shared/newer.ts'
import { Section } from '../../shared/page.tsx'
import { StaleDialog } from '../../shared/stale-dialog.tsx'
import { say } from '../../shared/toast.ts'
import { TokenParts } from '../../shared/token-view.tsx'
import { apis } from '../../texts/apis.ts'
import { common } from '../../texts/common.ts'
import classes from './apis.module.css'
import type { Api } from './queries.ts'
import { apiQuery, sampleQuery } from './queries.ts'
import { patchOf, type Values, valuesOf } from './token-values.ts'

const route = getRouteApi('/apis/$audience')
const t = apis.token
const presets = [
  'spring-security',
  'aws-api-gateway',
  'rabbitmq',
  'envoy',
  'apache-mod-oauth2',
  'express-oauth2-jwt-bearer',
  'fastify-jwt-jwks',
  'aws-jwt-verify',
  'dovecot',
  'opentelemetry',
  'go-oidc',
  'oauth2-proxy',
]

interface Props {
  readonly tagged: Tagged<Api>
  readonly mayWrite: boolean
}

/** The form of the tokens of an API, and a sample. */
export function TokenTab({ tagged, mayWrite }: Props) {
  return (
    <div className={classes['split']}>
      <Profile key={tagged.data.audience} tagged={tagged} mayWrite={mayWrite} />
      <Sample audience={tagged.data.audience} />
    </div>
  )
}

function Profile({ tagged, mayWrite }: Props) {
  const queries = useQueryClient()
  // The state from which the person began.
  const [base, setBase] = useState(tagged)
  const [values, setValues] = useState<Values>(() => valuesOf(base.data))
  const patch = patchOf(valuesOf(base.data), values)
  const isChanged = patch === undefined || Object.keys(patch).length > 0
  const { audience } = base.data
  const begin = (next: Tagged<Api>) => {
    setBase(next)
    setValues(valuesOf(next.data))
  }
  useNewer(tagged, base, isChanged, begin)
  const saved = useMutation({
    mutationFn: (tag: string) =>
      readTagged(
        api.PATCH('/api/v1/apis/{audience}', {
          params: { path: { audience } },
          body: patch ?? {},
          ...ifUnchanged(tag),
        }),
      ),
    onSuccess: (next) => {
      begin(next)
      say(apis.saved(t.what))
    },
  })
  const set = (next: Partial<Values>) => setValues({ ...values, ...next })
  const choice = (
    name: 'preset' | 'format' | 'algorithm' | 'typ' | 'scopes' | 'require',
    label: string,
    options: readonly (string | { value: string; label: string })[],
    none: string,
    hint?: string,
  ) => (
    <Select
      label={label}
      description={hint}
      data={[...options]}
      placeholder={none}
      clearable={mayWrite}
      readOnly={!mayWrite}
      value={values[name]}
      onChange={(value) => set({ [name]: value })}
    />
  )
  const json = (name: 'claims' | 'clientClaims', label: string, hint: string) => (
    <Textarea
      label={label}
      description={hint}
      autosize
      minRows={2}
      spellCheck={false}
      readOnly={!mayWrite}
      value={values[name]}
      onChange={(event) => set({ [name]: event.currentTarget.value })}
    />
  )
  const stale = isStale(saved.error) ? saved.error : undefined
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        saved.mutate(base.etag)
      }}
    >
      <Stack gap="md">
        {choice('preset', t.preset, presets, t.none, t.presetHint)}
        {choice(
          'format',
          t.format,
          [
            { value: 'jwt', label: t.formats.jwt },
            { value: 'sealed', label: t.formats.sealed },
          ],
          t.unset,
        )}
        {choice('algorithm', t.algorithm, ['ES256', 'RS256', 'PS256', 'EdDSA'], t.unset)}
        {choice('typ', t.typ, ['at+jwt', 'JWT'], t.unset)}
        <TextInput
          label={t.lifetime}
          description={t.lifetimeHint}
          inputMode="numeric"
          readOnly={!mayWrite}
          value={values.lifetime}
          onChange={({ currentTarget }) => set({ lifetime: currentTarget.value })}
        />
        {choice('scopes', t.scopeClaims, ['scope', 'scp', 'scope and scp'], t.unset)}
        {choice(
          'require',
          t.require,
          Object.entries(t.requires).map(([value, label]) => ({ value, label })),
          t.notBound,
        )}
        {json('claims', t.claims, t.claimsHint)}
        {json('clientClaims', t.clientClaims, t.clientClaimsHint)}
        {patch === undefined && <Alert color="brick">{t.notJson}</Alert>}
        {saved.error !== null && stale === undefined && <Failure error={saved.error} />}
        {mayWrite && (
          <Button
            type="submit"
            loading={saved.isPending}
            disabled={patch === undefined || !isChanged}
            style={{ alignSelf: 'flex-start' }}
          >
            {common.save}
          </Button>
        )}
      </Stack>
      <StaleDialog
        problem={stale}
        base={base.data}
        mine={patch ?? {}}
        onClose={saved.reset}
        onKeepMine={(tag) => saved.mutate(tag)}
        onTakeTheirs={async () => {
          saved.reset()
          begin(await queries.fetchQuery({ ...apiQuery(audience), staleTime: 0 }))
        }}
      />
    </form>
  )
}

function Sample({ audience }: { readonly audience: string }) {
  const { client = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const [typed, setTyped] = useState(client)
  const { data, error } = useQuery(sampleQuery(audience, client))
  return (
    <Section title={apis.sample} lead={apis.sampleLead}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void navigate({ search: (before) => ({ ...before, client: typed.trim() || undefined }), replace: true })
        }}
      >
        <TextInput
          label={apis.sampleClient}
          description={apis.sampleNone}
          value={typed}
          spellCheck={false}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onBlur={(event) => event.currentTarget.form?.requestSubmit()}
        />
      </form>
      {error !== null && <Failure error={error} />}
      {data?.refusal !== undefined && <Alert color="ochre">{data.refusal.meaning}</Alert>}
      {data?.warnings.map((warning) => (
        <Alert key={warning} color="ochre">
          {warning}
        </Alert>
      ))}
      {data?.claims !== undefined && <TokenParts decoded={{ header: data.header ?? {}, claims: data.claims }} />}
    </Section>
  )
}
