import { Button } from '@mantine/core'
import { useEffect, useState } from 'react'
import { audit as t } from '../../../texts/audit.ts'
import classes from '../list/list.module.css'
import type { AuditEvent } from '../queries.ts'

interface Arrivals {
  readonly shown: readonly AuditEvent[]
  /** The number of events that wait, because the reader has scrolled away from the top. */
  readonly waiting: number
  /** The number of all events since the beginning. */
  readonly count: number
  readonly show: () => void
}

const TOP_PX = 240

/** Shows new events at once at the top of the page. Elsewhere they wait, so that nothing moves below the eyes of a reader. */
export function useArrivals(events: readonly AuditEvent[]): Arrivals {
  const [shown, setShown] = useState(events)
  useEffect(() => {
    const show = () => {
      if (window.scrollY < TOP_PX) setShown(events)
    }
    show()
    window.addEventListener('scroll', show, { passive: true })
    return () => window.removeEventListener('scroll', show)
  }, [events])
  return {
    shown,
    waiting: Math.max(0, events.length - shown.length),
    count: events.length,
    show: () => {
      setShown(events)
      window.scrollTo({ top: 0 })
    },
  }
}

/** Says politely how many events have come. */
export const LiveNotice = ({ arrivals, hasFailed }: { readonly arrivals: Arrivals; readonly hasFailed: boolean }) => (
  <>
    <div role="status" className={classes['live']}>
      {hasFailed ? t.liveFailed : arrivals.count === 0 ? t.following : t.arrived(arrivals.count)}
    </div>
    {arrivals.waiting > 0 && (
      <Button className={classes['arrived']} size="xs" radius="xl" onClick={arrivals.show}>
        {t.showArrived(arrivals.waiting)}
      </Button>
    )}
  </>
)
