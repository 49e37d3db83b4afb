import { Button } from '@mantine/core'
import { type ErrorComponentProps, Link, useRouter } from '@tanstack/react-router'
import { isMissing, Problem } from '../api/problem.ts'
import { Empty } from '../shared/empty.tsx'
import { Failure } from '../shared/failure.tsx'
import { Page } from '../shared/page.tsx'
import { shell } from '../texts/shell.ts'

/** There is no page at this address. */
export const NotFound = () => (
  <Page title={shell.notFound} heading="">
    <Empty
      title={shell.notFound}
      action={
        <Button component={Link} to="/">
          {shell.overviewLink}
        </Button>
      }
    >
      {shell.notFoundLead}
    </Empty>
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
