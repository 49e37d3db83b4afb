import { Button, Group, Modal, Stack } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useConnection } from '../../api/connection.ts'
import { sessionQuery } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import classes from './shell.module.css'

const ASK_AGAIN_MS = 2_000

/** Says that the server is away, or that the session has ended, and goes on when that is over. */
export function ConnectionNotice() {
  const state = useConnection()
  const queries = useQueryClient()
  useEffect(() => {
    if (state !== 'unreachable') return
    const timer = setInterval(
      () =>
        void queries.fetchQuery({ ...sessionQuery, staleTime: 0, retry: false }).then(
          () => queries.invalidateQueries(),
          () => {},
        ),
      ASK_AGAIN_MS,
    )
    return () => clearInterval(timer)
  }, [state, queries])
  const here = encodeURIComponent(location.pathname + location.search)
  return (
    <>
      {state === 'unreachable' && (
        <div role="status" className={classes['notice']}>
          <Icon name="warn" />
          {shell.unreachable}
        </div>
      )}
      <Modal opened={state === 'signed-out'} onClose={() => {}} withCloseButton={false} title={shell.signedOut}>
        <Stack>
          <p style={{ margin: 0 }}>{shell.signedOutLead}</p>
          <Group justify="flex-end">
            <Button variant="default" component="a" href="/sign-in" target="_blank" rel="opener">
              {shell.signInElsewhere}
            </Button>
            <Button component="a" href={`/sign-in?next=${here}`}>
              {shell.signInAgain}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  )
}
