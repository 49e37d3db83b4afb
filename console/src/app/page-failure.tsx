import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { isMissing, Problem } from '../api/problem.ts'
import { Failure } from '../shared/failure.tsx'
import { Page } from '../shared/page.tsx'
import { shell } from '../texts/shell.ts'

/** There is no page at this address. */
export const NotFound = () => (
  <Page title={shell.notFound} lead={shell.notFoundLead}>
    <Button component={Link} to="/" style={{ alignSelf: 'flex-start' }}>
      {shell.overviewLink}
    </Button>
  </Page>
)

/** A page that could not be shown. */
export function PageFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter()
  if (isMissing(error)) return <NotFound />
  const title = error instanceof Problem && error.status === 403 ? shell.forbidden : shell.failed
  return (
    <Page title={title}>
      <Failure
        error={error}
        onRetry={() => {
          reset()
          void router.invalidate()
        }}
      />
    </Page>
  )
}
