import { useQueryClient } from '@tanstack/react-query'
import { lazy, Suspense, useEffect } from 'react'
import { useConnection } from '../../api/connection.ts'
import { sessionQuery } from '../../api/me.ts'
import { Icon } from '../../shared/icon.tsx'
import { shell } from '../../texts/shell.ts'
import classes from './shell.module.css'

const SignedOut = lazy(() => import('./signed-out.tsx').then((module) => ({ default: module.SignedOut })))

const ASK_AGAIN_MS = 2_000

/** Says that the server is away, or that the session has ended, and goes on when that is over. */
export function ConnectionNotice() {
  const state = useConnection()
  const queries = useQueryClient()
  useEffect(() => {
    if (state === 'connected') return
    // The session may come back, too: the person signs in in another tab.
    const ask = async () => {
      await queries.fetchQuery({ ...sessionQuery, staleTime: 0, retry: false })
      await queries.invalidateQueries()
    }
    const timer = setInterval(() => void ask().catch(() => {}), ASK_AGAIN_MS)
    return () => clearInterval(timer)
  }, [state, queries])
  return (
    <>
      {state === 'unreachable' && (
        <div role="status" className={classes['notice']}>
          <Icon name="warn" />
          {shell.unreachable}
        </div>
      )}
      <Suspense>{state === 'signed-out' && <SignedOut />}</Suspense>
    </>
  )
}
