import { Alert, Select, Stack } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { addressesQuery } from '../../shared/addresses.ts'
import { Code } from '../../shared/code.tsx'
import { Loaded } from '../../shared/loaded.tsx'
import { apis as t } from '../../texts/apis.ts'
import type { Api } from './queries.ts'
import { useTokenForm } from './token-form.ts'
import { verifiers } from './verifiers/verifiers.ts'

const route = getRouteApi('/apis/$audience')

/** Code that verifies the tokens of an API, per framework. */
export function VerifyTab({ api }: { readonly api: Api }) {
  const { framework } = route.useSearch()
  const navigate = route.useNavigate()
  const addresses = useQuery(addressesQuery)
  const chosen = verifiers.find((one) => one.name === framework) ?? verifiers[0]
  const { token = {}, scopes = [] } = api
  const form = useTokenForm(api)
  if (token.format === 'sealed') return <Alert color="ochre">{t.sealedVerify}</Alert>
  const factsAt = (issuer: string) => ({
    issuer,
    jwks: `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`,
    audience: api.audience,
    ...form,
    scopes: scopes.length === 0 ? ['read'] : scopes.slice(0, 5).map((one) => one.name),
  })
  return (
    <Stack gap="md">
      <p style={{ margin: 0 }}>{t.verifyLead}</p>
      <Select
        label={t.framework}
        maw="16rem"
        allowDeselect={false}
        data={verifiers.map((one) => one.name)}
        value={chosen?.name ?? null}
        onChange={(next) =>
          void navigate({ search: (before) => ({ ...before, framework: next ?? undefined }), replace: true })
        }
      />
      {chosen !== undefined && (
        <Loaded query={addresses} height="16rem">
          {({ issuer }) => <Code of={t.snippet(chosen.name)}>{chosen.code(factsAt(issuer))}</Code>}
        </Loaded>
      )}
    </Stack>
  )
}
