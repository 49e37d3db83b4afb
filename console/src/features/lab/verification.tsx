import { Loader } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { api, read } from '../../api/client.ts'
import { Failure } from '../../shared/failure.tsx'
import { Status } from '../../shared/status.tsx'
import { Checks } from '../../shared/why/checks.tsx'
import type { Check } from '../../shared/why/explanation.ts'
import { common } from '../../texts/common.ts'
import { lab as t } from '../../texts/lab.ts'
import classes from './lab.module.css'

/** The checks of a token, as an API that verifies it makes them, and as this server does. */
export function Verification({ token }: { readonly token: string }) {
  const { data, error } = useQuery({
    queryKey: ['lab', 'token', token],
    queryFn: () => read(api.POST('/api/v1/lab/tokens', { body: { token } })),
    gcTime: 0,
  })
  if (error !== null) return <Failure error={error} />
  if (data === undefined) return <Loader size="sm" aria-label={common.loading} />
  const { verification, introspection } = data
  return (
    <div className={classes['verification']}>
      {verification !== undefined && (
        <Verdict isGood={verification.valid} checks={verification.checks}>
          {verification.valid ? t.verified : t.refusedByApi}
        </Verdict>
      )}
      {introspection !== undefined && (
        <Verdict isGood={introspection.active} checks={introspection.checks}>
          {introspection.active ? t.active : t.inactive}
        </Verdict>
      )}
    </div>
  )
}

interface VerdictProps {
  readonly isGood: boolean
  readonly checks: readonly Check[]
  readonly children: string
}

/** A result, with its checks below. They are open if one of them failed. */
const Verdict = ({ isGood, checks, children }: VerdictProps) => (
  <details open={!isGood}>
    <summary>
      <Status kind={isGood ? 'good' : 'bad'}>{children}</Status> <span>{t.allChecks(checks.length)}</span>
    </summary>
    <Checks of={checks} />
  </details>
)
